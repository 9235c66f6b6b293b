# frozen_string_literal: true

require 'json'

require_relative '../render/job'
require_relative 'child'
require_relative 'manifest'
require_relative 'prometheus2'

# A simulated Aiven, and beside it programs of one manifest: the daemon and
# Prometheis, on loopback, with the manifest's own settings but for addresses,
# paths and intervals.
class SimulatedPlatform
  OPS = File.join(__dir__, 'on-loopback.yml')
  JOB = File.expand_path('../../jobs/aiven-metrics', __dir__)
  PASSWORD = 'guards-nothing-but-a-test'

  attr_reader :folder, :aiven

  def self.run(folder)
    Child.run(program('aiven-sim', 'AIVEN_SIM_BIN'), 'demo', log: File.join(folder, 'aiven.log')) do |sim|
      line = sim.await('to say where it listens') { sim.printed[/.*\n/] }
      platform = new(folder, JSON.parse(line))
      platform.with_daemon { yield platform }
    end
  end

  # Built by scripts/test-release, or by whoever sets the variable.
  def self.program(name, variable)
    ENV.fetch(variable) { File.expand_path("../../target/debug/#{name}", __dir__) }
  end

  def initialize(folder, aiven)
    @folder = folder
    @aiven = aiven
  end

  # The manifest on loopback; `vars` are for the ops files' variables.
  def manifest(*operations, vars: {})
    base = Operations.fetch(Operations::BASE)
    files = [base.file, OPS, *operations.map(&:file)]
    known = operations.map(&:vars).reduce(Manifest::CF_VARS, :merge).merge(addresses, vars)
    Manifest.interpolate(Manifest::CF, files, known, '--var-errs')
  end

  def with_daemon
    config = File.join(folder, 'config.json')
    File.write(config, JSON.generate(daemon_configuration))
    command = [self.class.program('aiven-metrics', 'AIVEN_METRICS_BIN'), 'run', '--config', config]
    Child.run(*command, log: File.join(folder, 'aiven-metrics.log')) do |daemon|
      @scrape_proxy = daemon.await('to listen') { listening(daemon, 'scrape_proxy.listen') }
      web = daemon.await('to listen') { listening(daemon, 'web.listen') }
      daemon.await('to publish every node') { settled?(web) }
      yield
    end
  end

  # A Prometheus of `manifest`, ready; the block gets its address.
  def with_prometheus(manifest, name:)
    home = File.join(folder, name).tap { |path| Dir.mkdir(path) }
    prometheus = Prometheus2.new(manifest.properties('prometheus2'))
    command = ['prometheus', "--config.file=#{prometheus.write(home)}", "--storage.tsdb.path=#{home}/data"]
    Child.run(*command, *prometheus.flags, log: "#{home}/log", env: { 'MONIT_HOST' => name }) do |child|
      address = "http://#{prometheus['web.listen_address']}:#{prometheus['web.port']}"
      child.await('to be ready') { Child.get("#{address}/-/ready") }
      yield address, child
    end
  end

  # The services of all projects that are integrated, as Aiven has them.
  def services
    state = JSON.parse(Child.get("#{aiven.fetch('control')}/state"))
    all = state.fetch('projects').flat_map do |project, content|
      content.fetch('services').values.map { |service| service.merge('project' => project) }
    end
    all.select { |service| service['integrated'] }
  end

  # The addresses of their nodes that run.
  def nodes
    services.flat_map { |service| service['nodes'] }.select { |node| node['running'] }
            .map { |node| node['address'] }.sort
  end

  # The certificate by which the nodes of `project` are verified.
  def project_ca(project)
    uri = URI("#{aiven.fetch('api')}/v1/project/#{project}/kms/ca")
    answer = Net::HTTP.get(uri, { 'Authorization' => "aivenv1 #{aiven.fetch('token')}" })
    JSON.parse(answer).fetch('certificate')
  end

  # Those in the file that Prometheus reads.
  def published
    return [] unless File.exist?(targets)

    JSON.parse(File.read(targets)).flat_map { |group| group['targets'] }.sort
  end

  private

  def addresses
    {
      'aiven_api_url' => aiven.fetch('api'), 'aiven_api_token' => aiven.fetch('token'),
      'aiven_projects' => aiven.fetch('projects'), 'aiven_metrics_password' => PASSWORD,
      'simulated_dns' => aiven.fetch('dns'), 'scrape_proxy' => @scrape_proxy || '127.0.0.1:9275',
      'targets' => targets, 'prometheus_port' => '9090'
    }
  end

  def targets = File.join(folder, 'state/targets/targets.json')

  # Every service has its integration, and every node is published.
  def settled?(web)
    status = JSON.parse(Child.get("http://#{web}/status") || '{}')
    verdicts = status.fetch('services', []).map { |service| service['verdict'] }
    verdicts.any? && !verdicts.include?('awaiting_integration') && published == nodes
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

  def listening(daemon, key)
    lines = daemon.printed.lines.map { |line| JSON.parse(line) rescue next }.compact
    lines.find { |line| line['message'] == 'listening' && line['key'] == key }&.fetch('address')
  end
end
