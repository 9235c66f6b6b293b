# frozen_string_literal: true

require 'base64'
require 'json'

require_relative 'chromium'

# A page in a headless Chromium. It asks only loopback addresses.
class Browser
  Failed = Chromium::Failed

  # Seconds for what a page is asked to finish.
  LONG = 180

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
  def initialize(folder, user = nil, password = nil)
    @user = user
    @password = password
    @chromium = Chromium.new(folder)
    target = ask('Target.createTarget', 'url' => 'about:blank')['targetId']
    @chromium.session = ask('Target.attachToTarget', 'targetId' => target, 'flatten' => true)['sessionId']
    size(1280, 900)
    ask('Network.enable')
    ask('Page.enable')
    ask('Log.enable')
    ask('Runtime.enable')
    ask('Fetch.enable', 'handleAuthRequests' => true) if user
  end

  # Of the window, in pixels.
  def size(width, height)
    ask('Emulation.setDeviceMetricsOverride', 'width' => width, 'height' => height, 'deviceScaleFactor' => 1, 'mobile' => false)
  end

  # Opens a page, and waits until it shows what matches and its calls are answered.
  def open(url, shows)
    begin_following
    ask('Page.navigate', 'url' => url)
    follow(shows)
  end

  # Opens a page, and returns what an expression in it comes to.
  def outcome(url, expression)
    ask('Page.navigate', 'url' => url)
    loaded = 'document.readyState === "complete" ? 0 : new Promise(loaded => addEventListener("load", loaded))'
    evaluate("Promise.resolve(#{loaded}).then(() => #{expression})", LONG)
  end

  # Opens a page, and returns what Chromium says against it, and what it asked for beside itself.
  def complaints_about(url)
    @complaints = []
    begin_following
    outcome(url, 'document.title')
    # What is logged comes before the answer to this.
    run('1')
    others = @asked.values.map(&:last).reject { |asked| asked == url || asked.start_with?('data:') }
    @complaints + others.map { |asked| "it asks for #{asked}" }
  end

  # What an expression on the open page comes to.
  def run(expression) = evaluate(expression, LONG)

  # Scrollbars are not part of a page.
  def hide_scrollbars = ask('Emulation.setScrollbarsHidden', 'hidden' => true)

  # `light` or `dark`.
  def colours(scheme)
    ask('Emulation.setEmulatedMedia', 'features' => [{ 'name' => 'prefers-color-scheme', 'value' => scheme }])
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

  def stop = @chromium&.stop

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
      message = @chromium.receive([left, QUIET / 4.0].min)
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
      message = @chromium.receive(QUIET / 4.0)
      notice(message) if message
    end
    place
  end

  def evaluate(expression, timeout = Chromium::TIMEOUT)
    parameters = { 'expression' => expression, 'returnByValue' => true, 'awaitPromise' => true }
    ask('Runtime.evaluate', parameters, timeout).dig('result', 'value')
  end

  def ask(method, parameters = {}, timeout = Chromium::TIMEOUT)
    @chromium.ask(method, parameters, timeout) { |message| notice(message) }
  end

  def notice(message)
    parameters = message['params']
    case message['method']
    when 'Fetch.requestPaused' then @chromium.send_command('Fetch.continueRequest', 'requestId' => parameters['requestId'])
    when 'Fetch.authRequired' then log_in(parameters)
    when 'Log.entryAdded' then @complaints&.push(parameters['entry'].values_at('level', 'text').join(': '))
    when 'Runtime.consoleAPICalled' then @complaints&.push("console: #{parameters['args'].map { |one| one['value'] }.join(' ')}")
    when 'Network.requestWillBeSent' then asked(parameters)
    when 'Network.responseReceived' then answered(parameters, parameters['response']['status'])
    when 'Network.loadingFailed' then failed(parameters)
    end
  end

  def log_in(parameters)
    @chromium.send_command('Fetch.continueWithAuth', 'requestId' => parameters['requestId'], 'authChallengeResponse' => {
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
