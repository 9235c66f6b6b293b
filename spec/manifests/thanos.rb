# frozen_string_literal: true

require 'json'

require_relative '../support/child_process'
require_relative '../support/http'

# A real Thanos, split as its documentation recommends: a Receive that routes,
# two that store, and a querier over both.
class Thanos
  # What the querier has to be told, and docs/scaling.md tells.
  QUERIER = %w[--query.replica-label=__replica__ --query.replica-label=receive_replica].freeze
  RECEIVERS = %w[one other].freeze

  # One of its components, ready. It does not say what the system chose for port 0,
  # so each listener has an address of its own.
  class Component
    WEB = '127.0.0.1'
    GRPC = '127.0.0.2'
    REMOTE_WRITE = '127.0.0.3'
    CAPNPROTO = '127.0.0.4'

    def self.run(folder, name, *arguments)
      command = ['thanos', *arguments, "--http-address=#{WEB}:0", "--grpc-address=#{GRPC}:0"]
      ChildProcess.run(*command, log: File.join(folder, "thanos-#{name}.log")) do |child|
        component = new(child)
        child.await('to be ready') { Http.get("http://#{component.address(WEB)}/-/ready") }
        yield component
      end
    end

    def self.receive(folder, name, *arguments, &block)
      run(folder, name, 'receive', "--tsdb.path=#{folder}/thanos-#{name}", "--label=receive_replica=\"#{name}\"",
          "--remote-write.address=#{REMOTE_WRITE}:0", "--receive.capnproto-address=#{CAPNPROTO}:0", *arguments, &block)
    end

    def initialize(child)
      @child = child
    end

    def await(...) = @child.await(...)

    def address(listener) = "#{listener}:#{@child.await_port(listener)}"
  end

  def self.installed? = ENV.fetch('PATH').split(':').any? { |path| File.executable?(File.join(path, 'thanos')) }

  # The block gets it, ready.
  def self.run(folder)
    Component.receive(folder, RECEIVERS.first) do |one|
      Component.receive(folder, RECEIVERS.last) do |other|
        receivers = [one, other].map { |receiver| receiver.address(Component::GRPC) }
        hashring = "--receive.hashrings=#{JSON.generate([{ endpoints: receivers }])}"
        Component.receive(folder, 'router', hashring, '--receive.hashrings-algorithm=ketama') do |router|
          endpoints = receivers.map { |receiver| "--endpoint=#{receiver}" }
          Component.run(folder, 'querier', 'query', *endpoints, *QUERIER) { |querier| yield new(router, querier) }
        end
      end
    end
  end

  def initialize(router, querier)
    @router = router
    @querier = querier
  end

  def await(...) = @querier.await(...)

  def write_url = "http://#{@router.address(Component::REMOTE_WRITE)}/api/v1/receive"

  # Labels => timestamps in milliseconds; without `deduplicate` all that it was ever sent.
  def samples(metric, deduplicate: false)
    query('query', query: "#{metric}{job=\"aiven\"}[1h]", dedup: deduplicate).to_h do |series|
      [series['metric'], series['values'].map { |time, _| (time * 1000).round }]
    end
  end

  # How many series the answer has at each second between two moments.
  def counts(metric, moments)
    answer = query('query_range', query: "count(#{metric}{job=\"aiven\"})", step: 1, lookback_delta: '1m',
                                  start: moments.begin / 1000.0, end: moments.end / 1000.0)
    answer.first['values'].map { |_, count| Integer(count) }
  end

  private

  # A receiver that does not answer is an error, not an answer with less in it.
  def query(path, **arguments)
    arguments = { partial_response: false, **arguments }
    JSON.parse(Http.get("http://#{@querier.address(Component::WEB)}/api/v1/#{path}", arguments)).dig('data', 'result')
  end
end
