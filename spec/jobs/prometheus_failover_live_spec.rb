# frozen_string_literal: true

require 'etc'

require_relative '../spec_helper'
require_relative 'prometheus_failover/rig'

# What the rendered configuration does, on the Caddy that is packaged.
RSpec.describe 'job prometheus-failover, running' do
  grafana, = FailoverContext::USERS
  right = FailoverRig.basic(grafana['name'], grafana['password'])
  form = 'Content-Type: application/x-www-form-urlencoded'

  include_context 'with a failover rig'

  def get(path, *headers, index: 0)
    rig.send_raw(["GET #{path} HTTP/1.1", *headers], index: index)
  end

  def post(path, *headers, body)
    rig.send_raw(["POST #{path} HTTP/1.1", *headers, "Content-Length: #{body.bytesize}"], body)
  end

  def asked
    rig.instances.flat_map { |instance| instance.backend.requests }
  end

  it 'has a configuration that Caddy validates, and of which every key is known to it' do
    output, status = Open3.capture2e(FailoverRig::CADDY, 'validate', '--config', 'config/caddy.json', '--envfile',
                                     File.join(first.data, 'password-hashes'), chdir: first.job)
    expect(output).to include('Valid configuration')
    expect(status).to be_success
  end

  it 'answers from the same Prometheus through both instances' do
    answers = [0, 1, 0, 1].map { |index| get('/api/v1/query?query=up', right, index: index).last[/backend \d/] }
    expect(answers).to all(eq('backend 0'))
  end

  it 'says through which instances an answer came' do
    [0, 1].each do |index|
      answer = get('/api/v1/query?query=up', right, index: index).last
      expect(answer).to include("X-Prometheus: prometheus/0\r\n", "X-Prometheus-Failover: prometheus/#{index}\r\n")
    end
  end

  describe 'credentials' do
    it 'let the users in, with GET and POST, and end at Caddy' do
      FailoverContext::USERS.each do |user|
        expect(get('/api/v1/query?query=up', FailoverRig.basic(user['name'], user['password'])).first).to eq(200)
      end
      expect(post('/api/v1/query', right, form, 'query=up{job="x"}').first).to eq(200)
      expect(asked.map(&:headers)).to all(satisfy { |headers| !headers.key?('authorization') })
    end

    it 'arrive whole in any case of the scheme' do
      expect(get('/api/v1/query', right.sub('Basic', 'bASIC')).first).to eq(200)
    end

    other = FailoverContext::USERS.last
    { 'none' => [],
      'a wrong password' => [FailoverRig.basic('grafana', 'wrong-wrong-wrong-wrong')],
      'an empty password' => [FailoverRig.basic('grafana', '')],
      "another user's password" => [FailoverRig.basic('grafana', other['password'])],
      'an unknown user' => [FailoverRig.basic('mallory', grafana['password'])],
      'a user whose name begins as a known one' => [FailoverRig.basic('grafana8', grafana['password'])],
      'a user whose name is the beginning of a known one' => [FailoverRig.basic('graf', grafana['password'])],
      'another case of the name' => [FailoverRig.basic('Grafana', grafana['password'])],
      'a bearer token' => ['Authorization: Bearer abc'],
      'what is not base64' => ['Authorization: Basic Z3JhZmFuYTo!!!'],
      'an unknown user first' => [FailoverRig.basic('mallory', 'x'), right],
      'a known user first, twice' => [FailoverRig.basic('grafana', 'x'), right],
      'a password as long as the header allows' => [FailoverRig.basic('grafana', 'x' * 30_000)],
      'credentials for a proxy' => [right.sub('Authorization', 'Proxy-Authorization')] }.each do |what, headers|
      it "refuse #{what}, and say what is needed" do
        status, answer = get('/api/v1/query?query=up', *headers)
        expect(status).to eq(401)
        expect(answer).to include('Www-Authenticate: Basic realm="Prometheus"')
        expect(asked).to be_empty
      end
    end

    # CPU of Caddy for requests on one connection.
    def cost(requests)
      socket = rig.connect
      before = first.cpu
      requests.each do |authorization|
        socket.write("GET /api/v1/status/flags HTTP/1.1\r\nHost: x\r\n#{authorization}\r\n\r\n")
        length = 0
        while (line = socket.gets.chomp) && !line.empty?
          length = line.split(': ').last.to_i if line.start_with?('Content-Length')
        end
        socket.read(length)
      end
      [first.cpu - before, 0.01].max
    ensure
      socket.close
    end

    it 'cost about the same when they are wrong as when they are right' do
      number = 2000
      guess = ->(name) { Array.new(number) { |round| FailoverRig.basic(name, "guess-number-#{round}") } }
      cost([right] * 50)
      costs = { right: cost([right] * number), wrong: cost(guess['grafana']), unknown: cost(guess['mallory']) }
      # Unguarded, an unknown user costs a hundred times as much.
      expect(costs[:wrong]).to be < 5 * costs[:right], costs.inspect
      expect(costs[:unknown]).to be < 5 * costs[:right], costs.inspect
    end

    it 'cost nobody a thing while somebody guesses: names that share bits with a known one are refused first' do
      # `al:` is 24 bits, `grafana:` 64: of its last character only the first bits belong to the colon.
      number = 300
      near = Array.new(number) { |round| FailoverRig.basic("grafana#{(';'.ord + (round % 4)).chr}", "x#{round}") }
      expect(cost(near)).to be < 5 * cost([right] * number)
    end
  end

  describe 'paths' do
    allowed = ['/', '/graph', '/graph?g0.expr=up', '/api/v1/query?query=up', '/api/v1/query_range', '/api/v1/series',
               '/api/v1/labels', '/api/v1/label/__name__/values', '/api/v1/metadata', '/api/v1/rules', '/api/v1/alerts',
               '/api/v1/targets', '/api/v1/scrape_pools', '/api/v1/notifications',
               '/api/v1/status/buildinfo', '/api/v1/status/walreplay', '/-/ready', '/-/healthy',
               '/service-discovery', '/static/js/main.0123abcd.js', '/favicon.ico']
    allowed.each do |path|
      it "serve #{path}, as it was written" do
        expect(get(path, right).first).to eq(200)
        expect(asked.map(&:target)).to eq([path])
      end
    end

    plain = ['/-/reload', '/-/quit', '/api/v1/admin/tsdb/delete_series', '/api/v1/admin/tsdb/snapshot', '/api/v1/write',
             '/api/v1/read', '/api/v1/otlp/v1/metrics', '/api/v1/status/config', '/api/v1/status/flags',
             '/api/v1/status/runtimeinfo', '/api/v1/status/tsdb', '/api/v1/status/tsdb/blocks', '/api/v1/targets/relabel_steps', '/api/v1/features',
             '/api/v1/openapi.yaml', '/api/v1/alertmanagers', '/api/v1/notifications/x',
             '/debug/pprof/heap', '/metrics',
             '/federate', '/api/v1/format_query', '/api/v1/parse_query',
             '/config', '/flags', '/status', '/tsdb-status',
             '/alertmanager-discovery', '/agent', '/consoles/index.html', '/user/x', '/version']
    plain.each do |path|
      it "do not serve #{path}, in any spelling, with any method" do
        last = path.split('/').last
        spellings = [
          path, "#{path}/", "#{path}?query=up", "#{path}?/api/v1/query", "/#{path}", path.sub(last, "/#{last}"),
          path.gsub('/', '//'), "/.#{path}", "/x/..#{path}", "/graph/..#{path}", "/static/..#{path}", "/static/%2e%2e#{path}",
          "/graph/%2e%2e#{path}", "/static/..%2f#{path}", path.sub(last[0], format('%%%02x', last[0].ord)),
          path.sub(last[0], format('%%%02X', last[0].ord)), path.sub('/', '/%2f'), path.upcase, path.capitalize,
          "#{path}%20", "#{path};x", "#{path}%00", "/api/v1/query/../../..#{path}", "/api/v1/query%2f..%2f..%2f..#{path}",
          path.tr('/', '\\'), "http://127.0.0.1#{path}", "http://127.0.0.1/#{path}"
        ]
        spellings.product(%w[GET POST]).each do |spelling, method|
          status, = rig.send_raw(["#{method} #{spelling} HTTP/1.1", right, 'Content-Length: 0'])
          # 400: Go's server does not take it for a request at all.
          expect([400, 403]).to include(status), "#{method} #{spelling}: #{status}"
        end
        expect(asked).to be_empty
      end
    end

    # Prometheus' page and Grafana show the sentence of an answer that looks like Prometheus' own; of others the status.
    it 'are refused below /api/ as Prometheus itself would' do
      status, answer = rig.send_raw(['GET /api/v1/parse_query?query=up HTTP/1.1', right])
      head, body = answer.split("\r\n\r\n", 2)
      expect(status).to eq(403)
      expect(head).to match(%r{^Content-Type: application/json\r$}i)
      expect(JSON.parse(body)).to match('status' => 'error', 'errorType' => 'forbidden', 'error' => /\AThis is not served here: /)
      _, answer = rig.send_raw(['GET /config HTTP/1.1', right])
      expect(answer).to match(%r{^Content-Type: text/plain.*\r\n\r\nThis is not served here: }mi)
    end

    it 'keep no connection open for the news that the page of Prometheus 3 asks for' do
      expect(get('/api/v1/notifications/live', right).first).to eq(204)
      expect(get('/api/v1/notifications/live').first).to eq(401)
      expect(asked).to be_empty
    end

    %w[PUT DELETE PATCH OPTIONS TRACE CONNECT FOO].each do |method|
      it "do not serve #{method}" do
        expect(rig.send_raw(["#{method} /api/v1/query HTTP/1.1", right]).first).to be_between(400, 403)
        expect(asked).to be_empty
      end
    end

    it 'do not take a POST for what only is read' do
      expect(post('/api/v1/targets', right, form, 'query=up').first).to eq(403)
      expect(post('/federate', right, form, 'match[]=up').first).to eq(403)
      expect(asked).to be_empty
    end
  end

  describe 'bodies' do
    it 'reach Prometheus whole, braces and all' do
      query = "query=#{'a' * 60_000}{env.PASSWORD_HASH_0}"
      expect(post('/api/v1/query', right, form, query).first).to eq(200)
      expect(asked.map(&:body)).to eq([query])
    end

    broken = { 'that is too long' => [413, 'a' * 1_100_000, nil],
               'that is too long and in chunks' => [413, "10c8e0\r\n#{'a' * 1_100_000}\r\n0\r\n\r\n", 'Transfer-Encoding: chunked'],
               'in broken chunks' => [400, "zz\r\nquery=up\r\n", 'Transfer-Encoding: chunked'] }
    broken.each do |what, (status, body, header)|
      it "#{what} is not taken for the fault of Prometheus" do
        3.times do
          got, = rig.send_raw(['POST /api/v1/query HTTP/1.1', right, form, header || "Content-Length: #{body.bytesize}"], body)
          # A server that does not read on may reset the connection before its answer is read.
          expect(got).to eq(status).or be_nil
          expect(get('/api/v1/query?query=up', right).last).to include('backend 0')
        end
      end
    end
  end

  describe 'answers' do
    it 'tell browsers what not to do, and nothing of what stands behind' do
      [get('/graph', right), get('/graph'), get('/metrics', right)].each do |_, answer|
        expect(answer).to include('X-Content-Type-Options: nosniff', 'X-Frame-Options: DENY', 'Strict-Transport-Security: max-age=')
        expect(answer).not_to match(/^(Server|Via|Access-Control-\S+):/i)
      end
    end
  end

  describe 'log' do
    it 'has who asked, and neither what nor with which password' do
      get('/api/v1/query?query=secret_of_a_tenant', right, 'X-Forwarded-For: 198.51.100.7', 'Cookie: c00kie', 'Referer: http://x/?ref3rer')
      get('/api/v1/query?query=secret_of_a_tenant', FailoverRig.basic('grafana', 'not-the-password'))
      text = File.read(first.log)
      last = text.lines.grep(/198\.51\.100\.7/).map { |line| JSON.parse(line) }.last
      expect(last).to include('user_id' => 'grafana', 'status' => 200)
      expect(last['request']).to include('client_ip' => '198.51.100.7', 'uri' => '/api/v1/query?…')
      ['secret_of_a_tenant', grafana['password'], [grafana.values.join(':')].pack('m0'), 'not-the-password', 'c00kie', 'ref3rer',
       'argon2'].each { |secret| expect(text).not_to include(secret) }
    end
  end

  describe 'other listeners' do
    def plain(port, path)
      Net::HTTP.get_response(URI("http://127.0.0.1:#{first.ports[port]}#{path}"))
    end

    it 'give metrics, and nothing else' do
      expect(plain(:metrics, '/metrics').body).to include('caddy_http_requests_in_flight', 'caddy_reverse_proxy_upstreams_healthy')
      expect(plain(:metrics, '/metrics/prometheus').code).to eq('200')
      ['/', '/health', '/config/', '/api/v1/query', '/debug/pprof/', '/-/ready', '//metrics/x', '/metrics/other'].each do |path|
        expect(plain(:metrics, path).code).to eq('404'), path
      end
    end

    it 'give health, and to the scripts of the job metrics, and nothing else' do
      expect(plain(:health, '/metrics').body).to include('caddy_http_requests_in_flight')
      expect(plain(:health, '/health').code).to eq('200')
      expect(plain(:health, '/api/v1/query').code).to eq('404')
    end

    it 'let in nobody without a certificate of the peers\' CA' do
      stranger = FailoverCertificates::PLATFORM.sign('prometheus-failover', 'serverAuth,clientAuth')
      { nil => false, stranger => false, FailoverCertificates::PEER => true }.each do |pair, enters|
        http = Net::HTTP.new('127.0.0.1', first.ports[:peer])
        http.use_ssl = true
        # The client's own judgement is not what is tested.
        http.verify_mode = OpenSSL::SSL::VERIFY_NONE
        http.cert = pair && OpenSSL::X509::Certificate.new(pair['certificate'])
        http.key = pair && OpenSSL::PKey.read(pair['private_key'])
        answer = begin
          http.get('/-/ready').code
        rescue OpenSSL::SSL::SSLError, SystemCallError, EOFError
          nil
        end
        expect(answer).to eq(enters ? '200' : nil)
      end
    end

    it 'do not serve to peers what is not served to tenants' do
      http = Net::HTTP.new('127.0.0.1', first.ports[:peer])
      http.use_ssl = true
      http.verify_mode = OpenSSL::SSL::VERIFY_NONE
      http.cert = OpenSSL::X509::Certificate.new(FailoverCertificates::PEER['certificate'])
      http.key = OpenSSL::PKey.read(FailoverCertificates::PEER['private_key'])
      expect(http.get('/-/reload').code).to eq('403')
      expect(asked).to be_empty
    end
  end

  describe 'scripts' do
    it 'make hashes that stay, that only the group may read, and of which no argument tells' do
      file = File.join(first.data, 'password-hashes')
      before = File.read(file)
      expect(first.script('pre-start').last).to be_success
      expect(File.read(file)).to eq(before)
      expect(File.stat(file).mode & 0o7777).to eq(0o640)
      expect(File.read("/proc/#{first.caddy.pid}/cmdline")).not_to match(/argon2|#{grafana['password']}/)
    end

    it 'make other hashes for other passwords' do
      folder do |path|
        passwords = File.join(path, 'passwords')
        into = File.join(path, 'hashes')
        contents = %w[first-password-first other-password-other].map do |password|
          File.write(passwords, "grafana #{password}\n")
          _, status = Open3.capture2e(File.join(first.job, 'bin/hash-passwords'), FailoverRig::CADDY, passwords, into)
          expect(status).to be_success
          File.read(into)
        end
        expect(contents.uniq.size).to eq(2)
      end
    end

    it 'write hashes without a word, with nothing but PATH in the environment' do
      folder do |path|
        passwords = File.join(path, 'passwords').tap { |file| File.write(file, "grafana first-password-first\n") }
        arguments = [File.join(first.job, 'bin/hash-passwords'), FailoverRig::CADDY, passwords, File.join(path, 'hashes')]
        said, = Open3.capture2e({ 'PATH' => ENV.fetch('PATH') }, *arguments, unsetenv_others: true)
        expect(said).to eq('')
        expect(Dir.children(path)).to contain_exactly('passwords', 'hashes')
      end
    end
  end
end

# It ends a backend, so it has a rig of its own.
RSpec.describe 'job prometheus-failover, without its own Prometheus' do
  include_context 'with a failover rig'

  it 'tells under the port for peers that this instance\'s own Prometheus is dead, and not under its own' do
    healthy = lambda do |address|
      page = Http.get("http://127.0.0.1:#{first.ports[:metrics]}/metrics")
      page[/^caddy_reverse_proxy_upstreams_healthy\{upstream="#{Regexp.escape(address)}"\} (\d)/, 1]
    end
    own = "127.0.0.1:#{first.ports[:peer]}"
    first.caddy.await('its Prometheus to be healthy') { healthy[own] == '1' }
    first.backend.stop
    first.caddy.await('its Prometheus to be found dead') { healthy[own] == '0' }
    # docs/failover.md warns of it.
    expect(healthy[first.backend.address]).to eq('1')
  end
end
