# frozen_string_literal: true

require 'json'
require 'yaml'

require_relative '../manifests/prometheus_job'
require_relative '../spec_helper'
require_relative '../support/simulated_aiven'
require_relative '../support/waiting'
require_relative 'vm'

# A VM of the instance group `prometheus` beside a simulated Aiven: the jobs as
# rendered, Prometheus on the scrape configuration of add-tenant-prometheis.yml.
class World
  include ReleaseSpec
  include Waiting

  INSTANCE = { 'name' => 'prometheus', 'id' => '6c9b5b3e-0d0e-4d5c-9a58-5f1c0a3b7a10', 'index' => 0,
               'bootstrap' => true, 'az' => 'z1', 'address' => '10.0.16.10' }.freeze
  # Shorter than on a platform, since here scrapes come every second.
  ERRAND_WAITS = { 'scrape_wait' => '5s', 'answer_timeout' => '2s' }.freeze
  TARGETS = '/var/vcap/store/aiven-metrics/targets/targets.json'

  attr_reader :vm, :aiven, :daemon_process, :prometheus_process

  # `simulated` is what aiven-sim simulates, `spec` what the Director knows of the instance, `disks`
  # those that can be filled. Close the world after use.
  def initialize(*simulated, spec: INSTANCE, disks: {})
    @spec = spec
    @folder = Dir.mktmpdir('aiven-metrics-vm')
    # Also when the test run is stopped, where RSpec's own hooks do not run.
    at_exit { close }
    @vm = Vm.new(@folder, disks: disks)
    # Not below /var/vcap: what it prints has the token in it.
    simulated = ['demo'] if simulated.empty?
    @aiven_process = vm.start(simulator, *simulated, log: File.join(@folder, 'aiven.log'))
    @aiven = SimulatedAiven.new(@aiven_process, get: vm.method(:get))
    vm.add_package('aiven-metrics', daemon)
  rescue StandardError
    close
    raise
  end

  def close
    @vm&.close
    @vm = nil
    FileUtils.rm_rf(@folder)
  end

  def stop_aiven = @aiven_process.stop
  # Takes connections and answers nothing, until it may go on.
  def freeze_aiven = @aiven_process.send_signal(:STOP)
  def thaw_aiven = @aiven_process.send_signal(:CONT)

  # Those that a job of the group has in the manifest.
  def properties_of(job) = aiven.manifest(targets: TARGETS).properties(job)

  # The daemon's properties, with those at dotted names changed.
  def properties(changes = {})
    given = properties_of('aiven-metrics')
    changes.reduce(given) { |nested, (name, value)| with(nested, name, value) }
  end

  def start_daemon(changes = {})
    lay_out(changes)
    restart_daemon
  end

  # The job as the agent has it before monit starts anything: pre-start has run.
  def lay_out(changes = {}, job: job('aiven-metrics'))
    vm.add_job('aiven-metrics', job.render({ 'properties' => properties(changes), 'spec' => @spec }))
    output, status = vm.script('aiven-metrics', 'pre-start')
    raise output unless status.success?
  end

  def restart_daemon
    @daemon_process = vm.bpm_start('aiven-metrics')
  end

  # The errand on the instance that `spec` describes: its lines and its exit status.
  def run_errand(spec: INSTANCE, patience: 0, **links)
    files = job('aiven-metrics-smoke-tests').render({ 'properties' => { 'patience' => patience }, 'spec' => spec, 'links' => errand_links(**links) })
    config = JSON.parse(files['config/smoke-test.json']).merge(ERRAND_WAITS)
    files['config/smoke-test.json'] = JSON.generate(config)
    vm.add_job('aiven-metrics-smoke-tests', files)
    output, status = vm.script('aiven-metrics-smoke-tests', 'run', within: patience + 60)
    [output.lines(chomp: true), status.exitstatus]
  end

  def errand_links(instances: [INSTANCE], shared: {}, prometheus: true)
    links = { 'aiven-metrics' => { 'instances' => instances, 'properties' => shared } }
    links['prometheus'] = { 'instances' => instances, 'properties' => { 'prometheus' => { 'web' => { 'port' => '9090' } } } } if prometheus
    links
  end

  # The job prometheus, as far as it matters here: it runs as root and outside bpm, on
  # the disk beside ours. `more` is configuration that no manifest of ours has.
  def lay_out_prometheus(more = {})
    prometheus = PrometheusJob.new(with(properties_of('prometheus'), 'prometheus.web.port', '9090'))
    flags = ['--config.file=/var/vcap/jobs/prometheus/config/prometheus.yml', '--storage.tsdb.path=/var/vcap/store/prometheus', *prometheus.flags]
    program = ENV['PATH'].split(':').map { |path| File.join(path, 'prometheus') }.find { |path| File.executable?(path) }
    control = File.read(File.join(__dir__, 'prometheus_ctl')).sub('exec PROMETHEUS', "exec #{[program, *flags].shelljoin}")
    vm.add_job('prometheus', 'bin/prometheus_ctl' => control,
                             'config/prometheus.yml' => JSON.generate(prometheus.configuration.merge(more)))
    FileUtils.mkdir_p(vm.inside('store/prometheus'))
  end

  def start_prometheus
    lay_out_prometheus
    @prometheus_process = vm.start('/var/vcap/jobs/prometheus/bin/prometheus_ctl', 'run')
  end

  def command(*arguments, **options)
    vm.run('/var/vcap/jobs/aiven-metrics/bin/aiven-metrics', *arguments, **options)
  end

  # The value of a query that gives one sample; 0 for none, nil without answer.
  def query(text)
    answer = vm.get('http://127.0.0.1:9090/api/v1/query', '--get', '--data-urlencode', "query=#{text}") or return
    JSON.parse(answer)['data']['result'].dig(0, 'value', 1).to_i
  end

  # One command for the simulator.
  def tell(command)
    vm.run!('curl', '--silent', '--fail', '--noproxy', '*', '--data', JSON.generate(command), aiven.control)
  end
end
