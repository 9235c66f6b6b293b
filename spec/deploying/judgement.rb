# frozen_string_literal: true

require_relative '../manifests/other_jobs'
require_relative '../render/deployment_links'
require_relative '../render/job'
require_relative '../spec_helper'

# What the Director says of a manifest before it touches a VM, as far as that can be judged here: what the manifest
# names has to exist, and the jobs of the uploaded tarball have to render. The jobs of other releases are not here;
# of those that our group uses OtherJobs knows the links.
class Judgement
  # `releases`: name => versions that the Director has; `uploaded`: those of them that came as a tarball.
  def initialize(manifest, cred_hub:, cloud_config:, stemcells:, releases:, uploaded:)
    @manifest = manifest
    @cred_hub = cred_hub
    @cloud_config = cloud_config
    @stemcells = stemcells
    @releases = releases
    @uploaded = uploaded
  end

  # Empty if it is accepted. One kind of mistake hides those that come after it, as with the Director.
  def problems
    [unknown_releases, unknown_stemcells, unknown_infrastructure, unknown_jobs,
     @cred_hub.missing(@manifest), links.last].find(&:any?) || rendered.last
  end

  # [group, job] => its files as on the instance with index 0; only of jobs that were uploaded.
  def files = rendered.first

  private

  def groups = @manifest['instance_groups']
  def each_job = groups.flat_map { |group| group['jobs'].map { |job| [group, job] } }

  def unknown_releases
    @manifest['releases'].filter_map do |release|
      name, version = release.values_at('name', 'version')
      known = @releases.fetch(name, [])
      next if version == 'latest' ? known.any? : known.include?(version.to_s)

      "Release '#{name}'#{"/'#{version}'" unless version == 'latest'} doesn't exist"
    end
  end

  def unknown_stemcells
    aliases = @manifest['stemcells'].map { |stemcell| stemcell['alias'] }
    strange = groups.reject { |group| aliases.include?(group['stemcell']) }
    missing = @manifest['stemcells'].reject { |one| @stemcells.any? { |has| has.values_at('os', 'version') == one.values_at('os', 'version') } }
    strange.map { |group| "Instance group '#{group['name']}' references unknown stemcell '#{group['stemcell']}'" } +
      missing.map { |one| "Stemcell version '#{one['version']}' for OS '#{one['os']}' doesn't exist" }
  end

  def unknown_infrastructure
    groups.flat_map do |group|
      named = { 'azs' => group['azs'], 'networks' => group['networks'].map { |network| network['name'] },
                'vm_types' => [group['vm_type']], 'disk_types' => [group['persistent_disk_type']].compact }
      named.flat_map do |kind, names|
        (names - names_of(kind)).map { |name| "Instance group '#{group['name']}' references unknown #{kind.delete_suffix('s')} '#{name}'" }
      end
    end
  end

  def names_of(kind) = @cloud_config.fetch(kind).map { |one| one['name'] }

  def unknown_jobs
    releases = @manifest['releases'].map { |release| release['name'] }
    each_job.filter_map do |group, job|
      name, release = job.values_at('name', 'release')
      next "Job '#{name}' in instance group '#{group['name']}' references unknown release '#{release}'" unless releases.include?(release)

      "Job '#{name}' not found in release '#{release}'" if @uploaded.key?(release) && !@uploaded[release].key?(name)
    end
  end

  # Jobs of other releases that our ops files do not touch have no links here.
  def spec_of(name)
    uploaded_job(name)&.spec || OtherJobs::SPECS[name] || {}
  end

  def uploaded_job(name) = @uploaded.values.filter_map { |jobs| jobs[name] }.first

  def links = @links ||= Rendering::DeploymentLinks.resolve(@manifest) { |name| spec_of(name) }

  def rendered
    @rendered ||= begin
      problems = []
      files = each_job.select { |_, job| @uploaded.key?(job['release']) }.to_h do |group, job|
        [[group['name'], job['name']], render(group, job)]
      rescue Rendering::Refused => e
        problems << "Unable to render instance groups for deployment. Errors are:\n#{e.message}"
        [[group['name'], job['name']], {}]
      end
      [files, problems]
    end
  end

  def render(group, job)
    context = { 'properties' => @cred_hub.fill(job['properties'] || {}), 'links' => links_of(group, job),
                'spec' => instance(group, 0).merge('deployment' => @manifest['name'], 'persistent_disk' => disk_of(group)) }
    uploaded_job(job['name']).render(context)
  end

  def links_of(group, job)
    links.first.select { |(of_group, of_job, _), _| [of_group, of_job] == [group['name'], job['name']] }
         .to_h do |(_, _, link), (from, provider)|
      there = groups.find { |one| one['name'] == from }
      given = there['jobs'].find { |one| one['name'] == provider }['properties'] || {}
      [link, { 'properties' => OtherJobs.shared(provider, @cred_hub.fill(given)), 'address' => "#{from}.bosh",
               'instances' => Array.new(there['instances']) { |index| instance(there, index) } }]
    end
  end

  def instance(group, index)
    address = "10.0.#{groups.index(group)}.#{index + 10}"
    { 'name' => group['name'], 'index' => index, 'id' => "#{group['name']}-#{index}", 'bootstrap' => index.zero?,
      'az' => group['azs'][index % group['azs'].size], 'address' => address, 'ip' => address }
  end

  def disk_of(group)
    @cloud_config.fetch('disk_types').find { |type| type['name'] == group['persistent_disk_type'] }&.fetch('disk_size') || 0
  end
end
