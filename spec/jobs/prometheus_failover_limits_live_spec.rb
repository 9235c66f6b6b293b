# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative 'prometheus_failover/limited'

# What ends a query, or a connection, that nobody can be told of any more: with
# real Prometheus servers, whose other users are served meanwhile.
RSpec.describe 'job prometheus-failover, with limits and Prometheus' do
  include Limited

  attr_reader :rig

  limits = { 'queries' => 3, 'queries_per_user' => 2, 'waiting_per_user' => 64, 'connections' => 64,
             'body_timeout' => '1m', 'answer_timeout' => '2s', 'abandoned_for' => '16s' }

  before do
    @folder = Dir.mktmpdir('aiven-metrics-release')
    @servers = Array.new(2) { |index| Prometheus.new(File.join(@folder, "prometheus#{index}")) }
    change = ->(given, _) { given.merge('limits' => limits, 'prometheus' => given['prometheus'].merge('query_timeout' => '5s')) }
    @rig = FailoverRig.new(@folder, backends: @servers, change: change)
  end

  after do
    # One may still work on what it cannot stop.
    @servers&.each(&:kill)
    @rig&.stop
    FileUtils.rm_rf(@folder)
  end

  # Starts a query, and is its connection.
  def start(user, expression, path: 'query')
    rig.connect.tap do |socket|
      target = "/api/v1/#{path}#{path.include?('?') ? '&' : '?'}#{URI.encode_www_form(query: expression)}"
      socket.write("GET #{target} HTTP/1.1\r\nHost: x\r\n#{user}\r\nConnection: close\r\n\r\n")
    end
  end

  def connects?
    rig.connect.close
    true
  rescue OpenSSL::SSL::SSLError, SystemCallError
    false
  end

  # All that comes until the connection ends, in whatever way.
  def rest_of(socket)
    answer = +''
    loop { answer << socket.readpartial(65_536) }
  rescue EOFError, SystemCallError, OpenSSL::SSL::SSLError
    answer
  end

  def logged(text) = File.readlines(first.log).map { |line| JSON.parse(line) }.select { |line| line['msg'].include?(text) }

  # That Prometheus answers, and that it is the first one.
  def expect_served(user, index: 0)
    expect(get(user, '/api/v1/query?query=vector(1)', index: index)).to match([200, include('X-Prometheus: prometheus/0', '"success"')])
  end

  it 'closes a connection whose client does not read its answer' do
    series = Array.new(60) { |number| %(label_replace(vector(1), "number", "#{number}", "", "")) }.join(' or ')
    # 11000 points of each: 12 MB, more than the kernel keeps for somebody who does not read.
    reader = start(greedy, series, path: 'query_range?start=1700000000&end=1700010999&step=1')
    reader.io.setsockopt(Socket::SOL_SOCKET, Socket::SO_RCVBUF, 65_536)
    expect(reader.readpartial(12)).to eq('HTTP/1.1 200')
    expect_served(modest)
    await('it is cut off') { cut_off('answer_timeout') == 1 }
    await('its place is free') { running.zero? }
    expect(rest_of(reader).bytesize).to be < 10_000_000
    expect(logged('limits.answer_timeout')).to match([include('level' => 'warn', 'msg' => include('user grafana'))])
    # Neither Prometheus is taken for broken.
    expect_served(modest)
  ensure
    reader&.close
  end

  it 'gives the place of a query to others that Prometheus cannot end' do
    endless = 'sum_over_time(sum_over_time(sum_over_time(vector(1)[30d:10s])[30d:10s])[30d:10s])'
    answers = Array.new(2) { start(greedy, endless) }.map { |socket| rest_of(socket) }
    expect(answers).to all(include('HTTP/1.1 504', '16s are over (limits.abandoned_for)'))
    expect([running, queries('abandoned')]).to eq([2, 2])
    expect_served(modest)
    await('their places are free') { running.zero? }
    expect([queries('abandoned'), cut_off('abandoned_for'), refused('query_timeout')]).to eq([0, 2, 2])
    expect(logged('limits.abandoned_for')).to match([include('level' => 'warn', 'msg' => include('user grafana'))] * 2)
    expect_served(greedy)
  end

  it 'closes a connection too many before TLS, and the other instance serves its client' do
    carriers = Array.new(64) { hold(greedy, 100) }
    await('all connections carry a query') { queries('waiting') == 64 }
    expect(connects?).to be(false)
    expect(closed('new')).to eq(1)
    # As Gorouter does it, which has no connection then.
    expect_served(modest, index: 1)
    carriers.pop.close
    await('there is room') { queries('waiting') == 63 }
    expect_served(modest)
  ensure
    carriers&.each(&:close)
  end
end
