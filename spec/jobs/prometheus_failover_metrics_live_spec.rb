# frozen_string_literal: true

require 'net/http'

require_relative '../spec_helper'
require_relative 'prometheus_failover/rig'

# The listener for the platform's own monitoring, with certificates as
# add-tenant-prometheis.yml gives them.
RSpec.describe 'job prometheus-failover, its metrics' do
  scrapers = FailoverCertificates::Authority.new('metric_scraper_ca')
  shown = scrapers.sign('aiven_metrics', 'serverAuth')
  change = lambda do |properties, _index|
    properties.merge('metrics' => properties['metrics'].merge(shown, 'client_ca' => scrapers.certificate.to_pem))
  end

  include_context('with a failover rig', change: change)

  # The answer to a client that shows `pair`, or none.
  define_method(:ask) do |path, pair|
    store = OpenSSL::X509::Store.new.tap { |trusted| trusted.add_cert(scrapers.certificate) }
    http = Net::HTTP.new('127.0.0.1', first.ports[:metrics])
    http.use_ssl = true
    http.cert_store = store
    # Prometheus and prom_scraper compare with `server_name`; Net::HTTP only with the host.
    http.verify_hostname = false
    http.cert = pair && OpenSSL::X509::Certificate.new(pair['certificate'])
    http.key = pair && OpenSSL::PKey.read(pair['private_key'])
    http.get(path)
  rescue OpenSSL::SSL::SSLError, SystemCallError, EOFError
    nil
  end

  scraper = scrapers.sign('prom_scraper', 'clientAuth')

  it 'are shown to whom the CA signed for, and to nobody else' do
    stranger = FailoverCertificates::PLATFORM.sign('prom_scraper', 'clientAuth')
    expect([nil, stranger].map { |pair| ask('/metrics', pair) }).to eq([nil, nil])
    expect(ask('/metrics', scraper).body).to include('caddy_http_requests_in_flight', 'prometheus_failover_queries_running')
    plain = Net::HTTP.get_response(URI("http://127.0.0.1:#{first.ports[:metrics]}/metrics"))
    expect([plain.code, plain.body]).to match(['400', /HTTPS/])
  end

  it 'have those of Prometheus about itself, and nothing else of it' do
    first.backend.requests
    expect(ask('/metrics/prometheus', scraper).code).to eq('200')
    expect(first.backend.requests.map(&:target)).to eq(['/metrics'])
    codes = %w[/metrics/prometheus/ /metrics/prometheus/../query /api/v1/query /-/ready /].map { |path| ask(path, scraper).code }
    expect(codes.uniq).to eq(['404'])
  end

  it 'are asked by the scripts of this VM without a certificate' do
    output, status = first.script('drain')
    expect([output, status.exitstatus]).to eq(["0\n", 0])
  end

  it 'are where prom_scraper is told to ask' do
    told = YAML.load_file(File.join(first.job, 'config/prom_scraper_config.yml'))
    expect(told).to include('port' => first.ports[:metrics].to_s, 'scheme' => 'https', 'server_name' => 'aiven_metrics')
  end
end
