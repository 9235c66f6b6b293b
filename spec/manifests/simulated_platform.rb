# frozen_string_literal: true

require 'json'

require_relative '../render/job'
require_relative '../support/child_process'
require_relative '../support/http'
require_relative '../support/prometheus'
require_relative '../support/simulated_aiven'
require_relative 'prometheus_job'

# A simulated Aiven, and beside it programs of one manifest: the daemon and
# Prometheus servers, on loopback, with the manifest's own settings but for
# addresses, paths and intervals.
class SimulatedPlatform
  JOB = File.expand_path('../../jobs/aiven-metrics', __dir__)

  # `web` is where the daemon answers, and `scrape_proxy` where it relays scrapes: `ip:port`.
  attr_reader :folder, :aiven, :web, :scrape_proxy

  # `scenario` is one of aiven-sim's.
  def self.run(folder, scenario = 'demo')
    ChildProcess.run(program('aiven-sim', 'AIVEN_SIM_BIN'), scenario, log: File.join(folder, 'aiven.log')) do |sim|
      platform = new(folder, SimulatedAiven.new(sim))
      platform.with_daemon { yield platform }
    end
  end

  # Built by scripts/test-release, unless the variable names another.
  def self.program(name, variable)
    ENV.fetch(variable) { File.expand_path("../../target/debug/#{name}", __dir__) }
  end

  def initialize(folder, aiven)
    @folder = folder
    @aiven = aiven
  end

  # The manifest on loopback; `vars` are for the ops files' variables.
  def manifest(*operations, vars: {})
    proxy = @scrape_proxy ? { scrape_proxy: @scrape_proxy } : {}
    aiven.manifest(*operations, targets: targets, vars: vars, **proxy)
  end

  def with_daemon
    config = File.join(folder, 'config.json')
    File.write(config, JSON.generate(daemon_configuration))
    command = [self.class.program('aiven-metrics', 'AIVEN_METRICS_BIN'), 'run', '--config', config]
    ChildProcess.run(*command, log: File.join(folder, 'aiven-metrics.log')) do |daemon|
      @scrape_proxy = address_of(daemon, 'scrape_proxy.listen')
      @web = address_of(daemon, 'web.listen')
      daemon.await('every node is published') { settled?(web) }
      yield
    end
  end

  # A Prometheus of `manifest`, ready.
  def with_prometheus(manifest, name:, &block)
    home = File.join(folder, name).tap { |path| Dir.mkdir(path) }
    prometheus = PrometheusJob.new(manifest.properties('prometheus'))
    Prometheus.run(home, config: prometheus.write(home), flags: prometheus.flags, env: { 'MONIT_HOST' => name }, &block)
  end

  # The certificate by which the nodes of `project` are verified.
  def project_ca(project)
    uri = URI("#{aiven.api}/v1/project/#{project}/kms/ca")
    answer = Net::HTTP.get(uri, { 'Authorization' => "aivenv1 #{aiven.token}" })
    JSON.parse(answer).fetch('certificate')
  end

  # The addresses in the file that Prometheus reads.
  def published
    return [] unless File.exist?(targets)

    JSON.parse(File.read(targets)).flat_map { |group| group['targets'] }.sort
  end

  private

  def targets = File.join(folder, 'state/targets/targets.json')

  # Every service has its integration, and every node is published.
  def settled?(web)
    status = JSON.parse(Http.get("http://#{web}/status") || '{}')
    verdicts = status.fetch('services', []).map { |service| service['verdict'] }
    verdicts.any? && !verdicts.include?('awaiting_integration') && published == aiven.nodes
  end

  # Where it keeps its state is fixed on a VM, and ports that the system
  # chooses make no sense there.
  def daemon_configuration
    properties = manifest.properties('aiven-metrics')
    rendered = Rendering::Job.new(JOB).render({ 'properties' => properties }).fetch('config/config.json')
    JSON.parse(rendered).tap do |config|
      config['state_dir'] = File.join(folder, 'state')
      config['scrape_proxy']['listen'] = config['web']['listen'] = '127.0.0.1:0'
    end
  end

  # Where the daemon listens for what the configuration has at `key`.
  def address_of(daemon, key)
    daemon.await("to listen at #{key}") do
      lines = daemon.printed.lines.filter_map { |line| parsed(line) }
      lines.find { |line| line['message'] == 'listening' && line['key'] == key }&.fetch('address')
    end
  end

  # The last line may not be whole yet.
  def parsed(line)
    JSON.parse(line)
  rescue JSON::ParserError
    nil
  end
end
