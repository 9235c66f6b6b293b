# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../jobs/prometheus_failover/rig'
require_relative '../support/prometheus'
require_relative 'browser'

# Each page of Prometheus' web UI that is allowed, in a real browser, through
# the rendered Caddy: whatever it asks for is answered. Not part of the tests,
# since it needs Chromium; scripts/look-at-prometheus runs it.
RSpec.describe 'Prometheus\' own page through Caddy, in Chromium' do
  pictures = ENV.fetch('PICTURES')
  config = <<~YAML
    rule_files: [rules.yml]
    scrape_configs:
    - job_name: aiven
      scrape_interval: 1s
      static_configs: [{targets: ["127.0.0.1:1"]}]
  YAML
  rules = <<~YAML
    groups:
    - name: aiven
      rules:
      - {record: "aiven:up:sum", expr: sum(up)}
      - {alert: AivenDown, expr: up == 0, labels: {severity: warning}, annotations: {summary: it is down}}
  YAML

  before(:context) do
    @folder = Dir.mktmpdir('aiven-metrics-release')
    File.write(File.join(@folder, 'rules.yml'), rules)
    file = File.join(@folder, 'prometheus.yml').tap { |path| File.write(path, config) }
    servers = Array.new(2) { |index| Prometheus.new(File.join(@folder, "prometheus#{index}"), config: file) }
    @rig = FailoverRig.new(@folder, backends: servers)
    chromium = File.join(@folder, 'chromium').tap { |path| Dir.mkdir(path) }
    @browser = Browser.new(chromium, *FailoverContext::USERS.first.values)
  end

  after(:context) do
    @browser&.stop
    @rig&.stop
    FileUtils.rm_rf(@folder)
  end

  # What it shows when all of it is there.
  { '/' => /Execute/, '/graph?g0.expr=up&g0.tab=0' => /Execute/, '/query?g0.expr=up&g0.tab=table' => /127\.0\.0\.1:1/,
    '/query?g0.expr=up&g0.tab=graph' => /Execute/, '/alerts' => /AivenDown/, '/rules' => /aiven:up:sum/,
    '/targets' => /127\.0\.0\.1:1/ }.each_with_index do |(page, shown), number|
    it "is whole at #{page}" do
      @browser.open("https://127.0.0.1:#{@rig.instances.first.ports[:public]}#{page}", 6)
      @browser.picture(File.join(pictures, "#{number}#{page.gsub(/[^a-z]+/, '-')}.png"))
      puts(@browser.answers.map { |status, method, url| "#{status} #{method} #{url.sub(%r{\Ahttps://[^/]+}, '').slice(0, 110)}" })
      failed = @browser.answers.reject { |status, *| status.is_a?(Integer) && status < 400 }
      expect(failed).to be_empty
      expect(@browser.answers.size).to be > 3
      expect(@browser.text).to match(shown)
    end
  end
end
