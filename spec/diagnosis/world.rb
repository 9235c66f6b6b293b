# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'

require_relative '../manifests/manifest'
require_relative '../manifests/simulated_platform'
require_relative '../support/child_process'
require_relative '../support/http'
require_relative 'machine'
require_relative 'page_text'

# What one fault happens to: a simulated Aiven of its own with two services, and a daemon of its own.
class World
  PROJECT = 'platform'
  # Few series: nobody looks at them.
  SERVICES = [{ name: 'search', type: 'opensearch', nodes: 2, series: 20 }, { name: 'orders', type: 'pg', nodes: 1, series: 20 }].freeze
  PASSWORD = 'pAssword-of-tests-0123456789'

  # The job's properties as the ops file has them, but for TLS at `/metrics`.
  def self.shipped_properties
    @shipped_properties ||= Manifest.of(Operations.fetch(Operations::BASE)).properties('aiven-metrics').merge('web' => {})
  end

  attr_reader :fault, :folder, :web, :scrape_proxy, :api, :dns, :token, :cloud_foundry

  def initialize(fault, folder, pace)
    @fault = fault
    @folder = folder
    @pace = pace
    @given = {}
    @children = []
    @disks = []
    # Prometheus reads what the daemon publishes, and nobody else does.
    FileUtils.mkdir_p(File.join(folder, 'state/targets'), mode: 0o755)
  end

  # Aiven with its services; then what the fault changes before the daemon starts.
  def start_aiven
    simulator = SimulatedPlatform.program('aiven-sim', 'AIVEN_SIM_BIN')
    @simulator = start(simulator, 'empty', *fault.simulator_options, log: File.join(folder, 'aiven-sim.log'))
    said = JSON.parse(@simulator.await_line(/\A\{.*\}$/)[0])
    @api, @control, @dns, @token, @cloud_foundry = said.values_at('api', 'control', 'dns', 'token', 'cloud_foundry')
    tell(do: 'add_project', project: PROJECT)
    SERVICES.each { |service| tell(do: 'add_service', project: PROJECT, service: service) }
    fault.hooks[:before]&.call(self)
  end

  def start_daemon
    write_configuration
    @daemon = run_daemon
    @scrape_proxy = listening('scrape_proxy.listen')
    @web = listening('web.listen')
    # As on a VM, where ports are known: the doctor reads them there.
    write_configuration('scrape_proxy.listen' => scrape_proxy, 'web.listen' => web)
  end

  def stop
    @children.reverse_each(&:kill)
    @disks.each { |disk| Machine.unmount(disk) }
  end

  # A command to the simulator.
  def tell(command)
    answer = Net::HTTP.post(URI(@control), JSON.generate(command))
    raise "#{command}: #{answer.body}" unless answer.is_a?(Net::HTTPOK)

    JSON.parse(answer.body)
  end

  # What the simulator has.
  def state = JSON.parse(Http.get("#{@control}/state")).fetch('projects').fetch(PROJECT)

  def api_fault(fault, **on) = tell(do: 'api_fault', on: on, fault: fault)
  def dns_fault(name, fault) = tell(do: 'dns_fault', name: name, fault: fault)
  def host(service) = state.dig('services', service, 'host')
  def addresses(service) = state.dig('services', service, 'nodes').map { |node| node['address'] }

  # The ids of a service's integrations, as Aiven's API has them.
  def integrations(service)
    uri = URI("#{api}/v1/project/#{PROJECT}/service/#{service}/integration")
    answer = Net::HTTP.get(uri, { 'Authorization' => "aivenv1 #{token}" })
    JSON.parse(answer).fetch('service_integrations').map { |one| one['service_integration_id'] }
  end

  # Of the endpoint with this name.
  def endpoint_id(name = 'aiven-metrics') = state['endpoints'].find { |one| one['name'] == name }.fetch('id')

  # All nodes of a service, or those that are named, the first is 0.
  def node_fault(service, fault, nodes: nil)
    (nodes || addresses(service).each_index).each do |node|
      tell(do: 'node_fault', project: PROJECT, service: service, node: node, fault: fault)
    end
  end

  # Another value of a property than the ops file's, by its dotted name; before the daemon starts.
  def property(name, value) = @given[name] = value

  # Makes a folder of this world a disk of this size, and returns its path.
  def small_disk(name, size)
    File.join(folder, name).tap do |disk|
      Machine.small_disk(disk, size)
      @disks << disk
    end
  end

  # Something that runs until the world ends.
  def keep(child) = child.tap { @children << child }

  def configuration = File.join(folder, 'config.json')
  def targets = File.join(folder, 'state/targets/targets.json')
  def log_file = @log_file || File.join(folder, 'aiven-metrics.log')

  # Where the daemon writes its log.
  attr_writer :log_file

  # A daemon with this world's configuration.
  def run_daemon = start(SimulatedPlatform.program('aiven-metrics', 'AIVEN_METRICS_BIN'), 'run', '--config', configuration, log: log_file)

  # What a command prints, both streams, in lines; the daemon's address is known to it.
  def command(*arguments)
    said, = Open3.capture2e(SimulatedPlatform.program('aiven-metrics', 'AIVEN_METRICS_BIN'), *arguments)
    said.lines(chomp: true)
  end

  def status = command('status', '--address', web)
  def explain(service) = command('explain', service, '--address', web)
  def doctor(prometheus) = command('doctor', '--config', configuration, '--prometheus', prometheus)
  def page = PageText.new(Http.get("http://#{web}/") || '')

  # Whether every service that has to be scraped is.
  def settled?
    services = JSON.parse(Http.get("http://#{web}/status") || '{}').fetch('services', [])
    services.any? && services.none? { |service| %w[awaiting_integration published leaving].include?(service['verdict']) }
  end

  # Its lines as `LEVEL message, field=value, …`, without the time and the place in the code.
  def log
    File.read(log_file, encoding: 'UTF-8').lines.filter_map { |line| logged(line) }
  end

  private

  def start(*command, log:) = keep(ChildProcess.new(*command, log: log))

  def logged(line)
    entry = JSON.parse(line)
    fields = entry.except('timestamp', 'level', 'message', 'target', 'span').merge((entry['span'] || {}).except('name'))
    [entry.values_at('level', 'message').join(' '), *fields.map { |name, value| "#{name}=#{value}" }].join(', ')
  rescue JSON::ParserError
    nil
  end

  def listening(key)
    @daemon.await("to listen at #{key}") do
      lines = File.read(log_file, encoding: 'UTF-8').lines
      lines.filter_map { |line| line[/"address":"([^"]+)"/, 1] if line.include?('"listening"') && line.include?(%("#{key}")) }.first
    end
  end

  def write_configuration(known = {})
    properties = JSON.parse(JSON.generate(self.class.shipped_properties))
    simulated = { 'aiven.api_url' => api, 'aiven.api_token' => token, 'aiven.projects' => [PROJECT], 'integration.password' => PASSWORD,
                  'dns.nameservers' => [dns] }
    of_fault = fault.hooks[:properties]&.call(self) || {}
    simulated.merge(@pace.properties, of_fault, @given).each { |name, value| put(properties, name, value) }
    config = JSON.parse(Rendering::Job.new(SimulatedPlatform::JOB).render({ 'properties' => properties }).fetch('config/config.json'))
    # What is fixed on a VM.
    fixed = { 'state_dir' => File.join(folder, 'state'), 'scrape_proxy.listen' => '127.0.0.1:0', 'web.listen' => '127.0.0.1:0' }
    fixed.merge(known).each { |name, value| put(config, name, value) }
    File.write(configuration, JSON.generate(config))
  end

  def put(nested, dotted, value)
    *parents, last = dotted.split('.')
    parents.reduce(nested) { |hash, key| hash[key] ||= {} }[last] = value
  end
end
