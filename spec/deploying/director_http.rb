# frozen_string_literal: true

require 'json'
require 'webrick'
require 'webrick/https'

require_relative 'director'

# The Director's HTTP API on loopback, as far as the bosh CLI asks for it on the way of docs/deploying.md
# (bosh: director/api/controllers). Work is done when it is asked for; its task is over at once.
class DirectorHttp
  CLIENT = 'operator'
  SECRET = 'secret-of-the-operator'

  attr_reader :certificate

  def self.run(director)
    server = new(director)
    yield server
  ensure
    server&.stop
  end

  def initialize(director)
    @director = director
    @tasks = []
    authority = CredHub.new('/of-the-test').tap { |made| made.declare(CERTIFICATES) }
    @certificate = authority.get('director', 'ca')
    @server = TlsServer.new(authority.get('director')) { |request, response| answer(request, response) }
  end

  CERTIFICATES = [
    { 'name' => 'ca', 'type' => 'certificate', 'options' => { 'common_name' => 'ca', 'is_ca' => true } },
    { 'name' => 'director', 'type' => 'certificate',
      'options' => { 'common_name' => 'director', 'alternative_names' => ['127.0.0.1'], 'ca' => 'ca' } }
  ].freeze

  # WEBrick on a port of the system's choice, with a certificate of CredHub.
  class TlsServer
    def initialize(certificate, &answer)
      silent = WEBrick::Log.new(File::NULL)
      @server = WEBrick::HTTPServer.new(
        BindAddress: '127.0.0.1', Port: 0, Logger: silent, AccessLog: [], SSLEnable: true,
        SSLCertificate: OpenSSL::X509::Certificate.new(certificate['certificate']), SSLPrivateKey: OpenSSL::PKey.read(certificate['private_key'])
      )
      @server.mount_proc('/', &answer)
      @thread = Thread.new { @server.start }
    end

    def port = @server.config[:Port]

    def stop
      @server.shutdown
      @thread.join
    end
  end

  def url = "https://127.0.0.1:#{@server.port}"
  def stop = @server.stop

  private

  def answer(request, response)
    return json(response, @director.info) if request.path == '/info'

    WEBrick::HTTPAuth.basic_auth(request, response, 'BOSH Director') { |client, secret| [client, secret] == [CLIENT, SECRET] }
    send(request.request_method.downcase, request, response)
  end

  def get(request, response)
    case request.path
    when '/stemcells' then json(response, @director.stemcells)
    when '/cloud_configs' then json(response, @director.cloud_configs)
    when '/configs' then json(response, [])
    when '/releases' then json(response, @director.releases)
    when %r{\A/releases/[\w-]+\z} then json(response, { jobs: [], packages: [] })
    when '/deployments' then json(response, [{ name: Director::DEPLOYMENT, releases: [], stemcells: [], teams: [] }])
    when '/deployments/cf/instances' then json(response, task(lines: true) { @director.instances })
    when %r{\A/tasks/(\d+)\z} then json(response, @tasks.fetch(Integer(Regexp.last_match(1))).slice(:id, :state))
    when %r{\A/tasks/(\d+)/output\z} then output(request, response, @tasks.fetch(Integer(Regexp.last_match(1))))
    else raise WEBrick::HTTPStatus::NotFound
    end
  end

  def post(request, response)
    case request.path
    when '/packages/matches' then json(response, [])
    when '/releases' then redirect(response, task { release(request) })
    when '/deployments/cf/diff' then json(response, { context: {}, diff: difference(request.body) })
    when '/deployments' then redirect(response, task { @director.deploy(request.body, dry_run: request.query_string.include?('dry_run=true')) })
    when %r{\A/deployments/cf/errands/([\w-]+)/runs\z}
      name = Regexp.last_match(1)
      redirect(response, task(lines: true) { @director.run_errand(name) })
    when '/deployments/cf/ssh' then redirect(response, task { ssh(JSON.parse(request.body)) })
    else raise WEBrick::HTTPStatus::NotFound
    end
  end

  def release(request)
    json?(request) ? @director.fetch_release(JSON.parse(request.body)) : @director.receive_release(request.body)
  end

  def json?(request) = request.content_type == 'application/json'
  def ssh(asked) = asked['command'] == 'setup' ? @director.open_ssh(asked['target']) : []

  # The groups that come and go, one line each.
  def difference(text)
    before, after = [@director.manifest, YAML.safe_load(text)].map { |manifest| manifest['instance_groups'].map { |group| group['name'] } }
    (after - before).map { |name| ["- name: #{name}", 'added'] } + (before - after).map { |name| ["- name: #{name}", 'removed'] }
  end

  # What the block returns is the task's result; `lines`: an object a line.
  def task(lines: false)
    result = yield
    keep(:done, '', lines ? result.map { |one| "#{JSON.generate(one)}\n" }.join : JSON.generate(result))
  rescue Director::Refused => e
    keep(:error, "#{JSON.generate({ time: Time.now.to_i, error: { code: 100, message: e.message } })}\n", '')
  end

  def keep(state, events, result)
    { id: @tasks.size, state: state, 'event' => events, 'result' => result }.tap { |task| @tasks << task }
  end

  def output(request, response, task)
    text = task.fetch(request.query['type'])
    from = request['Range'].to_s[/\d+/].to_i
    raise WEBrick::HTTPStatus::RequestRangeNotSatisfiable if request['Range'] && from >= text.bytesize

    response.body = text.byteslice(from..)
  end

  def json(response, value)
    value = value.slice(:id, :state) if value.is_a?(Hash) && value.key?('event')
    response.content_type = 'application/json'
    response.body = JSON.generate(value)
  end

  def redirect(response, task)
    response.set_redirect(WEBrick::HTTPStatus::Found, "#{url}/tasks/#{task[:id]}")
  end
end
