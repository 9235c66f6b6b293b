# frozen_string_literal: true

# Stands for Gorouter, for route_registrar on each VM, and for the tenants that
# query all the while: with GET and with POST, one query after the other, to the instances in turn.
# An instance is asked only while its health check passes. Where no connection
# can be made, another instance is asked; for a GET also where it breaks; one that
# failed is avoided for a while. (Gorouter keeps connections to instances; this
# makes one for each query, so that none is lost with another's.)
#
# Prints a line of JSON for each query that has ended, for each connection that could
# not be made, and for each change of a health check. SIGUSR1 sends a slow query by each method to
# each instance that has the route.
#
#   ruby gorouter.rb CONFIG
#
# CONFIG is JSON: instances [{address, health_check: [command…]}], port, name, ca
# (a file), user, password, query, slow_query.

require 'json'
require 'net/http'
require 'open3'
require 'openssl'

# One instance of the route.
class Instance
  AVOIDED = 30

  attr_reader :address

  def initialize(address, health_check)
    @address = address
    @health_check = health_check
    @failed = nil
  end

  # Looks for ever; the block is told what changed.
  def watch(seconds)
    loop do
      said, status = Open3.capture2e(*@health_check)
      before = @looked
      @looked = [status.success?, said.strip]
      yield(*@looked) if before != @looked
      sleep(seconds)
    end
  end

  def registered? = @looked&.first
  def avoided? = @failed && Gorouter.now - @failed < AVOIDED
  def failed = @failed = Gorouter.now
  def forgive = @failed = nil
end

# The route, and who asks.
class Gorouter
  VERBS = %w[GET POST].freeze
  # Between an answer and the next query.
  INTERVAL = 0.1
  ATTEMPTS = 3
  # route_registrar's is 10 s on a platform.
  REGISTRATION_INTERVAL = 1
  CONNECT_TIMEOUT = 5
  # Longer than Caddy tries.
  ANSWER_TIMEOUT = 120

  # No connection was made: nothing has been asked.
  class Unconnected < StandardError; end

  def self.now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def initialize(config)
    @config = config
    @instances = config['instances'].map { |one| Instance.new(one['address'], one['health_check']) }
    @turn = -1
    @lock = Mutex.new
  end

  def run
    @instances.each do |instance|
      Thread.new { instance.watch(REGISTRATION_INTERVAL) { |passes, said| say(route: instance.address, passes: passes, said: said) } }
    end
    VERBS.each { |verb| Thread.new { ask_on(verb) } }
    slow = Queue.new
    trap(:USR1) { slow << true }
    loop do
      slow.pop
      @instances.select(&:registered?).product(VERBS) do |instance, verb|
        Thread.new { ask(verb, @config['slow_query'], slow: true, through: instance) }
      end
    end
  end

  private

  # One after the other: on a machine that is busy there are fewer, and no more at once.
  def ask_on(verb)
    loop do
      ask(verb, @config['query'])
      sleep(INTERVAL)
    end
  end

  # `through` is asked first, and else the one that is next.
  def ask(verb, query, slow: false, through: nil)
    began = Gorouter.now
    say(slow: slow, verb: verb, began: began, **answer(verb, query, through), ended: Gorouter.now)
  end

  def answer(method, query, through)
    ATTEMPTS.times do
      instance = through || choose or return { failed: '404: no instance has the route' }
      through = nil
      return asked(instance, method, query)
    rescue Unconnected => e
      instance.failed
      @last = e.message
      say(instance: instance.address, refused: @last)
    rescue SystemCallError, IOError, OpenSSL::SSL::SSLError, Timeout::Error => e
      instance.failed
      @last = "#{e.class}: #{e.message}"
      return { failed: "broken: #{@last}" } unless method == 'GET'
    end
    { failed: "502: #{@last}" }
  end

  # The next one in turn that is not avoided; all are, when each of them failed.
  def choose
    @lock.synchronize do
      registered = @instances.rotate(@turn += 1).select(&:registered?)
      registered.each(&:forgive) if registered.all?(&:avoided?)
      registered.find { |instance| !instance.avoided? }
    end
  end

  def asked(instance, method, query)
    connected(instance) do |http|
      answer = http.request(request(method, query))
      from = { caddy: answer['X-Prometheus-Failover'], prometheus: answer['X-Prometheus'] }
      next { failed: "#{answer.code}: #{answer.body.to_s.strip}", **from } unless answer.code == '200'

      { value: JSON.parse(answer.body).dig('data', 'result', 0, 'value', 1)&.to_f, **from }
    end
  end

  def connected(instance)
    http = Net::HTTP.new(@config['name'], @config['port'], nil)
    http.ipaddr = instance.address
    http.use_ssl = true
    http.ca_file = @config['ca']
    http.open_timeout = CONNECT_TIMEOUT
    http.read_timeout = ANSWER_TIMEOUT
    http.max_retries = 0
    begin
      http.start
    rescue SystemCallError, IOError, OpenSSL::SSL::SSLError, Timeout::Error => e
      raise Unconnected, "#{instance.address}: #{e.message}"
    end
    yield http
  ensure
    http.finish if http&.started?
  end

  def request(method, query)
    form = URI.encode_www_form(query: query)
    made = method == 'GET' ? Net::HTTP::Get.new("/api/v1/query?#{form}") : Net::HTTP::Post.new('/api/v1/query')
    if method == 'POST'
      made.body = form
      made['Content-Type'] = 'application/x-www-form-urlencoded'
    end
    made['Connection'] = 'close'
    made.basic_auth(@config['user'], @config['password'])
    made
  end

  def say(what)
    @lock.synchronize { $stdout.puts(JSON.generate(what)) }
  end
end

$stdout.sync = true
Gorouter.new(JSON.parse(File.read(ARGV.fetch(0)))).run
