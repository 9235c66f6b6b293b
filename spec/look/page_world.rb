# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'net/http'
require 'tmpdir'

require_relative '../support/child_process'
require_relative '../support/http'
require_relative '../support/prometheus'

# The daemon with all that it needs: a simulated Aiven and Cloud Foundry, and a Prometheus that scrapes through it.
class PageWorld
  include Waiting

  PASSWORD = 'pAssword-of-tests-0123456789'
  # After so many seconds without a scrape the page says so.
  SILENCE = 180
  LONDON = 'platform-london'
  IRELAND = 'platform-ireland'

  # The block gets it; what it started has ended when this returns.
  def self.open
    Dir.mktmpdir('aiven-metrics-look') do |folder|
      world = new(folder)
      yield world
    ensure
      world&.stop
    end
  end

  attr_reader :folder, :url

  def initialize(folder)
    @folder = folder
    @sim = start('aiven-sim', ENV.fetch('AIVEN_SIM_BIN'), 'demo', '--cloud-foundry')
    @aiven = JSON.parse(@sim.await_line(/\A\{.*\}$/)[0])
    config = File.join(folder, 'config.json').tap { |file| File.write(file, JSON.generate(configuration)) }
    @daemon = start('daemon', ENV.fetch('AIVEN_METRICS_BIN'), 'run', '--config', config)
    @url = "http://#{listening('web.listen')}"
    @prometheus = Prometheus.new(File.join(folder, 'prometheus'), config: scrapes)
    await_calm
  end

  # Each state with the page to look at, once the daemon is in it.
  def states
    return to_enum(:states) unless block_given?

    yield 'healthy', '/'
    service = services.find { |one| one['verdict'] == 'scraped' }
    yield 'service', one_page(service)
    yield 'search', '/?q=platform&verdict=scraped&type=opensearch'
    troubles.each do |name, (commands, path)|
      commands.each { |command| tell(command) }
      await("the page is in trouble: #{name}") { page.match?(/things? (?:is|are) wrong/) }
      settle
      yield name, path
      tell('do' => 'clear_faults')
      await_calm
    end
    @prometheus.stop
    @prometheus = nil
    await('the page says that Prometheus is silent', within: SILENCE + LIMIT) { page.include?('No scrape comes') }
    yield 'prometheus-silent', '/'
  end

  def stop
    @prometheus&.stop
    @daemon&.stop
    @sim&.stop
  end

  private

  # What happens, and where to look.
  def troubles
    one = services.find { |service| service['verdict'] == 'scraped' && service['hosts'].sum { |host| host['targets'].size } > 1 }
    all = one['hosts'].sum { |host| host['targets'].size }
    {
      'token-rejected' => [[{ do: 'api_fault', on: {}, fault: { status: { code: 401, message: 'Invalid token' } } }], '/'],
      'clock-wrong' => [[{ do: 'api_fault', on: {}, fault: { clock_off: 3 * 3600 } }], '/'],
      'dns-gone' => [[{ do: 'dns_fault', name: '*', fault: 'serv_fail' }], '/'],
      'node-down' => [[fault(one, 0, 'refuse')], one_page(one)],
      'service-down' => [Array.new(all) { |node| fault(one, node, 'hang') }, '/'],
      'wrong-password' => [Array.new(all) { |node| fault(one, node, 'wrong_password') }, '/'],
      'certificate-expired' => [Array.new(all) { |node| fault(one, node, 'expired') }, '/']
    }
  end

  def fault(service, node, what)
    { do: 'node_fault', project: service['project'], service: service['service'], node: node, fault: what }
  end

  def one_page(service) = "/?#{URI.encode_www_form(service: "#{service['project']}/#{service['service']}")}"

  def configuration
    cloud_foundry = @aiven.fetch('cloud_foundry')
    {
      aiven: { api_url: @aiven['api'], api_token: @aiven['token'], projects: @aiven['projects'], poll_interval: '1s' },
      integration: { username: 'prometheus', password: PASSWORD },
      dns: { nameservers: [@aiven['dns']], poll_interval: '1s' },
      cloud_foundry: { api_url: cloud_foundry['api'], client_id: cloud_foundry['client_id'],
                       client_secret: cloud_foundry['client_secret'], ca_cert: cloud_foundry['ca'], poll_interval: '30s' },
      scrape_proxy: { listen: '127.0.0.1:0' }, web: { listen: '127.0.0.1:0' }, state_dir: File.join(@folder, 'state')
    }
  end

  def scrapes
    file = File.join(@folder, 'prometheus.yml')
    job = { job_name: 'aiven', scrape_interval: '3s', scrape_timeout: '3s', proxy_url: "http://#{listening('scrape_proxy.listen')}",
            file_sd_configs: [{ files: [File.join(@folder, 'state/targets/targets.json')] }] }
    File.write(file, JSON.generate(scrape_configs: [job]))
    file
  end

  def start(name, *command) = ChildProcess.new(*command, log: File.join(@folder, "#{name}.log").tap { |file| FileUtils.touch(file) })

  def listening(key) = @daemon.await_line(/"key":"#{key}","address":"([^"]+)"|"address":"([^"]+)","key":"#{key}"/).captures.compact.first

  def tell(command)
    answer = Net::HTTP.post(URI(@aiven.fetch('control')), JSON.generate(command))
    raise "#{command}: #{answer.body}" unless answer.is_a?(Net::HTTPOK)
  end

  def services = JSON.parse(Http.get("#{url}/status"))['services']
  def page = Http.get("#{url}/")

  def await_calm = await('all is well', within: 2 * LIMIT) { page&.include?('All is well') }

  # With what the page said last.
  def evidence = "\n#{page.to_s.scan(%r{<h[13][^>]*>(.*?)</h[13]>}).flatten.join("\n")}"

  # Until two looks a little apart show the same problems: a trouble spreads over some scrapes.
  def settle
    titles = -> { page.scan(%r{<h3>(.*?)</h3>}) }
    await('the problems stay as they are') do
      before = titles.call
      sleep(5)
      titles.call == before
    end
  end
end
