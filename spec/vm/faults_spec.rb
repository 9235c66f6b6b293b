# frozen_string_literal: true

require_relative '../jobs/prometheus_failover/certificates'
require_relative 'fault'
require_relative 'fault_table'
require_relative 'group'

# Two VMs with the rendered jobs under monit, and tenants that query all the while:
# what a fault costs them, what tells of it, and what heals it. The decisive ones are
# tested always; scripts/faults sets FAULT_TABLE, a file, tries all, and writes the
# table there.
RSpec.describe 'A group of two VMs, under faults', order: :defined do
  table = ENV.fetch('FAULT_TABLE', nil)
  # Seconds between two looks of monit; on a platform 10.
  interval = table ? 10 : 1

  # Each is a line in the daemon's log of more than 100 bytes.
  logged_services = 40

  before(:context) do
    lacking = Group.lacking and skip "needs #{lacking}"

    @group = Group.new(interval: interval)
    @faults = []
  end

  after(:context) do
    FaultTable.insert(FaultTable.of(@faults), table) if table && @faults.any?
  ensure
    @group&.close
  end

  # What a fault that failed left behind would spoil the next ones.
  after { |example| @group.mend if example.exception && @group }

  define_singleton_method(:fault) do |name, decisive: false, &block|
    it(name, &block) if decisive || table
  end

  let(:group) { @group }
  let(:first) { group.first }
  let(:second) { group.second }
  let(:tenants) { group.tenants }
  let(:failover) { first.properties['prometheus-failover'] }

  # All is well, the block makes a fault, and all is well again: `heals` it by itself, unless the block acts.
  def during(name, slow: false, heals: nil)
    group.await_well
    if slow
      group.hold_queries
      # The other server is not asked what is that old.
      tenants.await_more(40)
    end
    fault = Fault.new(name, group)
    yield fault
    group.release if slow
    group.await_well
    fault.healed(heals)
    @faults << fault
    puts(fault.row.join(' | ')) if ENV['FAULT_TABLE']
    fault
  end

  def expect_no_loss(fault)
    expect(fault.lost('GET')).to be_empty
    expect(fault.lost('POST')).to be_empty
  end

  def authority = FailoverCertificates::Authority.new('another CA')

  def peer_of(authority)
    authority.sign('prometheus-failover', 'serverAuth,clientAuth').merge('ca' => authority.certificate.to_pem)
  end

  # More than there is room for in what its file has of the disk: a block of 4 KiB.
  define_method(:have_daemon_log) do |instance|
    logged_services.times do |number|
      instance.world.tell({ do: 'add_service', project: 'platform-london', service: { name: "new-#{number}", type: 'pg', nodes: 1 } })
    end
  end

  # Asks the listeners for the platform's own monitoring from outside, as it does.
  def scrape(instance, port)
    pair = Manifest::GENERATED.fetch('aiven_metrics_scrape_tls')
    files = { 'scraper.pem' => pair['certificate'], 'scraper.key' => pair['private_key'], 'scraper-ca.pem' => pair['ca'] }
    files.each { |file, text| File.write(group.inside(file), text) }
    group.network.run('curl', '--silent', '--show-error', '--output', '/dev/null', '--write-out', '%{http_code}', '--noproxy', '*',
                      '--resolve', "aiven_metrics:#{port}:#{instance.address}", '--cacert', group.inside('scraper-ca.pem'),
                      '--cert', group.inside('scraper.pem'), '--key', group.inside('scraper.key'),
                      "https://aiven_metrics:#{port}/metrics").first
  end

  fault 'first aiven-metrics: SIGKILL' do |example|
    fault = during(example.description, heals: 'monit starts it') do |seen|
      first.kill('aiven-metrics')
      seen.log_says(first, 'monit', /'aiven-metrics' process is not running/)
      seen.sees('Prometheus', /up\{job="aiven"\} 0/) do
        'up{job="aiven"} 0' if first.world.query('count(min_over_time(up{job="aiven"}[1m]) == 0)')&.positive?
      end
    end
    expect_no_loss(fault)
  end

  fault 'first Caddy: SIGKILL' do |example|
    fault = during(example.description, slow: true, heals: 'monit starts it') do |seen|
      first.kill('prometheus-failover')
      seen.sees('health check', /(Not in the route: Caddy does not answer at \S+)/) { tenants.health_check(first.address) }
      seen.sees("metrics of the other's Caddy", /caddy_reverse_proxy_upstreams_healthy\{upstream="10\.0\.16\.10:8444"\} 0/) { second.caddy_metrics }
      seen.log_says(first, 'monit', /'prometheus-failover' process is not running/)
    end
    expect(fault.lost('GET')).to be_empty
    expect(fault.lost('POST').size).to be <= fault.posts_in_flight
  end

  fault 'first Prometheus: SIGKILL' do |example|
    fault = during(example.description, slow: true, heals: 'monit starts it') do |seen|
      first.kill('prometheus')
      tenants.await_from(second.name)
      seen.sees('metrics of Caddy', /caddy_reverse_proxy_upstreams_healthy\{upstream="127\.0\.0\.1:8444"\} 0/) { first.caddy_metrics }
      seen.log_says(first, 'monit', /'prometheus' process is not running/)
    end
    expect_no_loss(fault)
  end

  fault 'first monit: SIGKILL' do |example|
    before = BoshInstance::PID_FILES.keys.map { |name| first.process(name) }
    killed = first.monit.pid
    fault = during(example.description, heals: 'runit starts it, and it finds what runs') do |seen|
      Process.kill(:KILL, killed)
      tenants.await('another monit') { ![0, killed].include?(first.monit.pid) && first.monit.summary.any? }
      seen.log_says(first, 'monit', /Starting Monit \S+ daemon/)
    end
    expect_no_loss(fault)
    expect(BoshInstance::PID_FILES.keys.map { |name| first.process(name) }).to eq(before)
  end

  fault 'first drained, and then left to monit alone', decisive: true do |example|
    fault = during(example.description) do |seen|
      first.script!('prometheus-failover', 'drain')
      seen.sees('health check', /(Not in the route: drain took this instance out at .*)/) { tenants.health_check(first.address) }
      tenants.await_more
      seen.act('`monit restart prometheus-failover`') { first.monit.restart('prometheus-failover') }
    end
    expect_no_loss(fault)
  end

  fault 'rolling restart, with slow queries in flight', decisive: true do |example|
    fault = during(example.description, heals: 'each instance leaves the route, finishes its queries, and comes back') do |seen|
      # The first Prometheus answers both routes, the second one's Caddy waits for its own.
      { first => 4, second => 2 }.each do |instance, number|
        waited = group.update_under_slow_queries(instance, number)
        seen.sees("drain.log of #{instance.name}", /waiting for \d+ queries/) { waited }
      end
    end
    expect_no_loss(fault)
    expect(%w[GET POST].flat_map { |verb| fault.lost(verb, slow: true) }).to be_empty
  end

  fault 'peer certificate: a new CA and certificate, on the first instance only' do |example|
    changed = failover.merge('peer' => peer_of(authority))
    fault = during(example.description) do |seen|
      first.update('prometheus-failover' => changed)
      seen.sees("metrics of the other's Caddy", /caddy_reverse_proxy_upstreams_healthy\{upstream="10\.0\.16\.10:8444"\} 0/) { second.caddy_metrics }
      seen.log_says(second, 'prometheus-failover', /"error":".*?((?:tls|x509): [^"\\]*)/, where: "log of the other's Caddy")
      tenants.await('graphs of both') { tenants.recent.map(&:prometheus).uniq.size == 2 }
      seen.act('the rollout goes on to the other instance; until then each asks its own Prometheus, and graphs jump') do
        second.update('prometheus-failover' => changed)
      end
    end
    expect_no_loss(fault)
  end

  fault 'peer certificate: both CAs trusted, a new certificate on the first instance only' do |example|
    old = failover['peer']
    renewed = authority
    both = [old['ca'], renewed.certificate.to_pem].join("\n")
    [first, second].each { |instance| instance.update('prometheus-failover' => failover.merge('peer' => old.merge('ca' => both))) }
    changed = failover.merge('peer' => peer_of(renewed).merge('ca' => both))
    fault = during(example.description, heals: 'nothing to heal: both instances go on with the same Prometheus') do |seen|
      first.update('prometheus-failover' => changed)
      tenants.await_from(first.name)
      seen.sees("metrics of the other's Caddy", /caddy_reverse_proxy_upstreams_healthy\{upstream="10\.0\.16\.10:8444"\} 1/) { second.caddy_metrics }
    end
    expect_no_loss(fault)
    second.update('prometheus-failover' => changed)
  end

  fault 'public certificate: of a CA that Gorouter does not trust, on the first instance only' do |example|
    old = failover
    changed = old.merge('public' => old['public'].merge(authority.sign(Group::PUBLIC_NAME, 'serverAuth')))
    fault = during(example.description) do |seen|
      first.update('prometheus-failover' => changed)
      seen.sees('Gorouter (its stand-in)', /certificate verify failed[^"]*/) { tenants.refused(first.address) }
      seen.act('Gorouter is given the CA, or the instance the old certificate') { first.update('prometheus-failover' => old) }
    end
    expect_no_loss(fault)
  end

  fault 'metric_scraper_ca: another one on the first instance only' do |example|
    old = first.properties.dup
    ca = authority
    pair = ca.sign('aiven_metrics', 'serverAuth').merge('client_ca' => ca.certificate.to_pem)
    changed = { 'aiven-metrics' => with(old['aiven-metrics'], 'web.tls', pair),
                'prometheus-failover' => old['prometheus-failover'].merge('metrics' => pair) }
    fault = during(example.description) do |seen|
      expect([9274, 9276].map { |port| scrape(first, port) }).to eq(%w[200 200])
      first.update(changed)
      [9274, 9276].each { |port| seen.sees("scrape of :#{port} (curl)", /curl: \(\d+\) (.*)/) { scrape(first, port) } }
      expect([9274, 9276].map { |port| scrape(second, port) }).to eq(%w[200 200])
      seen.act('the scraper gets a certificate of the new CA, or the instance the old one') { first.update(old) }
    end
    expect_no_loss(fault)
  end

  fault 'ephemeral disk full (logs), Caddy: SIGKILL' do |example|
    fault = during(example.description, heals: 'monit starts it on the full disk; log lines are lost until room is made') do |seen|
      first.fill('data')
      have_daemon_log(first)
      seen.sees('metrics of aiven-metrics', /aiven_metrics_log_lines_lost_total [1-9]\d*/) { first.daemon_metrics }
      first.kill('prometheus-failover')
      seen.sees('health check', /(Not in the route: Caddy does not answer at \S+)/) { tenants.health_check(first.address) }
      seen.log_says(first, 'monit', /'prometheus-failover' process is not running/)
    end
    expect_no_loss(fault)
    first.free('data')
  end

  fault 'ephemeral disk full (logs), and the instance is stopped' do |example|
    fault = during(example.description) do |seen|
      first.fill('data')
      first.stop
      seen.sees('health check', /(Not in the route: .*)/) { tenants.health_check(first.address) }
      seen.act('room is made, and the instance started') do
        first.free('data')
        first.start
      end
    end
    expect_no_loss(fault)
  end

  # Prometheus answers from what it has, so Caddy goes on asking it.
  def old_answers_from_first(seen)
    seen.sees('metrics of Prometheus', /prometheus_tsdb_wal_writes_failed_total [1-9]\d*/) { first.prometheus_metrics }
    tenants.await('only old samples') { tenants.recent.all? { |query| query.prometheus == first.name && !query.fresh? } }
    tenants.await_more(60)
    seen.act('`monit stop prometheus`, and the other one answers') do
      first.monit.stop('prometheus')
      tenants.await_from(second.name)
    end
    seen.act('room is made, and `monit start prometheus`') do
      first.free('store')
      first.monit.start('prometheus')
    end
  end

  fault 'persistent disk full' do |example|
    fault = during(example.description) do |seen|
      first.fill('store')
      first.world.tell({ do: 'add_service', project: 'platform-london', service: { name: 'newer', type: 'pg', nodes: 1 } })
      seen.log_says(first, 'aiven-metrics', /"message":"(writing failed[^"]*)"/)
      seen.sees('`aiven-metrics status`', /^.*(No space left.*)$/) { first.world.command('status').first }
      seen.log_says(first, 'prometheus', /(err="[^"]*no space left on device")/)
      old_answers_from_first(seen)
    end
    expect_no_loss(fault)
  end

  fault 'persistent disk full, and Prometheus: SIGKILL' do |example|
    fault = during(example.description) do |seen|
      first.fill('store')
      first.kill('prometheus')
      tenants.await_from(second.name)
      seen.log_says(first, 'monit', /'prometheus' process is not running/)
      old_answers_from_first(seen)
    end
    expect_no_loss(fault)
  end
end
