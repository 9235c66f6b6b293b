# frozen_string_literal: true

require 'etc'

require_relative '../spec_helper'
require_relative 'prometheus_failover/rig'

# What one user, or a stranger, takes: the others are served meanwhile.
RSpec.describe 'job prometheus-failover, with limits' do
  users = FailoverContext::USERS.map { |user| FailoverRig.basic(user['name'], user['password']) }
  let(:greedy) { users.first }
  let(:modest) { users.last }
  small = { 'queries' => 3, 'queries_per_user' => 2, 'place_timeout' => '1s', 'body_timeout' => '2s', 'waiting_per_user' => 8,
            'query_bytes' => 65_536, 'buffered_bytes_per_user' => 131_072, 'buffered_bytes' => 262_144, 'connections' => 64 }

  change = lambda do |properties, _index|
    timeout = { 'prometheus' => properties['prometheus'].merge('query_timeout' => '1s') }
    properties.merge(timeout).merge('limits' => small, 'optional_paths' => ['federate'])
  end
  include_context 'with a failover rig', change: change

  def get(user, target = '/api/v1/query?query=up', *headers)
    rig.send_raw(["GET #{target} HTTP/1.1", user, *headers])
  end

  # A connection on which a body of `size` was sent, but for the last byte.
  def hold(user, size)
    rig.connect.tap do |socket|
      socket.write("POST /api/v1/query HTTP/1.1\r\nHost: x\r\n#{user}\r\nContent-Length: #{size}\r\n\r\n#{'q' * (size - 1)}")
    end
  end

  def asked
    rig.instances.flat_map { |instance| instance.backend.requests }
  end

  def metrics
    Net::HTTP.get(URI("http://127.0.0.1:#{first.ports[:metrics]}/metrics"))
  end

  def metric(name)
    metrics[/^#{Regexp.escape(name)} (\S+)$/, 1]&.to_f or raise "no metric #{name}"
  end

  def running
    metric('prometheus_failover_queries_running{user="grafana"}')
  end

  def refused(limit, user = 'grafana')
    metric(%(prometheus_failover_refused_total{limit="#{limit}",user="#{user}"}))
  end

  def memory
    File.read("/proc/#{first.caddy.pid}/status")[/^VmRSS:\s+(\d+)/, 1].to_i / 1024
  end

  def await(what)
    6000.times do
      return if yield

      sleep 0.01
    end
    raise "never: #{what}"
  end

  it 'has a counter for every limit and user, before anything is refused' do
    limits = %w[query_bytes query_nesting body_timeout queries queries_per_user waiting_per_user buffered_bytes buffered_bytes_per_user query_timeout]
    limits.product(%w[grafana al]).each { |limit, user| expect(refused(limit, user)).to be >= 0 }
    %w[public peer metrics health].product(%w[resting new]).each do |listener, which|
      expect(metric(%(prometheus_failover_connections_closed_total{listener="#{listener}",which="#{which}"}))).to be >= 0
    end
  end

  it 'ends bodies that are held back, and serves others meanwhile' do
    before = refused('body_timeout')
    held = Array.new(2) { hold(greedy, 60_000) }
    await('both hold memory') { metric('prometheus_failover_buffered_bytes{user="grafana"}') > 120_000 }
    expect(get(modest).first).to eq(200)
    expect(get(greedy).first).to eq(200)
    expect(held.map(&:read)).to all(include('408', 'limits.body_timeout'))
    expect(refused('body_timeout')).to eq(before + 2)
    expect(metric('prometheus_failover_buffered_bytes{user="grafana"}')).to eq(0)
  ensure
    held&.each(&:close)
  end

  it 'refuses a body that is too long before it comes' do
    answer = rig.connect.tap do |socket|
      socket.write("POST /api/v1/query HTTP/1.1\r\nHost: x\r\n#{greedy}\r\nContent-Length: 1048576\r\n\r\n")
    end.read
    expect(answer).to include('413', 'limits.query_bytes')
  end

  it 'refuses a URL that is too long, and one that is nested too deep' do
    expect(get(greedy, "/api/v1/query?query=#{'q' * 65_536}")).to match([413, include('limits.query_bytes')])
    expect(get(greedy, "/api/v1/query?query=#{'(' * 65}")).to match([413, include('limits.query_nesting')])
    expect(asked).to be_empty
  end

  it 'bounds the memory of one user, and serves others meanwhile' do
    before = refused('buffered_bytes_per_user')
    held = Array.new(12) { hold(greedy, 50_000) }
    await('they are refused') { refused('buffered_bytes_per_user') >= before + 10 }
    expect(rig.send_raw(['POST /api/v1/query HTTP/1.1', modest, 'Content-Length: 50000'], 'q' * 50_000).first).to eq(200)
  ensure
    held&.each(&:close)
  end

  it 'bounds the places of one user, and serves others meanwhile' do
    held = Array.new(2) { Thread.new { get(greedy, "/api/v1/query?query=#{Backend::HELD}") } }
    2.times { first.backend.await_held }
    expect(running).to eq(2)
    refusal = get(greedy)
    expect(refusal).to match([429, include('User grafana has 2 queries running', 'Retry-After: ')])
    expect(get(modest).first).to eq(200)
    first.backend.release(2)
    expect(held.map { |thread| thread.value.first }).to eq([200, 200])
    expect(get(greedy).first).to eq(200)
  end

  it 'asks a Prometheus that is silent once, and no other' do
    status, answer = get(greedy, "/api/v1/query?query=#{Backend::HELD}")
    first.backend.await_held
    expect([status, answer]).to match([504, include('prometheus.query_timeout')])
    expect(asked.size).to eq(1)
    # Nor does anybody else notice.
    expect(get(modest).last).to include('backend 0')
    expect(running).to eq(1)
    first.backend.release
    await('the place is free again') { running.zero? }
  end

  # Asks for HELD, with GET or POST, and breaks the connection of the first Prometheus
  # when it has worked on it for so long, as when its process dies.
  def break_after(age, verb)
    head, body = if verb == 'GET'
                   ["GET /api/v1/query?query=#{Backend::HELD} HTTP/1.1", '']
                 else
                   ["POST /api/v1/query?x=#{Backend::HELD} HTTP/1.1", 'query=up']
                 end
    client = Thread.new { rig.send_raw([head, greedy, "Content-Length: #{body.size}"], body) }
    taken = first.backend.await_held
    sleep age
    taken.shutdown
    first.backend.release
    client
  end

  def broke_off
    metric('prometheus_failover_broke_off_total{user="grafana"}')
  end

  def await_first
    await('the first Prometheus is asked again') { get(modest).last.include?('backend 0') }
    rig.instances.each { |instance| instance.backend.requests }
  end

  %w[GET POST].each do |verb|
    it "asks again for a #{verb} when the connection breaks at once: on a new one, or the other one" do
      await_first
      before = broke_off
      client = break_after(0, verb)
      again = nil
      await('it is asked again') { again = rig.instances.map(&:backend).find(&:holds?) }
      again.await_held
      again.release
      expect(client.value.first).to eq(200)
      expect(asked.size).to eq(2)
      expect(broke_off).to eq(before)
      await_first
    end

    it "repeats no #{verb} that has run for a while: Prometheus may have died of it" do
      await_first
      before = broke_off
      status, answer = break_after(1.5, verb).value
      expect([status, answer]).to match([502, include('It was not asked of another server')])
      expect(answer).not_to include('X-Query-Taken')
      expect(asked.size).to eq(1)
      expect(broke_off).to eq(before + 1)
      # New ones go to the other one until the first is known to be well.
      expect(get(modest).first).to eq(200)
      await_first
    end
  end

  # Its kernel still accepts connections; behind them nobody answers.
  it 'keeps the route while the other VM is silent' do
    Process.kill(:STOP, first.caddy.pid)
    other = rig.instances.last
    expect(Array.new(4) { other.script('health-check').last }).to all(be_success)
  ensure
    Process.kill(:CONT, first.caddy.pid)
    await('the first is well again') { rig.send_raw(['GET /api/v1/query?query=up HTTP/1.1', greedy], index: 1).last.include?('backend 0') }
  end

  it 'asks nobody for a query that was met by silence, also when its server dies in the end' do
    await_first
    status, = get(greedy, "/api/v1/query?query=#{Backend::HELD}")
    expect(status).to eq(504)
    first.backend.await_held.shutdown
    first.backend.release
    await('its place is free') { running.zero? }
    expect(asked.size).to eq(1)
    await_first
  end

  it 'keeps the place of a query whose client has left until Prometheus is done with it' do
    leaving = rig.connect
    leaving.write("GET /api/v1/query?query=#{Backend::HELD} HTTP/1.1\r\nHost: x\r\n#{greedy}\r\n\r\n")
    first.backend.await_held
    leaving.close
    await('Caddy has noticed') { File.read(first.log).lines.any? { |line| line.include?('"status":499') } }
    expect(running).to eq(1)
    first.backend.release
    await('the place is free again') { running.zero? }
  end

  it 'closes connections that rest for one that comes' do
    resting = Array.new(100) { rig.connect }
    resting.each { |socket| socket.write("GET / HTTP/1.1\r\nX-Slow: #{'x' * 1000}") }
    expect(get(modest).first).to eq(200)
    expect(metric('prometheus_failover_connections_closed_total{listener="public",which="resting"}')).to be > 30
  ensure
    resting&.each(&:close)
  end

  it 'reads no body of somebody it does not know' do
    [FailoverRig.basic('mallory', 'x'), FailoverRig.basic('grafana', 'wrong-wrong-wrong-wrong')].each do |stranger|
      socket = hold(stranger, 1000)
      # It comes although the body does not.
      expect(socket.read).to include('401', 'Connection: close')
      socket.close
    end
  end

  it 'passes on the headers that it names, and no other' do
    get(greedy, '/api/v1/query?query=up', 'Accept: text/html', 'Upgrade: websocket', 'X-Original-URL: /-/quit', 'X-Rewrite-URL: /-/quit',
        'X-Forwarded-For: 198.51.100.7', 'X-HTTP-Method-Override: PUT', 'Cookie: a=b', 'Via: 1.1 x', 'Te: trailers', 'X-Prometheus: 1')
    headers = asked.last.headers
    expect(headers.keys - %w[host accept accept-encoding user-agent]).to be_empty
    expect(headers).to include('accept' => 'text/html', 'host' => 'prometheus')
  end

  it 'serves costly paths that the operator names, and no other' do
    expect(get(greedy, '/federate?match[]=up').first).to eq(200)
    expect(get(greedy, '/api/v1/format_query?query=up').first).to eq(403)
  end

  it 'stays far below its memory limit while one user and strangers hold what they can' do
    bodies = Array.new(40) { hold(greedy, 60_000) }
    headers = Array.new(60) { rig.connect.tap { |socket| socket.write("GET / HTTP/1.1\r\nX-Slow: #{'x' * 90_000}") } }
    expect(get(modest).first).to eq(200)
    expect(memory).to be < 256
  ensure
    [*bodies, *headers].each(&:close)
  end
end
