# frozen_string_literal: true

require 'base64'
require 'io/nonblock'
require 'io/wait'
require 'json'

# A headless Chromium, told what to do by the DevTools protocol over a pipe, so
# that no port is opened. It asks only loopback addresses.
class Browser
  class Failed < StandardError; end

  # Seconds for one command.
  TIMEOUT = 30
  NAMES = %w[chromium chromium-browser google-chrome].freeze

  # What the page asked for since `open`: [status or error, method, URL].
  attr_reader :answers

  # `user` and `password` are typed in when the server asks.
  def initialize(folder, user, password)
    program = NAMES.find { |name| system('which', name, out: File::NULL) } or
      raise Failed, "found no Chromium, want one of #{NAMES.join(', ')}; apt-get install chromium"
    @user = user
    @password = password
    start(program, folder)
    target = ask('Target.createTarget', 'url' => 'about:blank')['targetId']
    @session = ask('Target.attachToTarget', 'targetId' => target, 'flatten' => true)['sessionId']
    ask('Emulation.setDeviceMetricsOverride', 'width' => 1280, 'height' => 900, 'deviceScaleFactor' => 1, 'mobile' => false)
    ask('Network.enable')
    ask('Page.enable')
    ask('Fetch.enable', 'handleAuthRequests' => true)
  end

  # Opens a page and follows what it asks for, for so many seconds.
  def open(url, seconds)
    @answers = []
    @asked = {}
    ask('Page.navigate', 'url' => url)
    ends = now + seconds
    while (left = ends - now).positive?
      message = receive(left)
      notice(message) if message
    end
  end

  def picture(file)
    File.binwrite(file, Base64.decode64(ask('Page.captureScreenshot')['data']))
  end

  def text
    ask('Runtime.evaluate', 'expression' => 'document.body.innerText')['result']['value']
  end

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
  end

  private

  def start(program, folder)
    theirs, @into = IO.pipe
    @from, answers = IO.pipe
    @from.binmode
    # Ruby's pipes do not block, and Chromium takes that for their end.
    [theirs, answers].each { |pipe| pipe.nonblock = false }
    @pid = Process.spawn(program, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe',
                         '--ignore-certificate-errors', '--disable-background-networking', '--no-first-run',
                         "--user-data-dir=#{folder}", 'about:blank', 3 => theirs, 4 => answers, %i[out err] => "#{folder}.log")
    [theirs, answers].each(&:close)
    @buffer = +''
    @number = 0
  end

  def ask(method, parameters = {})
    number = send_command(method, parameters)
    ends = now + TIMEOUT
    while (message = receive(ends - now))
      return message['result'] || raise(Failed, "#{method}: #{message['error']}") if message['id'] == number

      notice(message)
    end
    raise Failed, "#{method}: Chromium did not answer within #{TIMEOUT} s"
  end

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

  def notice(message)
    parameters = message['params']
    case message['method']
    when 'Fetch.requestPaused' then send_command('Fetch.continueRequest', 'requestId' => parameters['requestId'])
    when 'Fetch.authRequired' then log_in(parameters)
    when 'Network.requestWillBeSent' then @asked[parameters['requestId']] = parameters['request'].values_at('method', 'url') if @asked
    when 'Network.responseReceived' then answered(parameters, parameters['response']['status'])
    when 'Network.loadingFailed' then answered(parameters, parameters['errorText']) unless parameters['canceled']
    end
  end

  def log_in(parameters)
    send_command('Fetch.continueWithAuth', 'requestId' => parameters['requestId'], 'authChallengeResponse' => {
                   'response' => 'ProvideCredentials', 'username' => @user, 'password' => @password
                 })
  end

  def answered(parameters, status)
    request = @asked && @asked[parameters['requestId']]
    @answers << [status, *request] if request
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
