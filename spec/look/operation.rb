# frozen_string_literal: true

require 'fileutils'
require 'yaml'

require_relative '../manifests/simulated_platform'

# The daemon at work on a simulated Aiven, watched by a real Prometheus for some minutes: the past of the operators'
# board. It goes by the clock, since the daemon does.
class Operation
  # In seconds: enough that a rate over two minutes has a beginning.
  LENGTH = 300
  SCRAPE_INTERVAL = 5

  # The block gets it, and it has ended when this returns.
  def self.run(folder)
    FileUtils.mkdir_p(folder)
    SimulatedPlatform.run(folder) do |platform|
      home = File.join(folder, 'prometheus').tap { |path| FileUtils.mkdir_p(path) }
      config = File.join(home, 'prometheus.yml')
      File.write(config, YAML.dump(configuration(platform)))
      Prometheus.run(home, config: config) { |prometheus| yield new(prometheus) }
    end
  end

  # The jobs' names are those of manifests/operations, the scrapes closer together.
  def self.configuration(platform)
    relabelled = { 'relabel_configs' => [{ 'target_label' => 'bosh_deployment', 'replacement' => 'cf' }] }
    daemon = { 'job_name' => 'aiven-metrics', 'static_configs' => [{ 'targets' => [platform.web] }] }
    nodes = { 'job_name' => 'aiven', 'proxy_url' => "http://#{platform.scrape_proxy}", 'file_sd_configs' => [{ 'files' => [File.join(platform.folder, 'state/targets/targets.json')] }] }
    { 'global' => { 'scrape_interval' => "#{SCRAPE_INTERVAL}s" }, 'scrape_configs' => [daemon.merge(relabelled), nodes] }
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
