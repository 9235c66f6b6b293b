# frozen_string_literal: true

require 'json'
require 'yaml'

require_relative 'cred_hub'
require_relative 'judgement'
require_relative 'received_release'

# Stands in for a BOSH Director on which a Cloud Foundry is deployed: takes releases and manifests, and refuses what
# the Director would. It has no VMs: of a job it keeps the files that are rendered for the instance with index 0.
class Director
  # Its sentence ends the task.
  class Refused < StandardError; end

  NAME = 'a-director'
  DEPLOYMENT = 'cf'
  # What the page wants of a cloud config, beside what the Cloud Foundry has.
  WANTED = { 'azs' => %w[z1 z2], 'networks' => %w[default], 'vm_types' => %w[small-highmem], 'disk_types' => %w[100GB] }.freeze

  attr_reader :cred_hub, :manifest, :files, :cloud_config

  # `foundation`: the manifest of the Cloud Foundry that is there. The block is called after a deployment.
  def initialize(foundation, folder, &deployed)
    @deployed = deployed
    @folder = folder
    @manifest = foundation
    @cloud_config = cloud_config_of(foundation['instance_groups'])
    @cred_hub = CredHub.new("/#{NAME}/#{DEPLOYMENT}")
    @cred_hub.declare(foundation['variables'])
    @releases = foundation['releases'].to_h { |release| [release['name'], [release['version'].to_s]] }
    @uploaded = {}
    @fetched = []
    @files = {}
  end

  def info = { name: NAME, uuid: 'stand-in', version: '282.0.0 (stand-in)', user_authentication: { type: 'basic' }, cpi: 'none' }
  def stemcells = manifest['stemcells'].map { |one| { name: "stand-in-#{one['os']}", operating_system: one['os'], version: one['version'], cid: '1' } }
  def cloud_configs = [{ properties: YAML.dump(cloud_config) }]
  def releases = @releases.map { |name, versions| { name: name, release_versions: versions.map { |version| { version: version } } } }

  def receive_release(bytes)
    file = File.join(@folder, "upload-#{@releases.size}.tgz").tap { |path| File.binwrite(path, bytes) }
    Dir.mkdir(into = "#{file}-unpacked")
    release = ReceivedRelease.new(file, into)
    (@releases[release.name] ||= []) << release.version
    @uploaded[release.name] = release.jobs
    release.name
  rescue ReceivedRelease::Refused => e
    raise Refused, e.message
  end

  # It has no way to the internet: what is there is seen in the manifest that asks for it.
  def fetch_release(location)
    @fetched << location.values_at('location', 'sha1')
    nil
  end

  def deploy(text, dry_run:)
    document = YAML.safe_load(text)
    judgement = judge(document)
    problems = judgement.problems
    raise Refused, problems.join("\n") if problems.any?
    return if dry_run

    @manifest = document
    @files = judgement.files
    @deployed.call
    nil
  end

  # A job, else a group, of that name (bosh: director/errand/errand_provider.rb).
  def run_errand(name)
    group = instance_groups.find { |one| one['jobs'].any? { |job| job['name'] == name } }
    raise Refused, "Errand '#{name}' doesn't exist" unless group
    raise Refused, "Job '#{name}' has no bin/run" unless files.fetch([group['name'], name], {}).key?('bin/run')

    Array.new(group['instances']) do |index|
      { instance: { group: group['name'], id: index.to_s }, exit_code: 0, stdout: "no VM, not run\n", stderr: '', logs: {} }
    end
  end

  def open_ssh(target)
    group = group_of(target['job'])
    wanted = target['indexes'].empty? ? 0...group['instances'] : target['indexes'].map { |index| Integer(index) }
    raise Refused, "Instance '#{group['name']}/#{wanted.first}' doesn't exist" unless wanted.all? { |index| index < group['instances'] }

    wanted.map { |index| { status: 'success', job: group['name'], id: index.to_s, ip: '127.0.0.1', host_public_key: 'stand-in' } }
  end

  def instances
    instance_groups.flat_map do |group|
      Array.new(group['instances']) do |index|
        { job_name: group['name'], id: index.to_s, index: index, job_state: 'running', az: group['azs'].first, ips: [], active: true,
          vm_created_at: '2026-01-01T00:00:00Z', processes: [], vm_type: group['vm_type'] }
      end
    end
  end

  private

  def cloud_config_of(groups)
    used = { 'azs' => groups.flat_map { |group| group['azs'] }, 'networks' => groups.flat_map { |group| group['networks'].map { |one| one['name'] } },
             'vm_types' => groups.map { |group| group['vm_type'] }, 'disk_types' => groups.map { |group| group['persistent_disk_type'] } }
    WANTED.merge(used) { |_, wanted, names| wanted | names.compact }
          .to_h { |kind, names| [kind, names.map { |name| kind == 'disk_types' ? { 'name' => name, 'disk_size' => 102_400 } : { 'name' => name } }] }
  end

  def instance_groups = manifest['instance_groups']
  def group_of(name) = instance_groups.find { |one| one['name'] == name } || raise(Refused, "Instance group '#{name}' doesn't exist")

  def judge(document)
    cred_hub.declare(document['variables'] || [])
    fetched = document['releases'].select { |release| @fetched.include?(release.values_at('url', 'sha1')) }
    known = fetched.each_with_object(@releases.transform_values(&:dup)) do |release, all|
      (all[release['name']] ||= []) << release['version'].to_s
    end
    Judgement.new(document, cred_hub: cred_hub, cloud_config: cloud_config, stemcells: manifest['stemcells'], releases: known, uploaded: @uploaded)
  end
end
