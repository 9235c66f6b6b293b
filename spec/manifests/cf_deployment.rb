# frozen_string_literal: true

require 'yaml'

require_relative 'manifest'

# What of cf-deployment our instance group relies on, and what cf-deployment's
# own ops files do to that: taken from a checkout, or from the list of their effects.
module CfDeployment
  EFFECTS = File.join(__dir__, 'cf-deployment-effects.yml')
  # Ops files of ours that answer an effect of theirs, by what it takes away.
  ANSWERS = { 'networks' => 'follow-rename-network-and-deployment', 'azs' => 'follow-scale-to-one-az' }.freeze

  module_function

  # By kind, the names of what there is for a group of that deployment to use.
  def offers(document, but: [])
    groups = document['instance_groups'].reject { |group| but.include?(group['name']) }
    jobs = groups.flat_map { |group| group['jobs'] }
    names = ->(list, key = 'name') { list.to_a.map { |one| one[key] } }
    {
      'variables' => names[document['variables']],
      'releases' => names[document['releases']],
      'stemcells' => names[document['stemcells'], 'alias'],
      'networks' => names[groups.flat_map { |group| group['networks'] }],
      'azs' => groups.flat_map { |group| group['azs'] },
      'providers' => jobs.flat_map { |job| job['provides'].to_h.keys },
      'addons' => names[document['addons'].to_a.flat_map { |addon| addon['jobs'] }]
    }.transform_values { |found| found.compact.uniq.sort }
  end

  # What a group of ours uses, by the same kinds; of variables, those that it has from elsewhere.
  def uses(document, group)
    text = YAML.dump([group, document['variables'].select { |variable| variable['name'].start_with?(/aiven|prometheus_failover/) }])
    authorities = document['variables'].filter_map { |variable| variable.dig('options', 'ca') }
    {
      'variables' => text.scan(/\(\(([a-z_]+)\.[a-z_]+\)\)/).flatten | authorities,
      'releases' => group['jobs'].map { |job| job['release'] },
      'stemcells' => [group['stemcell']],
      'networks' => group['networks'].map { |network| network['name'] },
      'azs' => group['azs'],
      'providers' => ['nats-tls']
    }.transform_values { |names| names.uniq.sort }
  end

  # What the group lacks, by kind; and a job of an addon that it has already.
  def lacking(document, name = 'prometheus')
    group = document['instance_groups'].find { |one| one['name'] == name }
    offered = offers(document, but: [name])
    missing = uses(document, group).to_h { |kind, names| [kind, names - offered[kind]] }
    missing['addons'] = offered['addons'] & group['jobs'].map { |job| job['name'] }
    missing['addons'] |= ['bpm'] - offered['addons']
    missing.reject { |_, names| names.empty? }
  end

  # By kind, what an ops file takes away of `before`, and what it brings in the place of it.
  def effect(before, after)
    before.keys.each_with_object({}) do |kind, effects|
      gone = before[kind] - after[kind]
      effects[kind] = { 'gone' => gone, 'new' => after[kind] - before[kind] } if gone.any?
    end
  end

  # A manifest to which the effect has happened, but for the group `but`.
  def suffer(document, effect, but: 'prometheus')
    gone = ->(kind) { effect.dig(kind, 'gone') || [] }
    moved = ->(kind, names) { (names & gone[kind]).empty? ? names : (names - gone[kind]) | effect.dig(kind, 'new') }
    groups = document['instance_groups'].map do |group|
      next group if group['name'] == but

      jobs = group['jobs'].reject { |job| ((job['provides'] || {}).keys & gone['providers']).any? }
      group.merge('azs' => moved['azs', group['azs']], 'jobs' => jobs,
                  'networks' => moved['networks', group['networks'].map { |network| network['name'] }].map { |name| { 'name' => name } })
    end
    document.merge('instance_groups' => groups, **without(document, gone))
  end

  def without(document, gone)
    {
      'variables' => document['variables'].reject { |variable| gone['variables'].include?(variable['name']) },
      'releases' => document['releases'].reject { |release| gone['releases'].include?(release['name']) },
      'stemcells' => document['stemcells'].reject { |stemcell| gone['stemcells'].include?(stemcell['alias']) },
      'addons' => document['addons'].map do |addon|
        addon.merge('jobs' => addon['jobs'].reject { |job| gone['addons'].include?(job['name']) })
      end
    }
  end

  def kept = YAML.load_file(EFFECTS)

  # A checkout of cf-deployment, and what its ops files do.
  class Checkout
    attr_reader :folder

    def initialize(folder)
      @folder = folder
    end

    def manifest = File.join(folder, 'cf-deployment.yml')

    def version = apply['manifest_version']

    # Those that apply to cf-deployment.yml by themselves, by path.
    def operations
      @operations ||= Dir.glob('operations/**/*.yml', base: folder).sort.select { |file| apply(file) }
    end

    # The manifest with ops files of theirs (paths) and ours; nil if bosh refuses them.
    def apply(*files)
      arguments = files.flat_map { |file| ['--ops-file', file.start_with?('operations/') ? File.join(folder, file) : file] }
      Manifest.interpolate_plainly(manifest, *arguments).document
    rescue Manifest::Refused
      nil
    end

    # Of the manifest, and with each of them: the errands by group and by job, either of which runs by its name.
    def errands
      [apply, *operations.map { |file| apply(file) }].flat_map do |document|
        groups = document['instance_groups'].select { |group| group['lifecycle'] == 'errand' }
        groups.flat_map { |group| [group['name'], *group['jobs'].map { |job| job['name'] }] }
      end.uniq.sort
    end

    # What each takes away of what `relied_on` has, those without effect left out.
    def effects(relied_on)
      before = CfDeployment.offers(apply)
      operations.to_h { |file| [file, CfDeployment.effect(before, CfDeployment.offers(apply(file)))] }
                .transform_values { |effect| of_interest(effect, relied_on) }
                .reject { |_, effect| effect.empty? }
    end

    private

    def of_interest(effect, relied_on)
      effect.to_h { |kind, both| [kind, both.merge('gone' => both['gone'] & relied_on[kind])] }
            .reject { |_, both| both['gone'].empty? }
    end
  end
end
