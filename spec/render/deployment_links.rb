# frozen_string_literal: true

module Rendering
  # Resolves the links of a whole deployment as the Director does (bosh:
  # director/links/links_manager.rb): a consumer with `consumes` in the manifest gets the provider of
  # that name and type, any other one the only provider of its type, in whichever group.
  module DeploymentLinks
    Provider = Struct.new(:group, :job, :name, :type, keyword_init: true)

    module_function

    # What the links lead to, {[group, job, link] => [group, job]}, and what the
    # Director says of those that it refuses. `spec_of` gives a job's spec.
    def resolve(document, &spec_of)
      providers = providers(document, spec_of)
      found = {}
      problems = each_link(document, 'consumes', spec_of).filter_map do |group, job, link, given|
        fitting = fitting(providers, link, given)
        next if given == 'nil' || (fitting.empty? && link['optional'] && given.nil?)
        next problem(group, job, link, given, fitting) unless fitting.size == 1

        found[[group, job, link['name']]] = fitting.first.to_h.values_at(:group, :job)
        nil
      end
      [found, problems]
    end

    def providers(document, spec_of)
      each_link(document, 'provides', spec_of).filter_map do |group, job, link, given|
        next if given == 'nil'

        Provider.new(group: group, job: job, name: given&.fetch('as', nil) || link['name'], type: link['type'])
      end
    end

    def fitting(providers, link, given)
      of_type = providers.select { |provider| provider.type == link['type'] }
      given.is_a?(Hash) ? of_type.select { |provider| provider.name == given.fetch('from', link['name']) } : of_type
    end

    # [group, job, link of the spec, what the manifest gives for it] of every job.
    def each_link(document, kind, spec_of)
      document['instance_groups'].flat_map do |group|
        group['jobs'].flat_map do |job|
          (spec_of.call(job['name'])[kind] || []).map { |link| [group['name'], job['name'], link, job.dig(kind, link['name'])] }
        end
      end
    end

    def problem(group, job, link, given, fitting)
      name = given&.fetch('from', link['name'])
      with_alias = name && name != link['name'] ? "alias '#{name}' and " : ''
      "Failed to resolve link '#{link['name']}' with #{with_alias}type '#{link['type']}' from job '#{job}' " \
        "in instance group '#{group}'. #{fitting.empty? ? 'No' : 'Multiple'} link providers found"
    end
  end
end
