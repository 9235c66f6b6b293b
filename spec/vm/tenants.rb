# frozen_string_literal: true

require 'json'

require_relative '../support/child_process'

# What the tenants' queries through Gorouter's stand-in came to.
class Tenants
  # A newest sample of this age, in seconds, is no gap: nodes are scraped every second.
  FRESH = 5
  # Queries in a row that show how it is.
  ENOUGH = 20

  Query = Struct.new(:slow, :verb, :began, :ended, :value, :caddy, :prometheus, :failed, keyword_init: true) do
    def fresh? = !slow && value && value <= FRESH
  end

  # `gorouter` is the program.
  def initialize(gorouter)
    @gorouter = gorouter
    @position = 0
    @queries = []
    @checks = {}
    @refused = {}
  end

  # All that ended since.
  def queries(since)
    read
    @queries.select { |query| query.ended >= since }
  end

  # Whether every one of so many instances has the route; what was said of one that has not.
  def routes?(number) = read && @checks.size == number && @checks.values.all? { |check| check['passes'] }
  def health_check(address) = read && @checks.dig(address, 'said').to_s

  # How many instances have the route.
  def routes = read && @checks.values.count { |check| check['passes'] }

  # The last ENOUGH quick ones.
  def recent = read && @queries.reject(&:slow).last(ENOUGH)

  # Why this instance could not be connected to, at last.
  def refused(address) = read && @refused[address].to_s

  def ask_slowly = @gorouter.send_signal(:USR1)

  # Waits until the last ENOUGH quick queries have new samples, from this instance's Prometheus.
  def await_from(instance)
    since = now
    @gorouter.await("answers with new samples from #{instance} only", within: 300) do
      last = queries(since).reject(&:slow).last(ENOUGH)
      last.size == ENOUGH && last.all? { |query| query.fresh? && query.prometheus == instance }
    end
  end

  # Waits until so many quick queries began and ended from now on, well or not.
  def await_more(number = ENOUGH)
    since = now
    @gorouter.await("#{number} queries") { queries(since).count { |query| query.began >= since && !query.slow } >= number }
  end

  def await(...) = @gorouter.await(...)

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  private

  def read
    File.open(@gorouter.log) do |file|
      file.seek(@position)
      # The last line may not be whole yet.
      file.each_line do |line|
        break unless line.end_with?("\n")

        @position += line.bytesize
        take(JSON.parse(line)) if line.start_with?('{')
      end
    end
    true
  end

  def take(said)
    return @checks[said['route']] = said if said['route']
    return @refused[said['instance']] = said['refused'] if said['instance']

    @queries << Query.new(**said.transform_keys(&:to_sym))
  end
end
