# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../jobs/prometheus_failover/rig'
require_relative '../support/prometheus'
require_relative 'browser'

# Each page of Prometheus' web UI in a real browser, through the rendered Caddy, and each of its tabs and menu
# entries: whatever it asks for is answered, or refused by design, and then the page says so. Not part of the tests,
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
  refusal = /This is not served here/

  # A Prometheus each for two instances, whose properties the block changes.
  define_method(:start) do |&change|
    @folder = Dir.mktmpdir('aiven-metrics-release')
    File.write(File.join(@folder, 'rules.yml'), rules)
    file = File.join(@folder, 'prometheus.yml').tap { |path| File.write(path, config) }
    servers = Array.new(2) { |index| Prometheus.new(File.join(@folder, "prometheus#{index}"), config: file) }
    @rig = FailoverRig.new(@folder, backends: servers, change: change)
    chromium = File.join(@folder, 'chromium').tap { |path| Dir.mkdir(path) }
    @browser = Browser.new(chromium, *FailoverContext::USERS.first.values)
  end

  define_method(:stop) do
    @browser&.stop
    @rig&.stop
    FileUtils.rm_rf(@folder) if @folder
  end

  def visit(page, shows) = @browser.open("https://127.0.0.1:#{@rig.instances.first.ports[:public]}#{page}", shows)

  # The picture, the list of calls, and what must hold of them. The page says `shows`.
  define_method(:expect_whole) do |name, shows, refused: []|
    @browser.picture(File.join(pictures, "#{name.gsub(/[^a-zA-Z0-9]+/, '-')}.png"))
    answers = @browser.answers.map { |status, method, url| [status, method, url.sub(%r{\Ahttps://[^/]+}, '')] }
    puts(answers.map { |answer| answer.join(' ').slice(0, 110) })
    # Chromium's own question for an icon, where the page has named none.
    failed = answers.reject { |status, _, path| (status.is_a?(Integer) && status < 400) || [status, path] == [404, '/favicon.ico'] }
    expect(failed.map { |status, _, path| [status, path[%r{\A/(?:api/v1/)?([^?]*)}, 1]] }.uniq).to match_array(refused.map { |path| [403, path] })
    expect(@browser.text).to match(shows)
  end

  describe 'as it comes' do
    before(:context) { start { |properties, _| properties } }
    after(:context) { stop }

    # What it shows when all of it is there.
    { '/' => /Execute/, '/graph?g0.expr=up&g0.tab=0' => /Execute/, '/query?g0.expr=up&g0.tab=table' => /127\.0\.0\.1:1/,
      '/query?g0.expr=up&g0.tab=graph' => /show single series/, '/query?g0.expr=up&g0.tab=explain' => /How to use the Explain view/,
      '/alerts' => /AivenDown/, '/rules' => /aiven:up:sum/, '/targets' => /127\.0\.0\.1:1/,
      '/service-discovery' => /show relabeling/ }.each_with_index do |(page, shows), number|
      it "is whole at #{page}" do
        visit(page, shows)
        expect_whole("#{number}#{page}", shows)
        expect(@browser.answers.size).to be > 3
      end
    end

    %w[/status /tsdb-status /flags /config /alertmanager-discovery].each do |page|
      it "says that #{page} is not served" do
        visit(page, refusal)
        expect_whole("a#{page}", refusal, refused: [page.delete('/')])
      end
    end

    # From one place to the next, as a person goes: what is clicked, what shows then, and what is refused by design.
    [
      ['Graph', /show single series/], ['Explain', /How to use the Explain view/],
      ['enable the query tree view', refusal, %w[parse_query]], ['Table', /127\.0\.0\.1:1/],
      ['Show query options', /Explore metrics/], ['Format expression', /Error formatting query\s+This is not served here/, %w[format_query]],
      ['Show query options', /Explore metrics/], ['Explore metrics', /scrape_duration_seconds/]
    ].each_with_index do |(name, shows, refused), number|
      it "on the page for queries: #{name}" do
        visit('/query?g0.expr=sum%20without%20(job)%20(up)&g0.tab=table', /127\.0\.0\.1:1/) if number.zero?
        @browser.click(name, shows)
        expect_whole("b#{number} #{name}", shows, refused: refused || [])
      end
    end

    [
      ['Alerts', /AivenDown/], ['AivenDown', /severity/], ['Target health', /127\.0\.0\.1:1/], ['Rule health', /aiven:up:sum/],
      ['Service discovery', /show relabeling/], ['show relabeling', refusal, %w[targets/relabel_steps]],
      ['Runtime & build information', refusal, %w[status/runtimeinfo]], ['TSDB status', refusal, %w[status/tsdb]],
      ['Command-line flags', refusal, %w[status/flags]], ['Configuration', refusal, %w[status/config]],
      ['Alertmanager discovery', refusal, %w[alertmanagers]], ['Settings', /local time/i],
      ['Query', /Execute/]
    ].each_with_index do |(name, shows, refused), number|
      it "by its menu: #{name}" do
        visit('/query', /Execute/) if [0, 6].include?(number)
        @browser.click('Status', /TSDB status/) if name.match?(/health|discovery|information|status|flags|Configuration/)
        @browser.click(name, shows)
        expect_whole("c#{number} #{name}", shows, refused: refused || [])
      end
    end
  end

  describe 'with optional_paths' do
    before(:context) { start { |properties, _| properties.merge('optional_paths' => %w[parse_query format_query]) } }
    after(:context) { stop }

    [['Explain', /How to use the Explain view/], ['enable the query tree view', /\d+ result/],
     ['Show query options', /Explore metrics/], ['Format expression', /formatted successfully/]].each_with_index do |(name, shows), number|
      it "explains and formats: #{name}" do
        visit('/query?g0.expr=sum%20without%20(job)%20(%20up%20)&g0.tab=table', /127\.0\.0\.1:1/) if number.zero?
        @browser.click(name, shows)
        expect_whole("d#{number} #{name}", shows)
      end
    end
  end
end
