# frozen_string_literal: true

require 'fileutils'
require 'open3'
require 'openssl'
require 'socket'

require_relative '../../render/job'
require_relative '../../support/child_process'
require_relative '../../support/http'
require_relative 'backend'
require_relative 'context'

# The job on one machine: two instances on loopback, each a real Caddy on what
# the job renders to, started by the job's own scripts, before a backend that
# stands for Prometheus.
class FailoverRig
  ROOT = File.expand_path('../../..', __dir__)
  CADDY = ENV.fetch('CADDY_BIN', File.join(ROOT, 'build/static/caddy'))
  # Ports are picked before Caddy binds them, so another program may take one.
  MAX_STARTS = 5

  # One instance, laid out as on a VM below `root`.
  Instance = Struct.new(:root, :backend, :ports, :caddy) do
    def job
      File.join(root, 'jobs/prometheus-failover')
    end

    def data
      File.join(root, 'data/prometheus-failover')
    end

    # Where bpm has it.
    def log
      File.join(logs, 'prometheus-failover.stdout.log')
    end

    def logs
      File.join(root, 'sys/log/prometheus-failover')
    end

    def script(name)
      Open3.capture2e(File.join(job, 'bin', name))
    end

    def healthy?
      Http.get("http://127.0.0.1:#{ports[:health]}/health")
    end

    # Seconds of CPU that its Caddy has used.
    def cpu
      fields = File.read("/proc/#{caddy.pid}/stat").rpartition(') ').last.split
      fields.values_at(11, 12).sum(&:to_i) / Etc.sysconf(Etc::SC_CLK_TCK).to_f
    end
  end

  PORTS = %i[public peer metrics health].freeze

  attr_reader :instances

  # `change` takes the properties of an instance and its index, and returns other
  # properties. `backends` stand behind them, with `address` and `stop`.
  def initialize(folder, change: ->(properties, _index) { properties }, backends: nil)
    File.executable?(CADDY) or raise "#{CADDY} is missing: run scripts/build-caddy, or set CADDY_BIN"
    @change = change
    backends ||= [0, 1].map { |index| Backend.new("backend #{index}") }
    @instances = backends.each_with_index.map { |backend, index| Instance.new(File.join(folder, "vm#{index}"), backend) }
    start_on_free_ports
  rescue StandardError
    stop
    raise
  end

  def stop
    stop_caddies
    Array(@instances).each { |instance| instance.backend.stop }
  end

  # What monit does with the process, and the Director's scripts do not see.
  def restart(instance)
    instance.caddy.stop
    start(instance)
    instance.caddy.await('health') { instance.healthy? }
  end

  # A connection to instance `index`, as Gorouter makes it.
  def connect(index = 0)
    ca = OpenSSL::X509::Store.new.tap { |store| store.add_cert(FailoverCertificates::PLATFORM.certificate) }
    tls = OpenSSL::SSL::SSLContext.new.tap { |context| context.set_params(cert_store: ca) }
    socket = TCPSocket.new('127.0.0.1', @instances[index].ports[:public])
    socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    OpenSSL::SSL::SSLSocket.new(socket, tls).tap do |secure|
      secure.hostname = FailoverCertificates::PUBLIC_NAME
      secure.sync_close = true
      secure.connect
    end
  end

  # Sends `head`, the request's lines, and `body`; returns status and the rest,
  # or no status where the connection was reset.
  def send_raw(head, body = '', index: 0)
    socket = connect(index)
    socket.write("#{head.join("\r\n")}\r\nHost: prometheus.example\r\nConnection: close\r\n\r\n#{body}")
    answer = socket.read
    [answer[%r{\AHTTP/1.1 (\d+)}, 1].to_i, answer]
  rescue Errno::ECONNRESET, Errno::EPIPE
    [nil, '']
  ensure
    socket&.close
  end

  def self.basic(name, password)
    "Authorization: Basic #{["#{name}:#{password}"].pack('m0')}"
  end

  private

  def start_on_free_ports
    starts ||= 0
    @instances.each { |instance| instance.ports = PORTS.zip(free_ports(PORTS.size)).to_h }
    @instances.each_index { |index| lay_out(index) }
    @instances.each { |instance| start(instance) }
    await_health
  rescue ChildProcess::Ended => e
    stop_caddies
    starts += 1
    retry if e.address_in_use? && starts < MAX_STARTS
    raise
  end

  def await_health
    @instances.each { |instance| instance.caddy.await('health') { instance.healthy? } }
  end

  def stop_caddies
    Array(@instances).each do |instance|
      instance.caddy&.stop
      instance.caddy = nil
    end
  end

  def free_ports(number)
    listeners = Array.new(number) { TCPServer.new('127.0.0.1', 0) }
    listeners.map { |listener| listener.addr[1] }
  ensure
    listeners&.each(&:close)
  end

  # Both are on 127.0.0.1, so each reaches the other under a port of its own,
  # which a link cannot say: the rendered file is corrected by that one value.
  def lay_out(index)
    instance, other = @instances.values_at(index, 1 - index)
    [instance.data, instance.logs, File.join(instance.root, 'packages/caddy/bin')].each { |path| FileUtils.mkdir_p(path) }
    FileUtils.ln_sf(CADDY, File.join(instance.root, 'packages/caddy/bin/caddy'))
    peers = FailoverContext.instances(0, 1).each { |peer| peer['address'] = '127.0.0.1' }
    context = FailoverContext.context(@change.call(properties(instance), index), index: index, instances: peers)
    context['links']['peers']['properties']['peer']['listen'] = "0.0.0.0:#{other.ports[:peer]}"
    Rendering::Job.new(File.join(ROOT, 'jobs/prometheus-failover')).render_into(instance.job, context)
  end

  def properties(instance)
    listen = instance.ports.transform_values { |port| "127.0.0.1:#{port}" }
    required = FailoverContext.required
    required.merge('public' => required['public'].merge('listen' => listen[:public]),
                   'peer' => required['peer'].merge('listen' => listen[:peer]),
                   'metrics' => { 'listen' => listen[:metrics] }, 'health' => { 'listen' => listen[:health] },
                   'prometheus' => { 'address' => instance.backend.address }, 'drain' => { 'leave_route' => '1s' })
  end

  # As monit does, by bpm: without the Director, no script runs but the hook.
  def start(instance)
    process = YAML.safe_load(File.read(File.join(instance.job, 'config/bpm.yml')))['processes'].first
    hook, *command = [process['hooks']['pre_start'], process['executable'], *process['args']].map do |word|
      word.sub(%r{\A/var/vcap}, instance.root)
    end
    output, status = Open3.capture2e(process['env'], hook)
    status.success? or raise "hook: #{output}"
    instance.caddy = ChildProcess.new(*command, env: process['env'].merge('HOME' => instance.data),
                                                chdir: instance.job, log: instance.log)
  end
end

# Two instances for all examples of a group; each example sees its own requests only.
RSpec.shared_context 'with a failover rig' do |**options|
  before(:context) do
    @folder = Dir.mktmpdir('aiven-metrics-release')
    @rig = FailoverRig.new(@folder, **options)
  end

  after(:context) do
    @rig&.stop
    FileUtils.rm_rf(@folder)
  end

  let(:rig) { @rig }
  let(:first) { rig.instances.first }

  before { rig.instances.each { |instance| instance.backend.requests } }
end
