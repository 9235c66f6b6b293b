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

  # What can be clicked: by its whole text or label, else by what its text begins with.
  PLACE = <<~JAVASCRIPT
    (name => {
      const all = [...document.querySelectorAll('a, button, [role=tab], [role=menuitem]')].filter(one => one.getClientRects().length);
      const found = all.find(one => [one.innerText.trim(), one.getAttribute('aria-label')].includes(name)) ||
        all.find(one => one.innerText.trim().startsWith(name));
      if (!found) return null;
      found.scrollIntoView({block: 'center', behavior: 'instant'});
      const box = found.getBoundingClientRect();
      return {x: box.x + box.width / 2, y: box.y + box.height / 2};
    })
  JAVASCRIPT
  # Seconds without a new call, after which a page is taken for whole; and for what has not come.
  QUIET = 1
  PATIENCE = 60

  # What the page asked for since it was opened, or clicked: [status or error, method, URL].
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

  # Opens a page, and waits until it shows what matches and its calls are answered.
  def open(url, shows)
    begin_following
    ask('Page.navigate', 'url' => url)
    follow(shows)
  end

  # Clicks as a person does on what has this name, its own text or its label, and waits as `open` does.
  def click(name, shows)
    begin_following
    place = await_place(name)
    %w[mousePressed mouseReleased].each do |type|
      ask('Input.dispatchMouseEvent', 'type' => type, 'button' => 'left', 'clickCount' => 1, **place)
    end
    follow(shows)
  end

  # Of what the page has come to: on a busy machine the screen is behind it.
  def picture(file)
    evaluate('new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))')
    File.binwrite(file, Base64.decode64(ask('Page.captureScreenshot')['data']))
  end

  def text = evaluate('document.body ? document.body.innerText : ""')

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
  end

  private

  def begin_following
    @answers = []
    @asked = {}
    @heard = now
  end

  # One that does not come to this is left to the expectations.
  def follow(shows)
    ends = now + PATIENCE
    while (left = ends - now).positive?
      message = receive([left, QUIET / 4.0].min)
      notice(message) if message
      return if now - @heard > QUIET && @answers.size >= @asked.size && text.match?(shows)
    end
  end

  # Menus open slowly, so a place counts when it stays one.
  def await_place(name)
    ends = now + PATIENCE
    until (place = evaluate("#{PLACE}(#{JSON.generate(name)})")) && place == @place
      raise Failed, "found nothing to click that is called #{name} in:\n#{text}" if now > ends

      @place = place
      message = receive(QUIET / 4.0)
      notice(message) if message
    end
    place
  end

  def evaluate(expression)
    ask('Runtime.evaluate', 'expression' => expression, 'returnByValue' => true, 'awaitPromise' => true).dig('result', 'value')
  end

  def start(program, folder)
    theirs, @into = IO.pipe
    @from, answers = IO.pipe
    @from.binmode
    # Ruby's pipes do not block, and Chromium takes that for their end.
    [theirs, answers].each { |pipe| pipe.nonblock = false }
    @pid = Process.spawn(program, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe',
                         '--ignore-certificate-errors', '--disable-background-networking', '--no-first-run', '--disable-renderer-backgrounding',
                         '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows',
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
    when 'Network.requestWillBeSent' then asked(parameters)
    when 'Network.responseReceived' then answered(parameters, parameters['response']['status'])
    when 'Network.loadingFailed' then failed(parameters)
    end
  end

  def log_in(parameters)
    send_command('Fetch.continueWithAuth', 'requestId' => parameters['requestId'], 'authChallengeResponse' => {
                   'response' => 'ProvideCredentials', 'username' => @user, 'password' => @password
                 })
  end

  def asked(parameters)
    return unless @asked

    @heard = now
    @asked[parameters['requestId']] = parameters['request'].values_at('method', 'url')
  end

  def answered(parameters, status)
    request = @asked && @asked[parameters['requestId']]
    return unless request

    @heard = now
    @answers << [status, *request]
  end

  # What the page itself calls off has no answer.
  def failed(parameters)
    return @asked&.delete(parameters['requestId']) if parameters['canceled']

    answered(parameters, parameters['errorText'])
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
