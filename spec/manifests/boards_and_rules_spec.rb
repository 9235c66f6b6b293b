# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'manifest'
require_relative 'other_jobs'

# The ops files that bring boards, rules and alerts: what they name is there, and reaches who reads it.
RSpec.describe 'Boards, rules and alerts' do
  def manifest(*names)
    operations = names.flat_map { |name| Operations.with_needs(Operations.fetch(name)) }.uniq
    Manifest.of(*operations, base: Manifest.base_of(operations.last))
  end

  # The files of a job below /var/vcap/jobs.
  def files_of(job)
    YAML.load_file(File.join(ReleaseSpec::ROOT, 'jobs', job, 'spec'))['templates'].values.map { |file| "/var/vcap/jobs/#{job}/#{file}" }
  end

  def matched(patterns, job)
    files_of(job).select { |file| patterns.any? { |pattern| File.fnmatch?(pattern, file, File::FNM_PATHNAME) } }
  end

  # Of a manifest's jobs those that are ours, with what they are given.
  def ours(manifest)
    manifest.document['instance_groups'].flat_map { |group| group['jobs'] }.select { |job| job['release'] == 'aiven-metrics' }
  end

  def names_of(hash, path = nil)
    hash.flat_map { |key, value| value.is_a?(Hash) ? names_of(value, [path, key].compact.join('.')) : [[path, key].compact.join('.')] }
  end

  for_platform = [%w[add-operator-alerts add-dashboards], %w[add-operator-alerts-prometheus2 add-dashboards]]

  for_platform.each do |names|
    describe names.join(', ') do
      let(:platform) do
        operations = names.flat_map { |name| Operations.with_needs(Operations.fetch(name)) }.uniq
        Manifest.of(*operations, base: Manifest.base_of(Operations.fetch(names.first)))
      end

      it 'give the same in the other order' do
        operations = names.reverse.flat_map { |name| Operations.with_needs(Operations.fetch(name)) }.uniq
        expect(Manifest.of(*operations, base: Manifest.base_of(Operations.fetch(names.first)))).to eq(platform)
      end

      it 'add jobs of a release that the manifest has, with properties that they have' do
        expect(platform.releases).to include('aiven-metrics')
        expect(ours(platform).map { |job| job['name'] }).to contain_exactly('aiven-metrics-alerts', 'aiven-metrics-dashboards')
        ours(platform).each do |job|
          expect(names_of(job['properties'] || {}) - OtherJobs.spec_of(job['name'])['properties']).to be_empty
        end
      end

      it 'leave the rules that were there, and name each file of ours' do
        rule_files = platform.prometheus_properties.dig('prometheus', 'rule_files')
        expect(rule_files).to include('/var/vcap/jobs/bosh_alerts/*.alerts.yml')
        expect(matched(rule_files, 'aiven-metrics-alerts')).to eq(files_of('aiven-metrics-alerts'))
      end

      it 'show every board in a folder of its own, with the data source that the boards ask' do
        grafana = platform.properties('grafana', 'grafana')['grafana']
        folders = grafana.dig('prometheus', 'dashboard_folders').to_h { |folder| [folder['name'], folder['files']] }
        expect(folders).to include('BOSH', 'Aiven')
        expect(matched(folders['Aiven'], 'aiven-metrics-dashboards')).to eq(files_of('aiven-metrics-dashboards'))
        source = grafana.dig('datasources', 'create').first
        asked = platform.properties('aiven-metrics-dashboards', 'grafana').dig('aiven_metrics_dashboards', 'datasource')
        expect(source).to include('name' => asked, 'type' => 'prometheus', 'jsonData' => { 'httpMethod' => 'GET', 'timeInterval' => '30s' })
      end
    end
  end

  describe 'add-tenant-rules.yml' do
    it 'names each file of the job, and no other' do
      rule_files = manifest('add-tenant-rules').prometheus_properties.dig('prometheus', 'rule_files')
      expect(matched(rule_files, 'aiven-metrics-rules')).to match_array(files_of('aiven-metrics-rules'))
      expect(rule_files).to all(start_with('/var/vcap/jobs/aiven-metrics-rules/'))
    end

    it 'keeps what another ops file has given to the job' do
      given = { 'type' => 'replace', 'path' => '/instance_groups/name=prometheus/jobs/name=aiven-metrics-rules?/properties?',
                'value' => { 'aiven_metrics_rules' => { 'disk_filling' => { 'threshold' => 70 } } } }
      folder do |path|
        file = File.join(path, 'own.yml').tap { |name| File.write(name, YAML.dump([given])) }
        base, rules = %w[add-tenant-prometheis add-tenant-rules].map { |name| Operations.fetch(name).file }
        arguments = [base, file, rules].flat_map { |name| ['--ops-file', name] }
        job = Manifest.interpolate_plainly(Manifest::CF, *arguments).job('aiven-metrics-rules')
        expect(job).to include('release' => 'aiven-metrics', 'properties' => given['value'])
      end
    end
  end
end
