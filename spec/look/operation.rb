# frozen_string_literal: true

require 'fileutils'
require 'yaml'

require_relative '../manifests/simulated_platform'

# The daemon at work on a simulated Aiven, with a tenants' Prometheus, both watched by the platform's for some minutes:
# the past of the operators' board, but for Caddy. It goes by the clock, since the daemon does.
class Operation
  # In seconds: enough that a rate over two minutes has a beginning.
  LENGTH = 300
  SCRAPE_INTERVAL = 5

  # What bounds the tenants' Prometheus on a VM.
  TENANTS_FLAGS = ["--web.listen-address=#{Prometheus::ANY_PORT}", '--storage.tsdb.retention.size=1GB'].freeze

  # The block gets it, and it has ended when this returns.
  def self.run(folder)
    FileUtils.mkdir_p(folder)
    SimulatedPlatform.run(folder) do |platform|
      prometheus(folder, 'tenants', [nodes(platform)], flags: TENANTS_FLAGS) do |tenants|
        watched = [deployed('aiven-metrics', platform.web), deployed('tenant-prometheus', tenants.address)]
        prometheus(folder, 'platform', watched) { |prometheus| yield new(prometheus) }
      end
    end
  end

  def self.prometheus(folder, name, scrape_configs, **options, &block)
    home = File.join(folder, name).tap { |path| FileUtils.mkdir_p(path) }
    config = File.join(home, 'prometheus.yml')
    File.write(config, YAML.dump('global' => { 'scrape_interval' => "#{SCRAPE_INTERVAL}s" }, 'scrape_configs' => scrape_configs))
    Prometheus.run(home, config: config, **options, &block)
  end

  # The jobs' names are those of manifests/operations.
  def self.nodes(platform)
    { 'job_name' => 'aiven', 'proxy_url' => "http://#{platform.scrape_proxy}",
      'file_sd_configs' => [{ 'files' => [File.join(platform.folder, 'state/targets/targets.json')] }] }
  end

  def self.deployed(job, address)
    { 'job_name' => job, 'static_configs' => [{ 'targets' => [address], 'labels' => { 'bosh_deployment' => 'cf' } }] }
  end

  def initialize(prometheus)
    @prometheus = prometheus
    prometheus.await("#{LENGTH} s of scrapes", within: LENGTH * 2) { last('count_over_time(%s[1h])') >= LENGTH / SCRAPE_INTERVAL }
  end

  def url = @prometheus.url

  # Nobody has seeded it.
  def truth = {}

  # Seconds since 1970.
  def finish = last('timestamp(%s)').to_i

  private

  # What an expression of the daemon's `up` comes to.
  def last(expression) = @prometheus.query(format(expression, 'up{job="aiven-metrics"}')).dig(0, 'value', 1).to_f
end
