# frozen_string_literal: true

require_relative 'world'

# The errand against a real daemon and a real Prometheus: healthy, and with one
# fault after the other. One VM for all examples, in this order.
RSpec.describe 'aiven-metrics-smoke-tests on a VM', order: :defined do
  before(:context) do
    skip 'needs root and namespaces (unshare)' unless Vm.possible?

    @world = World.new('demo', '--cloud-foundry')
    @world.start_daemon
    @world.start_prometheus
  end

  after(:context) { @world&.close }

  let(:world) { @world }
  let(:instance) { 'prometheus/6c9b5b3e-0d0e-4d5c-9a58-5f1c0a3b7a10' }
  # Another VM: it has another id, and reaches the first by an address at which
  # the daemon listens and Prometheus does not.
  let(:other_vm) { { 'name' => 'aiven-metrics-smoke-tests', 'id' => 'ffffffff-0000-4000-8000-000000000000' } }
  let(:reachable) { [World::INSTANCE.merge('address' => '127.0.0.5')] }

  def line(result, check)
    lines, = result
    lines.find { |one| one.include?(": #{check}") } || raise("no line about #{check.inspect} in:\n#{lines.join("\n")}")
  end

  it 'passes colocated, a line for each check' do
    lines, status = world.run_errand(patience: 120)
    expect(lines).to match(
      [/\Aok    #{instance}: the daemon is ready: ready/,
       /\Aok    #{instance}: targets are published: \d+ targets; services by verdict: /,
       /\Aok    #{instance}: Prometheus scrapes them: \d+ scrapes succeeded in \d+ s/,
       /\Aok    #{instance}: Prometheus answers: Prometheus Server is Ready\.\z/,
       /\Aok    #{instance}: Aiven targets are up: [1-9]\d* of \d+\z/,
       '5 passed, 0 failed, 0 skipped']
    )
    expect(status).to eq(0)
  end

  it 'proves Prometheus from a VM of its own by the scrapes that the daemon relays' do
    result = world.run_errand(spec: other_vm, instances: reachable)
    expect(line(result, 'Prometheus scrapes them')).to start_with('ok    ')
    expect(line(result, 'Prometheus answers')).to match(/\Askip  .*run the errand colocated/)
    expect(result).to match([include('3 passed, 0 failed, 1 skipped'), 0])
  end

  it 'fails where nothing can be checked' do
    result = world.run_errand(spec: other_vm, instances: reachable, shared: { 'web' => { 'listen' => '127.0.0.1:9274' } })
    expect(line(result, 'the daemon')).to match(/\Askip  .*loopback/)
    expect(result).to match([include('0 passed, 0 failed, 2 skipped'), 1])
  end

  it 'does without a Prometheus that it knows' do
    result = world.run_errand(prometheus: false)
    expect(result.first).to include(/\Askip  Prometheus: no link/)
    expect(result.last).to eq(0)
  end

  it 'says that direct scraping cannot be seen by the daemon' do
    result = world.run_errand(shared: { 'scrape_proxy' => { 'listen' => '' } })
    expect(line(result, 'Prometheus scrapes them')).to match(/\Askip  .*proxy is off/)
    expect(result.last).to eq(0)
  end

  it 'checks each instance, and fails for one that does not answer' do
    gone = World::INSTANCE.merge('id' => 'gone', 'index' => 1, 'address' => '10.255.255.1')
    result = world.run_errand(instances: [gone, World::INSTANCE])
    expect(result.first.first).to start_with("ok    #{instance}: the daemon is ready")
    expect(result.first).to include(
      %r{\AFAIL  prometheus/gone: the daemon is ready: no: no answer from http://10\.255\.255\.1:9274/readyz: .+\. What to do: bosh ssh}
    )
    expect(result.last).to eq(1)
  end

  it 'fails when no node can be scraped, and names the command that tells why' do
    world.aiven.services.each do |service|
      at = { do: 'node_fault', project: service['project'], service: service['name'] }
      service['nodes'].each_index { |node| world.tell({ **at, node: node, fault: 'reset' }) }
    end
    world.await('no target is up') { world.query('count(up{job="aiven"} == 1)')&.zero? }
    result = world.run_errand
    expect(line(result, 'Aiven targets are up')).to match(%r{\AFAIL  .*: no: 0 of \d+\. What to do: .*bin/aiven-metrics status})
    expect(line(result, 'Prometheus scrapes them')).to match(/\AFAIL  .*: no: 0 scrapes succeeded in \d+ s; .*unreachable/)
    expect(result.last).to eq(1)
    world.tell({ do: 'clear_faults' })
    world.await('targets are up again') { world.query('count(up{job="aiven"} == 1)').positive? }
  end

  it 'fails when Prometheus is down' do
    world.prometheus_process.stop
    result = world.run_errand
    expect(line(result, 'Prometheus answers')).to match(/\AFAIL  .*no answer from .*:9090.*What to do: .*monit summary/)
    expect(line(result, 'Prometheus scrapes them')).to match(/\AFAIL  .*: no: 0 scrapes succeeded/)
    expect(result.last).to eq(1)
    world.start_prometheus
  end

  # From now on labels come from Cloud Foundry; what an earlier daemon knew is forgotten.
  def label
    world.daemon_process.stop
    FileUtils.rm_rf(world.vm.inside('store/aiven-metrics'))
    world.start_daemon('cloud_foundry' => world.aiven.cloud_foundry)
  end

  # Names of services, by the daemon that runs now: Prometheus remembers what an earlier one relayed.
  def scraped
    status = JSON.parse(world.vm.get('http://127.0.0.1:9274/status') || '{"services":[]}')
    status['services'].select { |service| service['verdict'] == 'scraped' }.map { |service| service['service'] }.sort
  end

  def tell_cloud_foundry(command) = world.tell({ do: 'cloud_foundry', **command })

  it 'says of how many services Cloud Foundry has confirmed the labels' do
    label
    result = world.run_errand(patience: 120)
    expect(line(result, "services have Cloud Foundry's labels"))
      .to eq("ok    #{instance}: services have Cloud Foundry's labels: Cloud Controller has confirmed the labels of 8 of 12 services")
    expect(result).to match([include('6 passed, 0 failed, 0 skipped'), 0])
  end

  it 'fails where labels are missing, and the command that it names says why, until that is mended' do
    client_id, secret = world.aiven.cloud_foundry.values_at('client_id', 'client_secret')
    tell_cloud_foundry({ remove_client: { id: client_id } })
    label
    serving = world.aiven.integrated_services.select { |service| service['nodes'].any? { |node| node['running'] } }
    world.await('every service is scraped') { scraped == serving.map { |service| service['name'] }.sort }
    result = world.run_errand
    expect(line(result, "services have Cloud Foundry's labels"))
      .to match(%r{\AFAIL  .*: no: Cloud Controller has confirmed the labels of 0 of 12 services\. What to do: .*bin/aiven-metrics status'; it says why})
    expect(result).to match([include('5 passed, 1 failed, 0 skipped'), 1])
    expect(world.command('status').first).to match(/^CAUSE +uaa_token at \S+: UAA does not accept the client/)

    whole = { id: client_id, secret: secret, authorities: ['cloud_controller.global_auditor'], grant_types: ['client_credentials'] }
    tell_cloud_foundry({ add_client: whole })
    result = world.run_errand(patience: 120)
    expect(line(result, "services have Cloud Foundry's labels")).to start_with('ok    ')
    expect(result.last).to eq(0)
  end

  it 'passes when there is nothing to scrape, and says why' do
    world.daemon_process.stop
    world.start_daemon('services.exclude' => ['*'])
    result = world.run_errand(patience: 60)
    expect(line(result, 'targets are published')).to match(/\Aok    .*nothing to scrape; 0 targets; services by verdict: \d+ not_selected/)
    expect(line(result, 'Aiven targets are up')).to match(/\Askip  /)
    expect(result.last).to eq(0)
  end

  it 'fails when nothing is published that should be' do
    world.daemon_process.stop
    world.tell({ do: 'add_project', project: 'fresh' })
    world.tell({ do: 'add_service', project: 'fresh', service: { name: 'alone', type: 'pg', nodes: 1 } })
    world.start_daemon('aiven.projects' => ['fresh'], 'integration.create' => false)
    result = world.run_errand(patience: 5)
    expect(line(result, 'targets are published'))
      .to match(/\AFAIL  .*0 targets; services by verdict: 1 awaiting_integration\. What to do: .*explain/)
    expect(result.last).to eq(1)
  end

  it 'fails when the daemon is not ready, in its own words' do
    world.daemon_process.stop
    FileUtils.rm_rf(world.vm.inside('store/aiven-metrics'))
    world.start_daemon('aiven.api_token' => 'not-the-token')
    world.await('the token is refused') { world.command('status').first.include?('token') }
    result = world.run_errand
    expect(line(result, 'the daemon is ready')).to match(/\AFAIL  .*no: not ready: nothing is known yet; .*token.*What to do: /)
    expect(result.last).to eq(1)
  end

  it 'ends when the daemon hangs' do
    world.daemon_process.send_signal(:STOP)
    result = world.run_errand
    expect(line(result, 'the daemon is ready')).to match(/\AFAIL  .*timed out/)
    expect(result.last).to eq(1)
  end
end
