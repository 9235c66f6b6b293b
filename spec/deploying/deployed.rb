# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'net/http'

require_relative '../support/child_process'
require_relative '../support/http'
require_relative '../support/simulated_aiven'
require_relative 'director_http'

# What there is after a deployment: the first VM's job aiven-metrics, whose daemon runs with the deployed configuration
# against a simulated Aiven; what CredHub has, as files; and the route.
class Deployed
  # `folder` is in the place of /var/vcap.
  def initialize(director, folder, aiven)
    @director = director
    @folder = folder
    @aiven = aiven
    lay_out
    write_values
    @daemon = ChildProcess.new(path('packages/aiven-metrics/bin/aiven-metrics'), 'run', '--config', @config, log: path('daemon.log'))
    await_scrapes
    @route = DirectorHttp::TlsServer.new(director.cred_hub.get('router_ssl')) { |request, response| query(request, response) }
  end

  def stop
    @route.stop
    @daemon.stop
  end

  # For curl: to where Gorouter would be.
  def curl = "connect-to = \"#{host}:443:127.0.0.1:#{@route.port}\"\n"

  private

  def path(name) = File.join(@folder, name)
  def properties(job) = @director.cred_hub.fill(job_of(job)['properties'])
  def job_of(name) = @director.manifest['instance_groups'].flat_map { |group| group['jobs'] }.find { |job| job['name'] == name }
  def host = properties('route_registrar').dig('route_registrar', 'routes', 0, 'uris', 0)

  # As the agent does, but for the place.
  def lay_out
    @director.files.fetch(%w[prometheus aiven-metrics]).each do |name, text|
      file = path("jobs/aiven-metrics/#{name}")
      FileUtils.mkdir_p(File.dirname(file))
      File.write(file, text.gsub('/var/vcap', @folder), perm: name.start_with?('bin/') ? 0o750 : 0o640)
    end
    FileUtils.mkdir_p([path('packages/aiven-metrics/bin'), path('store/aiven-metrics')])
    File.symlink(ENV.fetch('AIVEN_METRICS_BIN'), path('packages/aiven-metrics/bin/aiven-metrics'))
    @config = path('jobs/aiven-metrics/config/config.json')
    change_config do |config|
      config['aiven'].merge!('api_url' => @aiven.api, 'poll_interval' => '1s')
      config['dns'].merge!('nameservers' => [@aiven.dns], 'poll_interval' => '1s')
      config['integration']['creates_per_minute'] = 1000
      config['web']['listen'] = config['scrape_proxy']['listen'] = '127.0.0.1:0'
    end
  end

  def change_config
    config = JSON.parse(File.read(@config))
    yield config
    File.write(@config, JSON.generate(config))
  end

  # Until the daemon has done what there is to do, and each node was scraped once.
  def await_scrapes
    web, proxy = %w[web.listen scrape_proxy.listen].map { |key| address_of(key) }
    change_config { |config| config['web']['listen'] = web }
    @daemon.await('every service is published') do
      verdicts = JSON.parse(Http.get("http://#{web}/status") || '{}').fetch('services', []).map { |service| service['verdict'] }
      verdicts.any? && verdicts.all?('published')
    end
    JSON.parse(Http.get("http://#{web}/sd")).each { |group| scrape(group, *proxy.split(':')) }
  end

  def address_of(key)
    said = @daemon.await_line(/^\{.*"listening".*"#{Regexp.escape(key)}".*\}$/)
    JSON.parse(said[0]).fetch('address')
  end

  # As Prometheus does.
  def scrape(group, host, port)
    service = URI.encode_www_form(aiven_service: group.dig('labels', '__param_aiven_service'))
    group['targets'].each { |target| Net::HTTP.new(*target.split(':'), host, Integer(port)).get("/metrics?#{service}") }
  end

  # Its answer to a GET, by the whole name; with a key, behind a dot.
  def write_values
    @director.manifest['variables'].select { |variable| %w[password certificate].include?(variable['type']) }.each do |variable|
      value = @director.cred_hub.get(variable['name'])
      file = path("credhub/#{Director::NAME}/#{Director::DEPLOYMENT}/#{variable['name']}")
      FileUtils.mkdir_p(File.dirname(file))
      value.is_a?(Hash) ? value.each { |key, text| File.write("#{file}.#{key}", text) } : File.write(file, value)
    end
  end

  def query(request, response)
    raise WEBrick::HTTPStatus::NotFound unless request.host == host && request.path == '/api/v1/query' && request.query['query']

    users = properties('prometheus-failover')['users']
    WEBrick::HTTPAuth.basic_auth(request, response, 'Prometheus') { |name, password| users.include?('name' => name, 'password' => password) }
    response.body = JSON.generate(status: 'success', data: { resultType: 'vector', result: [] })
  end
end
