# frozen_string_literal: true

require 'net/http'
require 'socket'

# A program that a test starts, with its output in a file, and ends.
class Child
  # Generous: only a failing test waits that long.
  PATIENCE = 60

  attr_reader :pid, :log

  # The block is given the child, which has ended when it returns.
  def self.run(*command, log:, env: {})
    child = new(*command, log: log, env: env)
    yield child
  ensure
    child&.stop
  end

  # A port that was free a moment ago; who takes one starts again on conflict.
  def self.free_port
    TCPServer.open('127.0.0.1', 0) { |server| server.addr[1] }
  end

  def initialize(*command, log:, env: {})
    @log = log
    @name = File.basename(command.first)
    @pid = Process.spawn(env, *command, %i[out err] => [log, 'a'], in: File::NULL)
  end

  def stop
    return unless running?

    Process.kill('TERM', pid)
    await('to end') { !running? }
  rescue RuntimeError
    Process.kill('KILL', pid)
    Process.wait(pid)
    raise
  end

  def printed = File.read(log)

  # Returns what the block returns, once that is true.
  def await(what)
    deadline = now + PATIENCE
    loop do
      found = yield
      return found if found
      raise "#{@name} ended before it came #{what}:\n#{last_lines}" unless running? || what == 'to end'
      raise "waited in vain for #{@name} #{what}:\n#{last_lines}" if now > deadline

      sleep 0.05
    end
  end

  # The body of a page, nil unless the answer is 200.
  def self.get(url, query = {})
    uri = URI(url)
    uri.query = URI.encode_www_form(query) if query.any?
    answer = Net::HTTP.get_response(uri)
    answer.body if answer.is_a?(Net::HTTPOK)
  rescue Errno::ECONNREFUSED, Errno::ECONNRESET, EOFError
    nil
  end

  private

  def running?
    @running = Process.wait(pid, Process::WNOHANG).nil? if @running.nil? || @running
    @running
  end

  def last_lines = printed.lines.last(15).join

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
