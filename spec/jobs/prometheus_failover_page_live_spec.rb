# frozen_string_literal: true

require 'net/http'

require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative 'prometheus_failover/rig'

# Prometheus' own web page through the rendered Caddy: what its HTML names, and
# what its scripts ask for, is answered.
RSpec.describe 'job prometheus-failover, the page of Prometheus 3' do
  before(:context) do
    @folder = Dir.mktmpdir('aiven-metrics-release')
    servers = Array.new(2) { |index| Prometheus.new(File.join(@folder, "prometheus#{index}")) }
    @rig = FailoverRig.new(@folder, backends: servers)
  end

  after(:context) do
    @rig&.stop
    FileUtils.rm_rf(@folder)
  end

  def get(path)
    http = Net::HTTP.new('127.0.0.1', @rig.instances.first.ports[:public])
    http.use_ssl = true
    http.verify_mode = OpenSSL::SSL::VERIFY_NONE
    request = Net::HTTP::Get.new(path)
    user = FailoverContext::USERS.first
    request.basic_auth(user['name'], user['password'])
    http.request(request)
  end

  pages = %w[/query /alerts /rules /targets /service-discovery]
  # By web/ui/mantine-ui/src of 3.11.3, for these pages.
  asked = ['/api/v1/label/__name__/values', '/api/v1/query?query=vector(1)', '/api/v1/query_range?query=vector(1)&start=0&end=60&step=15',
           '/api/v1/series?match%5B%5D=up', '/api/v1/metadata', '/api/v1/scrape_pools', '/api/v1/targets?scrapePool=aiven&state=active',
           '/api/v1/rules', '/api/v1/rules?type=alert', '/api/v1/notifications', '/-/ready', '/favicon.svg']

  it 'is reached from / and from the address that it had before' do
    expect(['/', '/graph?g0.expr=up'].map { |path| get(path)['location'] }).to match([%r{/query\z}, %r{/query\?g0\.expr=up\z}])
  end

  pages.each do |page|
    it "is whole at #{page}" do
      answer = get(page)
      expect(answer.code).to eq('200')
      named = answer.body.scan(/(?:src|href)="([^"]+)"/).flatten.map { |link| link.sub(%r{\A\.?/?}, '/') }
      expect(named).to include(%r{\A/assets/.*\.js\z}, %r{\A/assets/.*\.css\z})
      expect(named.to_h { |link| [link, get(link).code] }.reject { |_, code| code == '200' }).to be_empty
    end
  end

  asked.each do |path|
    it("may ask for #{path}") { expect(get(path).code).to eq('200') }
  end

  it 'keeps no connection open' do
    expect(get('/api/v1/notifications/live').code).to eq('204')
  end

  it 'has none of the pages that show the configuration' do
    expect(%w[/config /flags /status /tsdb-status /alertmanager-discovery].map { |path| get(path).code }.uniq).to eq(['403'])
  end
end
