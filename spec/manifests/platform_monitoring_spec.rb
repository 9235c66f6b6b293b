# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../jobs/prometheus_failover/rig'
require_relative 'prometheus_job'
require_relative 'simulated_platform'

# monitor-from-platform-prometheus.yml before a real daemon, a real Caddy and a
# real Prometheus, each with the certificates of add-tenant-prometheis.yml.
RSpec.describe 'The platform\'s own Prometheus' do
  jobs = %w[aiven-metrics prometheus-failover tenant-prometheus].freeze

  # The scrape jobs with a certificate from `scrapes` and the addresses of `targets`.
  define_method(:configuration) do |targets, scrapes|
    vars = scrapes.transform_keys { |part| "aiven_metrics_scrape_#{part}" }
    manifest = Manifest.of(Operations.fetch('monitor-from-platform-prometheus'), base: Manifest::PLATFORMS.fetch(31), vars: vars)
    properties = manifest.prometheus_properties
    properties['prometheus']['scrape_configs'].select! { |job| jobs.include?(job['job_name']) }
    properties['prometheus']['scrape_configs'].each do |job|
      # Ports are the system's choice here.
      job.merge!('file_sd_configs' => [], 'relabel_configs' => [], 'static_configs' => [{ 'targets' => [targets.fetch(job['job_name'])] }])
    end
    properties['prometheus'].update('scrape_interval' => '1s', 'scrape_timeout' => '1s', 'web' => { 'listen_address' => '127.0.0.1', 'port' => '0' })
    PrometheusJob.new(properties)
  end

  define_method(:scraped) do |folder, targets, scrapes|
    Dir.mkdir(folder)
    configured = configuration(targets, scrapes)
    Prometheus.run(folder, config: configured.write(folder), flags: configured.flags) do |prometheus|
      prometheus.await('three scrapes of each') do
        counts = prometheus.query('count_over_time(up[1h])')
        counts.size == jobs.size && counts.all? { |one| one['value'].last.to_i >= 3 }
      end
      prometheus.query('up').to_h { |one| [one['metric']['job'], one['value'].last] }
    end
  end

  it 'is let in with its certificate, and not with another' do
    folder do |path|
      SimulatedPlatform.run(path) do |platform|
        metrics = platform.manifest.properties('prometheus-failover')['metrics']
        tenants = Array.new(2) { |index| Prometheus.new(File.join(path, "tenants#{index}")) }
        rig = FailoverRig.new(path, backends: tenants, change: ->(given, _) { given.merge('metrics' => given['metrics'].merge(metrics)) })
        caddy = "127.0.0.1:#{rig.instances.first.ports[:metrics]}"
        targets = jobs.zip([platform.web, caddy, caddy]).to_h
        own = Manifest::GENERATED.fetch('aiven_metrics_scrape_tls').slice('ca', 'certificate', 'private_key')
        expect(scraped(File.join(path, 'own'), targets, own)).to eq(jobs.to_h { |job| [job, '1'] })
        stranger = own.merge(FailoverCertificates::PLATFORM.sign('aiven_metrics_scraper', 'clientAuth'))
        expect(scraped(File.join(path, 'stranger'), targets, stranger)).to eq(jobs.to_h { |job| [job, '0'] })
      ensure
        rig&.stop
      end
    end
  end
end
