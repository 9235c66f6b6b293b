# frozen_string_literal: true

require 'json'
require 'tmpdir'

require_relative 'bosh_instance'
require_relative 'network'
require_relative 'tenants'

# The group `prometheus` of two laid-out VMs on a network of their own, and tenants
# that query through Gorouter's stand-in all the while.
class Group
  SIZE = 2
  PUBLIC_NAME = 'prometheus-failover.service.cf.internal'
  # The age of the newest sample of any node, in seconds: a gap is seen in one number.
  QUERY = 'time() - max(timestamp(sim_scrapes_served))'
  SLOW_QUERY = '{test="slow"}'
  SLOW_PORT = '9099'

  # What it needs and this machine lacks, or nil.
  def self.lacking
    return 'root, and a machine that permits namespaces (unshare)' unless Vm.possible?
    return 'ip, of iproute2: run scripts/setup spec' unless Network.installed?

    'a machine that permits veth (ip link add)' unless Network.possible?
  end

  attr_reader :instances, :first, :second, :tenants, :network, :slow_storage

  # monit looks every `interval` seconds. Close it after use.
  def initialize(interval:)
    @folder = Dir.mktmpdir('aiven-metrics-group')
    at_exit { close }
    @network = Network.new(File.join(@folder, 'network.log'))
    start_slow_storage
    @instances = Array.new(SIZE) { |index| add_instance(index) }
    @first, @second = @instances
    @originals = @instances.to_h { |instance| [instance, instance.properties.dup] }
    @instances.map { |instance| Thread.new { bring_up(instance, interval) } }.each(&:value)
    start_tenants
  rescue StandardError
    close
    raise
  end

  def close
    return if @closed

    @closed = true
    @instances&.each(&:close)
    @network&.close
    FileUtils.rm_rf(@folder)
  end

  # Everything runs and has the route, and tenants see the first Prometheus' new samples.
  def await_well
    @instances.each { |instance| instance.monit.await_running }
    tenants.await('every instance has the route') { tenants.routes?(SIZE) }
    tenants.await_from(first.name)
  end

  # A GET and a POST through each instance that has the route, that Prometheus works on until `release`.
  def hold_queries
    wanted = slow_storage.printed.scan('asked').size + (2 * tenants.routes)
    tenants.ask_slowly
    slow_storage.await('slow queries to arrive') { slow_storage.printed.scan('asked').size >= wanted }
  end

  # The Director updates the instance, while Prometheus works on slow queries: some came before, through
  # each instance, and some while it leaves the route, through the other one. Returns what drain said
  # of `number` queries or more: those that came before, to this instance or to its Prometheus.
  def update_under_slow_queries(instance, number)
    said = instance.log('drain').bytesize
    hold_queries
    updating = Thread.new { instance.update }
    updating.report_on_exception = false
    tenants.await('the instance leaves the route') { tenants.health_check(instance.address).include?('drain took') }
    hold_queries
    waited = -> { instance.log('drain').byteslice(said..)[/waiting for [#{number}-9] queries/] }
    tenants.await("drain to wait for #{number} queries") { waited.call || !updating.alive? }
    raise "drain did not wait for #{number} queries:\n#{instance.log('drain').byteslice(said..)}" unless waited.call

    tenants.await_from((@instances - [instance]).first.name)
    release
    updating.value
    waited.call
  end

  def release = slow_storage.send_signal(:USR1)

  # Undoes every fault, whatever it was.
  def mend
    release
    @instances.each do |instance|
      BoshInstance::DISKS.each_key { |disk| instance.free(disk) }
      instance.update(@originals[instance]) unless instance.properties == @originals[instance]
    end
  end

  # A file beside those of the VMs.
  def inside(name) = File.join(@folder, name)

  private

  def add_instance(index)
    instance = BoshInstance.new(index, instances: SIZE, remote_read: {
                                  'url' => "http://#{Network::OUTSIDE}:#{SLOW_PORT}/", 'read_recent' => true,
                                  'required_matchers' => { 'test' => 'slow' }, 'remote_timeout' => '2m'
                                })
    network.join(instance.vm, instance.address)
    # One after the other: the second gets the certificates that the first has.
    instance.tap(&:properties)
  end

  def bring_up(instance, interval)
    instance.lay_out
    instance.supervise(interval)
    instance.start
  end

  def start_slow_storage
    program = File.join(__dir__, 'slow_storage.rb')
    @slow_storage = network.start('ruby', program, Network::OUTSIDE, SLOW_PORT, log: inside('slow-storage.log'))
    @slow_storage.await_line(/^ready$/)
  end

  def start_tenants
    File.write(inside('ca.pem'), Manifest::GENERATED.fetch('prometheus_failover_public')['ca'])
    File.write(inside('gorouter.json'), JSON.generate(gorouter))
    program = File.join(__dir__, 'gorouter.rb')
    @tenants = Tenants.new(network.start('ruby', program, inside('gorouter.json'), log: inside('gorouter.log')))
  end

  def gorouter
    user = first.properties['prometheus-failover']['users'].first
    { 'instances' => @instances.map { |instance| route(instance) }, 'port' => 8443, 'name' => PUBLIC_NAME, 'ca' => inside('ca.pem'),
      'user' => user['name'], 'password' => user['password'], 'query' => QUERY, 'slow_query' => SLOW_QUERY }
  end

  def route(instance)
    script = '/var/vcap/jobs/prometheus-failover/bin/health-check'
    { 'address' => instance.address, 'health_check' => instance.vm.enter('env', '-i', "PATH=#{Vm::PATH}", script) }
  end
end
