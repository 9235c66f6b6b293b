# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'prometheus_failover/limited'

# What one user, or a stranger, takes: the others are served meanwhile.
RSpec.describe 'job prometheus-failover, with limits' do
  include Limited

  small = { 'queries' => 3, 'queries_per_user' => 2, 'place_timeout' => '1s', 'body_timeout' => '2s', 'waiting_per_user' => 8,
            'query_bytes' => 65_536, 'buffered_bytes_per_user' => 131_072, 'buffered_bytes' => 196_608, 'connections' => 64 }

  change = lambda do |properties, _index|
    timeout = { 'prometheus' => properties['prometheus'].merge('query_timeout' => '1s') }
    properties.merge(timeout).merge('limits' => small, 'optional_paths' => ['federate'])
  end
  include_context 'with a failover rig', change: change

  def asked
    rig.instances.flat_map { |instance| instance.backend.requests }
  end

  def memory
    File.read("/proc/#{first.caddy.pid}/status")[/^VmRSS:\s+(\d+)/, 1].to_i / 1024
  end

  it 'has a counter for every limit and user, before anything is refused' do
    limits = %w[query_bytes query_nesting body_timeout queries queries_per_user waiting_per_user buffered_bytes buffered_bytes_per_user query_timeout]
    limits.product(%w[grafana al]).each { |limit, user| expect(refused(limit, user)).to be >= 0 }
    %w[answer_timeout abandoned_for].product(%w[grafana al]).each { |limit, user| expect(cut_off(limit, user)).to be >= 0 }
    %w[running waiting abandoned].product(%w[grafana al]).each { |state, user| expect(queries(state, user)).to be >= 0 }
    %w[public peer metrics health].product(%w[resting new]).each { |listener, which| expect(closed(which, listener)).to be >= 0 }
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

  it 'refuses a body that is too long before it comes, and serves others meanwhile' do
    before = refused('query_bytes')
    answer = rig.connect.tap do |socket|
      socket.write("POST /api/v1/query HTTP/1.1\r\nHost: x\r\n#{greedy}\r\nContent-Length: 1048576\r\n\r\n")
      expect(get(modest).first).to eq(200)
    end.read
    expect(answer).to include('413', 'limits.query_bytes')
    expect(refused('query_bytes')).to eq(before + 1)
  end

  it 'refuses a URL that is too long, and one that is nested too deep, and serves others meanwhile' do
    before = refused('query_nesting')
    expect(get(greedy, "/api/v1/query?query=#{'q' * 65_536}")).to match([413, include('limits.query_bytes')])
    expect(get(greedy, "/api/v1/query?query=#{'(' * 65}")).to match([413, include('limits.query_nesting')])
    expect(asked).to be_empty
    expect(refused('query_nesting')).to eq(before + 1)
    expect(get(modest).first).to eq(200)
  end

  it 'bounds the memory of one user, and serves others meanwhile' do
    before = refused('buffered_bytes_per_user')
    held = Array.new(12) { hold(greedy, 50_000) }
    await('they are refused') { refused('buffered_bytes_per_user') >= before + 10 }
    expect(post(modest, 'q' * 50_000).first).to eq(200)
  ensure
    held&.each(&:close)
  end

  it 'bounds the memory of all users, and serves what fits, and who comes through the other instance' do
    before = refused('buffered_bytes', 'al')
    held = [greedy, greedy, modest].map { |user| hold(user, 60_000) }
    await('they hold memory') { queries('waiting') + queries('waiting', 'al') == 3 }
    # Without its body, which the refusal does not wait for: what nobody reads resets the connection.
    refusal = rig.send_raw(['POST /api/v1/query HTTP/1.1', modest, 'Content-Length: 50000'])
    expect(refusal).to match([503, include('limits.buffered_bytes)', 'Retry-After: ')])
    expect(refused('buffered_bytes', 'al')).to eq(before + 1)
    expect(get(modest).first).to eq(200)
    expect(post(modest, 'q' * 50_000, index: 1).first).to eq(200)
  ensure
    held&.each(&:close)
  end

  it 'bounds how many bodies of one user arrive, and serves others meanwhile' do
    before = refused('waiting_per_user')
    held = Array.new(12) { hold(greedy, 100) }
    await('they are refused') { refused('waiting_per_user') >= before + 4 }
    expect(post(modest, 'query=up').first).to eq(200)
    expect(held.map(&:read)).to include(include('429', 'limits.waiting_per_user', 'Retry-After: '))
  ensure
    held&.each(&:close)
  end

  it 'bounds the places of one user, and serves others meanwhile' do
    held = Array.new(2) { Thread.new { get(greedy, "/api/v1/query?query=#{Backend::HELD}") } }
    2.times { first.backend.await_held }
    expect(running).to eq(2)
    refusal = get(greedy)
    expect(refusal).to match([429, include('User grafana has 2 queries running', 'limits.place_timeout', 'Retry-After: ')])
    expect(get(modest).first).to eq(200)
    first.backend.release(2)
    expect(held.map { |thread| thread.value.first }).to eq([200, 200])
    expect(get(greedy).first).to eq(200)
  end

  it 'bounds the places of all users, and serves who comes through the other instance, or when one ends' do
    before = refused('queries', 'al')
    held = [greedy, greedy, modest].map { |user| Thread.new { get(user, "/api/v1/query?query=#{Backend::HELD}") } }
    3.times { first.backend.await_held }
    expect(get(modest)).to match([503, include('limits.queries)', 'limits.place_timeout', 'Retry-After: ')])
    expect(refused('queries', 'al')).to eq(before + 1)
    expect(get(modest, index: 1).first).to eq(200)
    first.backend.release
    await('one has ended') { running + running('al') == 2 }
    expect(get(modest).first).to eq(200)
    first.backend.release(2)
    expect(held.map { |thread| thread.value.first }).to eq([200, 200, 200])
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
    expect(closed('resting')).to be > 30
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
