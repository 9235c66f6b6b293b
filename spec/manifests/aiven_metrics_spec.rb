# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'simulated_platform'

# The configuration that the job aiven-metrics makes of the manifest, judged by
# the binary itself.
RSpec.describe 'The configuration of aiven-metrics' do
  base = Operations.fetch(Operations::BASE)

  def configuration(manifest)
    job('aiven-metrics').render({ 'properties' => manifest.properties('aiven-metrics') }).fetch('config/config.json')
  end

  def check_config(text)
    folder do |path|
      file = File.join(path, 'config.json').tap { |name| File.write(name, text) }
      Open3.capture2e(SimulatedPlatform.program('aiven-metrics', 'AIVEN_METRICS_BIN'), 'check-config', '--config', file)
    end
  end

  cases = [[base]] + Operations.additions.map { |operation| Operations.with_needs(operation) } +
          Operations.additions.combination(2).select { |pair| Operations.compatible?(*pair) }.map do |pair|
            pair.flat_map { |operation| Operations.with_needs(operation) }.uniq
          end + Operations.largest_combinations
  cases.each do |operations|
    it "passes check-config with #{operations.map(&:name).join(', ')}" do
      output, status = check_config(configuration(Manifest.of(*operations)))
      expect(status).to be_success, output
    end
  end

  it 'is refused by name with an existing endpoint and two projects' do
    operations = [base, Operations.fetch('use-existing-endpoint')]
    manifest = Manifest.of(*operations, vars: { 'aiven_projects' => %w[platform-london platform-ireland] })
    expect { configuration(manifest) }.to raise_error(Rendering::Refused, /integration\.endpoint_id/)
  end

  describe 'of an ops file' do
    def changed(name)
      operations = Operations.with_needs(Operations.fetch(name))
      JSON.parse(configuration(Manifest.of(*operations)))
    end

    it('limits the types') { expect(changed('limit-service-types')['services']['types']).to eq(%w[opensearch pg valkey]) }
    it('limits the clouds') { expect(changed('limit-clouds')['services']['clouds']).to eq(['aws-eu-west-2']) }
    it('turns the proxy off') { expect(changed('scrape-directly')['scrape_proxy']['listen']).to eq('') }

    it 'names the endpoint that exists, without credentials of our own' do
      expect(changed('use-existing-endpoint')['integration']).to include(
        'endpoint_id' => /\A\h{8}-/, 'username' => nil, 'password' => nil, 'create' => true
      )
    end

    it 'asks Cloud Foundry as the client that UAA then has, with the same secret' do
      operations = Operations.with_needs(Operations.fetch('add-cloud-foundry-labels'))
      client = Manifest.of(*operations).properties('uaa', 'uaa').dig('uaa', 'clients', 'aiven_metrics')
      expect(client).to include('authorities' => 'cloud_controller.global_auditor', 'authorized-grant-types' => 'client_credentials')
      expect(changed('add-cloud-foundry-labels')['cloud_foundry'])
        .to eq('api_url' => 'https://api.cf.example.com', 'client_id' => 'aiven_metrics', 'client_secret' => client['secret'],
               'ca_cert' => '', 'poll_interval' => '5m')
    end

    it 'asks nothing of Cloud Foundry for a CA alone, and has it with labels in either order' do
      base, labels, trust = [Operations::BASE, 'add-cloud-foundry-labels', 'trust-router-ca'].map { |name| Operations.fetch(name) }
      read = ->(*operations) { JSON.parse(configuration(Manifest.of(base, *operations)))['cloud_foundry'] }
      expect(read[trust]).to include('api_url' => nil, 'client_id' => nil, 'client_secret' => nil, 'ca_cert' => /BEGIN CERTIFICATE/)
      expect([read[trust, labels], read[labels, trust]])
        .to all(include('api_url' => 'https://api.cf.example.com', 'client_id' => 'aiven_metrics', 'ca_cert' => /BEGIN CERTIFICATE/))
    end

    it 'labels a second group by a copy of the file with its name' do
      operations = %w[add-second-group add-cloud-foundry-labels].flat_map { |name| Operations.with_needs(Operations.fetch(name)) }.uniq
      copied = File.read(operations.last.file).gsub('name=prometheus/', 'name=prometheus-second/')
      folder do |path|
        file = File.join(path, 'copy.yml').tap { |name| File.write(name, copied) }
        groups = %w[prometheus prometheus-second].map do |group|
          Manifest.of(*operations, files: [file]).properties('aiven-metrics', group)['cloud_foundry']
        end
        expect(groups).to all(include('client_id' => 'aiven_metrics', 'client_secret' => groups.first['client_secret']))
      end
    end

    it 'creates nothing, and has no credentials to create it with' do
      expect(changed('disable-integration')['integration']).to include(
        'create' => false, 'username' => nil, 'password' => nil
      )
    end
  end
end
