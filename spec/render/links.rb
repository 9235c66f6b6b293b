# frozen_string_literal: true

require 'yaml'

# Which links a job gets, and what it sees of their providers.
module Rendering
  # The Director's rules for links.
  module Links
    INSTANCE_KEYS = %w[name id index bootstrap az address].freeze

    module_function

    # `given` maps a consumed link's name to `instances`, `properties`,
    # `address`. The provider is known where a job in `jobs` provides the type.
    def resolve(job, jobs, given)
      consumed = (job.spec['consumes'] || []).to_h { |link| [link['name'], link] }
      stranger = given.keys.find { |name| !consumed.key?(name) }
      raise Refused, "Link '#{stranger}' is not declared as a consumed link in job '#{job.name}'" if stranger

      consumed.each_with_object({}) do |(name, link), resolved|
        if given[name]
          resolved[name] = seen(given[name], provider(jobs, link['type']))
        elsif !link['optional']
          raise Refused, "Failed to resolve link '#{name}' with type '#{link['type']}' from job '#{job.name}'. " \
                         "Details below:\n  - No link providers found"
        end
      end
    end

    # A provider shares the properties that it lists, with their defaults.
    def seen(link, provider)
      properties = link['properties'] || {}
      properties = Properties.bind(provider, properties) if provider
      instances = (link['instances'] || []).map { |instance| instance.slice(*INSTANCE_KEYS) }
      { 'instances' => instances, 'properties' => properties, 'address' => link['address'] }.compact
    end

    # The declared properties that the provider of `type` shares; nil if no job
    # of this release provides it.
    def provider(jobs, type)
      Dir[File.join(jobs, '*/spec')].each do |file|
        spec = YAML.safe_load(File.read(file))
        link = (spec['provides'] || []).find { |provided| provided['type'] == type }
        return (spec['properties'] || {}).slice(*(link['properties'] || [])) if link
      end
      nil
    end
  end
end
