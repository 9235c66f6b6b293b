# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'manifest'
require_relative 'prometheus_job'

# The configuration that the job prometheus makes of the manifest.
RSpec.describe 'The configuration of Prometheus' do
  base = Operations.fetch(Operations::BASE)

  def prometheus(*names, base: Manifest::CF)
    operations = names.flat_map { |name| Operations.with_needs(Operations.fetch(name)) }.uniq
    PrometheusJob.new(Manifest.of(*operations, base: base).prometheus_properties)
  end

  def promtool(file) = Open3.capture2e('promtool', 'check', 'config', file)

  def scrape_job(prometheus, name = 'aiven')
    prometheus.configuration['scrape_configs'].find { |job| job['job_name'] == name }
  end

  Operations.all.each do |operation|
    it "passes promtool with #{operation.name}.yml" do
      folder do |path|
        output, status = promtool(prometheus(operation.name, base: Manifest.base_of(operation)).write(path))
        expect(status).to be_success, output
      end
    end

    it "has flags that Prometheus knows with #{operation.name}.yml" do
      next if operation.for_platform?

      known, = Open3.capture2e('prometheus', '--help-long')
      flags = prometheus(operation.name).flags.map { |flag| flag[/\A--[^=]+/] }
      expect(flags.reject { |flag| known.match?(/#{flag}[ =]/) }).to be_empty
    end
  end

  Operations.largest_combinations.each do |operations|
    it "passes promtool with #{operations.map(&:name).join(', ')}" do
      folder do |path|
        output, status = promtool(prometheus(*operations.map(&:name)).write(path))
        expect(status).to be_success, output
      end
    end
  end

  describe 'of the base' do
    subject(:job) { scrape_job(prometheus(base.name)) }

    it 'scrapes in plain HTTP through the scrape proxy of its own VM' do
      expect(job).to include('scheme' => 'http', 'proxy_url' => 'http://127.0.0.1:9275')
    end

    it 'reads the folder that aiven-metrics publishes to' do
      expect(job['file_sd_configs']).to eq(
        [{ 'files' => ['/var/vcap/store/aiven-metrics/targets/*.json'], 'refresh_interval' => '15s' }]
      )
    end

    it 'limits samples and bytes of a page, and lets no node overwrite the labels of the service' do
      expect(job['sample_limit']).to be_positive
      # Room for as many samples as the other limit allows, with labels as long as Aiven's.
      expect(job['body_size_limit'].delete_suffix('MB').to_i * 1_000_000).to be_between(job['sample_limit'] * 300, job['sample_limit'] * 1500)
      expect(job).not_to include('honor_labels')
    end

    it 'has Prometheus scrape itself where it listens, and send none of that to a store of both' do
      configured = prometheus('enable-remote-write')
      address = "#{configured['web.listen_address']}:9090"
      expect(scrape_job(configured, 'prometheus')['static_configs']).to eq([{ 'targets' => [address] }])
      expect(configured.configuration['remote_write'].first['write_relabel_configs'])
        .to eq([{ 'source_labels' => ['job'], 'regex' => 'prometheus', 'action' => 'drop' }])
    end

    it 'holds no secret' do
      expect(JSON.generate(prometheus(base.name).configuration)).not_to match(/password|authorization|basic_auth/)
    end

    it 'listens on loopback only' do
      expect(prometheus(base.name)['web.listen_address']).to eq('127.0.0.1')
    end

    it 'scrapes for less time than between two scrapes' do
      configured = prometheus(base.name)
      expect(configured['scrape_timeout'].to_i).to be < configured['scrape_interval'].to_i
    end

    it 'bounds what is kept and what a query may cost' do
      expect(prometheus(base.name).flags).to include(
        '--storage.tsdb.retention.time=30d', '--storage.tsdb.retention.size=80GB',
        '--query.timeout=30s', '--query.max-concurrency=16', '--query.max-samples=10000000'
      )
    end
  end

  it 'verifies the certificate when it scrapes directly' do
    job = scrape_job(prometheus('scrape-directly'))
    expect(job).to include('scheme' => 'https', 'tls_config' => include('server_name' => /aivencloud/))
    expect(job).not_to include('proxy_url')
    expect(JSON.generate(job)).not_to include('insecure')
  end

  # The others for the platform bring it boards, and no scrape job.
  Operations.all.select { |operation| operation.for_platform? && operation.scrapes? }.each do |operation|
    it "finds aiven-metrics in what the bosh_exporter of the platform found with #{operation.name}.yml" do
      job = scrape_job(prometheus(operation.name, base: Manifest.base_of(operation)), 'aiven-metrics')
      expect(job['relabel_configs']).to include(include('regex' => 'aiven-metrics', 'action' => 'keep'),
                                                include('replacement' => '${1}:9274'))
    end
  end

  it 'refuses a property that the job does not have' do
    expect { PrometheusJob.new('prometheus' => { 'query' => { 'timeut' => '1s' } }) }.to raise_error(KeyError, /query\.timeut/)
  end
end
