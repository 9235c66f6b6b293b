# frozen_string_literal: true

require 'io/nonblock'
require 'io/wait'
require 'json'

# A headless Chromium, told what to do by the DevTools protocol over a pipe, so that no port is opened.
class Chromium
  class Failed < StandardError; end

  # Seconds for one command.
  TIMEOUT = 30
  NAMES = %w[chromium chromium-headless-shell chromium-browser google-chrome].freeze
  FLAGS = %w[--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --remote-debugging-pipe --ignore-certificate-errors
             --disable-background-networking --no-first-run --disable-renderer-backgrounding --disable-background-timer-throttling
             --disable-backgrounding-occluded-windows].freeze

  # The page that commands are for, once there is one.
  attr_writer :session

  # Its profile is in `folder`, and what it prints beside that.
  def initialize(folder)
    program = NAMES.find { |name| system('which', name, out: File::NULL) } or
      raise Failed, "found no Chromium, want one of #{NAMES.join(', ')}; scripts/setup chromium"
    theirs, @into = IO.pipe
    @from, answers = IO.pipe
    @from.binmode
    # Ruby's pipes do not block, and Chromium takes that for their end.
    [theirs, answers].each { |pipe| pipe.nonblock = false }
    @pid = Process.spawn(program, *FLAGS, "--user-data-dir=#{folder}", 'about:blank', 3 => theirs, 4 => answers,
                                                                                      %i[out err] => "#{folder}.log")
    [theirs, answers].each(&:close)
    @buffer = +''
    @number = 0
  end

  # The command's result. The block gets what Chromium tells meanwhile.
  def ask(method, parameters, timeout)
    number = send_command(method, parameters)
    ends = now + timeout
    while (message = receive(ends - now))
      return message['result'] || raise(Failed, "#{method}: #{message['error']}") if message['id'] == number

      yield message
    end
    raise Failed, "#{method}: Chromium did not answer within #{timeout} s"
  end

  # Without waiting for its result.
  def send_command(method, parameters)
    @number += 1
    command = { 'id' => @number, 'method' => method, 'params' => parameters }
    command['sessionId'] = @session if @session
    @into.write("#{JSON.generate(command)}\0")
    @into.flush
    @number
  end

  # The next message, or nil if none comes in so many seconds.
  def receive(seconds)
    ends = now + seconds
    until (message = @buffer.slice!(/\A[^\0]*\0/))
      return unless @from.wait_readable([ends - now, 0].max)

      @buffer << @from.readpartial(65_536)
    end
    JSON.parse(message.chomp("\0"))
  end

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
  end

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
