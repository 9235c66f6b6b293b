# frozen_string_literal: true

require_relative 'monit'
require_relative 'world'

# An instance of the group `prometheus`: a laid-out VM with all our jobs and
# Prometheus as rendered, under monit. Each has a simulated Aiven of its own, whose
# nodes are loopback addresses.
class BoshInstance
  include ReleaseSpec
  include Waiting

  CADDY = ENV.fetch('CADDY_BIN', File.join(ROOT, 'build/static/caddy'))
  # The ephemeral one with the logs, the one in memory for pid files, and the persistent one.
  DISKS = { 'data' => '64m', 'data/sys/run' => '16m', 'store' => '64m' }.freeze
  PID_FILES = {
    'aiven-metrics' => 'data/sys/run/bpm/aiven-metrics/aiven-metrics.pid',
    'prometheus-failover' => 'data/sys/run/bpm/prometheus-failover/prometheus-failover.pid',
    'prometheus' => 'data/sys/run/prometheus/prometheus.pid'
  }.freeze
  # Where each process says what happens to it; Prometheus 3 does on standard error.
  LOGS = {
    'monit' => Monit::LOG,
    'aiven-metrics' => 'data/sys/log/aiven-metrics/aiven-metrics.stdout.log',
    'prometheus-failover' => 'data/sys/log/prometheus-failover/prometheus-failover.stdout.log',
    'prometheus' => 'data/sys/log/prometheus/prometheus.stderr.log',
    'drain' => 'data/sys/log/prometheus-failover/drain.log'
  }.freeze
  # The agent has no other limit for drain than the script's own.
  DRAIN_TIMEOUT = 120
  # Seconds, the agent's.
  STOP_TIMEOUT = 300

  attr_reader :world, :monit, :spec

  def self.spec(index)
    World::INSTANCE.merge('id' => format('00000000-0000-4000-8000-%012d', index), 'index' => index, 'bootstrap' => index.zero?,
                          'az' => "z#{index + 1}", 'address' => "10.0.16.#{index + 10}")
  end

  # One of `instances` in all. `remote_read` is Prometheus' configuration of it.
  def initialize(index, instances:, remote_read:)
    @spec = BoshInstance.spec(index)
    @instances = instances
    @remote_read = remote_read
    @world = World.new(spec: @spec, disks: DISKS)
    vm.add_package('caddy', CADDY)
    vm.add_job('bpm', 'bin/bpm' => File.read(File.join(__dir__, 'bpm.rb')))
  end

  def vm = world.vm
  def name = "#{spec['name']}/#{spec['index']}"
  def address = spec['address']
  def close = world.close

  # Those of our jobs: the manifest's, and what was changed since.
  def properties
    @properties ||= { 'aiven-metrics' => world.properties,
                      'prometheus-failover' => with(world.properties_of('prometheus-failover'), 'drain.leave_route', '3s') }
  end

  # As the agent does, pre-start included. `changed` are properties by the job's name.
  def lay_out(changed = {})
    properties.merge!(changed).each { |job, properties| vm.add_job(job, render(job, properties)) }
    world.lay_out_prometheus('remote_read' => [@remote_read])
    %w[aiven-metrics prometheus-failover].each { |job| script!(job, 'pre-start') }
  end

  # Has monit in charge, which looks every `interval` seconds.
  def supervise(interval)
    files = properties.to_h { |job, properties| [job, render(job, properties)['monit']] }
    @monit = Monit.new(vm, files.merge('prometheus' => PROMETHEUS_MONIT), interval: interval)
  end

  # What the Director does to an instance at the end of an update.
  def start
    monit.start
    monit.await_running
    %w[aiven-metrics prometheus-failover].each { |job| script!(job, 'post-start') }
  end

  # What it does before: drain's output is what the agent goes by. (That has monit forget the jobs
  # first; this monit, unlike a stemcell's, would then not stop them.)
  def stop
    output = script!('prometheus-failover', 'drain', within: DRAIN_TIMEOUT)
    raise "drain: #{output}" unless output == "0\n"

    monit.stop
    await('all processes have ended', within: STOP_TIMEOUT) { PID_FILES.keys.none? { |name| process(name) } }
  end

  def update(changed = {})
    stop
    lay_out(changed)
    start
  end

  # The pid of a process that monit watches, while it runs.
  def process(name)
    pid = vm.read(PID_FILES.fetch(name)).to_i
    pid if pid.positive? && File.exist?("/proc/#{pid}/exe") && File.readlink("/proc/#{pid}/exe")
  rescue SystemCallError
    nil
  end

  def kill(name) = Process.kill(:KILL, process(name))

  # Takes all the room of the disk at this path.
  def fill(path) = vm.run('dd', 'if=/dev/zero', "of=/var/vcap/#{path}/ballast", 'bs=1k')
  def free(path) = FileUtils.rm_f(vm.inside(path, 'ballast'))

  def health_check = vm.script('prometheus-failover', 'health-check').first
  def caddy_metrics = vm.get('http://127.0.0.1:9277/metrics').to_s
  def daemon_metrics = vm.get('http://127.0.0.1:9274/metrics').to_s
  def prometheus_metrics = vm.get('http://127.0.0.1:9090/metrics').to_s
  def log(name) = vm.read(LOGS.fetch(name))

  # Runs a job's script; its output, if it succeeds.
  def script!(job, name, within: 400)
    output, status = vm.script(job, name, within: within)
    raise "#{name} of #{job} on #{self.name}: #{status}\n#{output}" unless status.success?

    output
  end

  private

  PROMETHEUS_MONIT = <<~MONIT
    check process prometheus
      with pidfile /var/vcap/sys/run/prometheus/prometheus.pid
      start program "/var/vcap/jobs/prometheus/bin/prometheus_ctl start"
      stop program "/var/vcap/jobs/prometheus/bin/prometheus_ctl stop"
      group vcap
  MONIT
  private_constant :PROMETHEUS_MONIT

  def render(job, properties)
    peers = (0...@instances).map { |index| BoshInstance.spec(index) }
    shared = { 'peer' => { 'listen' => '0.0.0.0:8444' }, 'public' => { 'tls' => true } }
    links = job == 'prometheus-failover' ? { 'peers' => { 'instances' => peers, 'properties' => shared } } : {}
    job(job).render({ 'properties' => properties, 'spec' => spec, 'links' => links })
  end
end
