# frozen_string_literal: true

require 'ipaddr'

require_relative 'waiting'

# A program that a test starts and ends: in a process group of its own, with
# its output in a file. Every test of this folder starts its programs here.
class ChildProcess
  include Waiting

  # It ended while something was awaited of it.
  class Ended < StandardError
    def address_in_use? = message.include?('address already in use')
  end

  # Seconds that a program may take to end.
  STOP_TIMEOUT = 30
  SHOWN_LINES = 15
  # States in /proc/PID/net/tcp.
  LISTENING = '0A'

  @running = []

  class << self
    attr_reader :running

    # The block is given the program, which has ended when this returns.
    def run(*command, **options)
      child = new(*command, **options)
      yield child
    ensure
      child&.stop
    end
  end

  # Also when the test run is stopped, where RSpec's own hooks do not run.
  at_exit { running.dup.each(&:kill) }

  attr_reader :pid, :log

  # `options` are those of Process.spawn.
  def initialize(*command, log: File::NULL, env: {}, **options)
    @name = File.basename(command.first)
    @log = log
    @pid = Process.spawn(env, *command, in: File::NULL, %i[out err] => [log, 'a', 0o600], pgroup: true, **options)
    @end = Process.detach(pid)
    ChildProcess.running << self
  end

  # Ends it and returns its status. One that does not end by itself is killed,
  # and that is an error.
  def stop(signal = :TERM)
    send_signal(signal)
    return clean_up if @end.join(STOP_TIMEOUT)

    kill
    raise "#{@name} did not end within #{STOP_TIMEOUT} s of SIG#{signal}#{evidence}"
  end

  def kill
    send_signal(:KILL)
    clean_up
  end

  def send_signal(signal)
    Process.kill(signal, pid) if @end.alive?
  rescue Errno::ESRCH
    nil
  end

  def printed = File.read(log)

  # The match, once the program has printed a line that matches.
  def await_line(pattern)
    await("a line that matches #{pattern.inspect}") { printed.match(pattern) }
  end

  # The TCP port on IPv4 at which it listens, for programs that do not say what
  # the system chose for port 0. One that listens at several has an address for each.
  def await_port(address = '127.0.0.1')
    await("a port to listen on at #{address}") { listening_ports(address).first }
  end

  private

  def clean_up
    status = @end.value
    return status unless ChildProcess.running.delete(self)

    # What it started itself, if that is still there.
    Process.kill(:KILL, -pid)
    status
  rescue Errno::ESRCH
    status
  end

  def listening_ports(address)
    # As the kernel writes it: its bytes are those of a number of this machine.
    local = format('%08X:', IPAddr.new(address).hton.unpack1('L'))
    sockets = Dir["/proc/#{pid}/fd/*"].filter_map { |file| link(file)[/\Asocket:\[(\d+)\]\z/, 1] }
    rows = File.readlines("/proc/#{pid}/net/tcp").drop(1).map(&:split)
    rows.select { |row| row[3] == LISTENING && row[1].start_with?(local) && sockets.include?(row[9]) }
        .map { |row| row[1].split(':').last.hex }
  end

  def link(file)
    File.readlink(file)
  rescue SystemCallError
    ''
  end

  def pause(what)
    raise Ended, "#{@name} ended before this came: #{what}#{evidence}" if @end.join(INTERVAL)
  end

  def evidence = "\n#{@name} printed last:\n#{printed.lines.last(SHOWN_LINES).join}"
end
