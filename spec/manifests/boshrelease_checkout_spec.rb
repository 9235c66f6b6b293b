# frozen_string_literal: true

require 'fileutils'
require 'open3'

require_relative '../spec_helper'
require_relative '../render/job'
require_relative 'manifest'
require_relative 'prometheus_job'

# The stand-ins for prometheus-boshrelease, held against the real one.
# PROMETHEUS_BOSHRELEASE names checkouts of it, with `:` between them (CONTRIBUTING.md).
RSpec.describe 'prometheus-boshrelease as it is' do
  checkouts = ENV.fetch('PROMETHEUS_BOSHRELEASE', '').split(':')

  it('has a checkout to look at') { skip 'PROMETHEUS_BOSHRELEASE names none' } if checkouts.empty?

  def lay_out_boards(root, boards)
    FileUtils.mkdir_p(File.join(root, 'jobs/aiven-metrics-dashboards'))
    boards.each { |file, text| File.write(File.join(root, 'jobs/aiven-metrics-dashboards', file), text) }
  end

  # One template of the job, alone: the others want what is not about boards.
  def copying_script(checkout, properties)
    spec = YAML.load_file(File.join(checkout, 'jobs/grafana/spec'))
    folder do |path|
      FileUtils.cp_r(File.join(checkout, 'jobs/grafana'), path)
      script = 'bin/prometheus-dashboards'
      File.write(File.join(path, 'grafana/spec'), YAML.dump(spec.merge('templates' => { script => script })))
      prometheus = { 'instances' => [{}], 'properties' => {} }
      context = { 'properties' => properties, 'links' => { 'prometheus' => prometheus } }
      Rendering::Job.new(File.join(path, 'grafana')).render(context).fetch(script)
    end
  end

  checkouts.each do |checkout|
    manifest = File.join(checkout, 'manifests/prometheus.yml')
    document = YAML.load_file(manifest)
    version = document['releases'].find { |release| release['name'] == 'prometheus' }['version']
    job = version.to_i < 31 ? 'prometheus2' : 'prometheus'

    describe version do
      define_method(:applied) do |name|
        operations = [File.join(checkout, 'manifests/operators/monitor-bosh.yml')]
        arguments = [*operations, Operations.fetch(name).file].flat_map { |file| ['--ops-file', file] }
        Manifest.interpolate_plainly(manifest, *arguments)
      end

      it 'is scraped by the ops file for its version, and refuses the other one' do
        of31 = 'monitor-from-platform-prometheus'
        of30 = 'monitor-from-platform-prometheus2'
        fitting, other = job == 'prometheus2' ? [of30, of31] : [of31, of30]
        scraped = applied(fitting).prometheus_properties.dig('prometheus', 'scrape_configs').map { |one| one['job_name'] }
        expect(scraped).to include('bosh', 'aiven-metrics', 'prometheus-failover')
        expect { applied(other) }.to raise_error(Manifest::Refused, /instance_groups/)
      end

      it 'has every property that the specs take for one of its job' do
        spec = YAML.load_file(File.join(checkout, 'jobs', job, 'spec'))
        missing = PrometheusJob::PROPERTIES.map { |name| "prometheus.#{name}" } - spec['properties'].keys
        # Of 31; our ops files set none of it.
        expect(missing - ['prometheus.web.remote-write-receiver.accepted-protobuf-messages']).to be_empty
        expect(spec['provides']).to include(include('name' => 'prometheus', 'type' => 'prometheus'))
      end

      it 'takes our alerts beside its own by the ops file for its version, and refuses the other one' do
        of31 = 'add-operator-alerts'
        of30 = 'add-operator-alerts-prometheus2'
        fitting, other = job == 'prometheus2' ? [of30, of31] : [of31, of30]
        rule_files = applied(fitting).prometheus_properties.dig('prometheus', 'rule_files')
        expect(rule_files).to include('/var/vcap/jobs/bosh_alerts/*.alerts.yml', '/var/vcap/jobs/aiven-metrics-alerts/*.alerts.yml')
        expect { applied(other) }.to raise_error(Manifest::Refused, /instance_groups/)
      end

      # The rendered script of its job grafana, on our boards and with a jq of this machine.
      it 'copies every board into the folder Aiven, and takes it for JSON' do
        grafana = applied('add-dashboards').properties('grafana', 'grafana')
        boards = Rendering::Job.new(File.join(ReleaseSpec::ROOT, 'jobs/aiven-metrics-dashboards')).render.except('monit')
        folder do |path|
          lay_out_boards(path, boards)
          script = copying_script(checkout, grafana).gsub('/var/vcap/packages/grafana_jq/bin/jq', 'jq').gsub('/var/vcap', path)
          output, status = Open3.capture2e('bash', '-c', script)
          expect(status).to be_success, output
          copied = Dir[File.join(path, 'store/grafana/dashboards/aiven/*.json')].to_h { |file| [File.basename(file), File.read(file)] }
          expect(copied).to eq(boards)
        end
      end

      # What docs/migration.md says of the change of jobs.
      it 'copies the samples of prometheus2 when prometheus has none, and takes half a copy for the whole' do
        next skip('it has no such job') if job == 'prometheus2'

        pre_start = Rendering::Job.new(File.join(checkout, 'jobs/prometheus')).render({ 'properties' => {} }).fetch('bin/pre-start')
        folder do |path|
          store = File.join(path, 'store')
          FileUtils.mkdir_p(File.join(store, 'prometheus2/01BLOCK'))
          File.write(File.join(store, 'prometheus2/01BLOCK/chunks'), 'x' * 8192)
          script = pre_start.gsub('/var/vcap', path)
          # Files may have 1 KiB: as if the disk were full.
          expect(Open3.capture2e('bash', '-c', "ulimit -f 1\n#{script}").last).not_to be_success
          expect(Open3.capture2e('bash', '-c', script).last).to be_success
          copy = File.join(store, 'prometheus/01BLOCK/chunks')
          expect(File.size(copy)).to be < 8192
          FileUtils.rm_rf(File.join(store, 'prometheus'))
          expect(Open3.capture2e('bash', '-c', script).last).to be_success
          expect([copy, File.join(store, 'prometheus2/01BLOCK/chunks')].map { |file| File.size(file) }).to eq([8192, 8192])
        end
      end

      it 'is published with the checksum that add-tenant-prometheis.yml pins' do
        pinned = Manifest.of(Operations.fetch(Operations::BASE)).document['releases'].find { |release| release['name'] == 'prometheus' }
        next skip("it pins #{pinned['version']}") unless pinned['version'] == version

        expect(document['releases']).to include(pinned)
      end
    end
  end
end
