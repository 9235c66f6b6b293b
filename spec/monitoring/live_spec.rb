# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../manifests/simulated_platform'
require_relative 'alertmanager'
require_relative 'comparison'
require_relative 'promql'
require_relative 'signals'
require_relative 'tenant_rules'

# The whole way once: simulated nodes, the daemon, a real Prometheus with the ops file's scrape job
# and the rules of aiven-metrics-rules, and what it tells an Alertmanager.
RSpec.describe 'The tenants\' boards and alerts before a real Prometheus' do
  include Waiting

  # A rate is that of half a minute: of what is counted one by one, one more or less is a thirtieth a second.
  # How exact numbers are is asked in spec/monitoring/numbers_spec.rb.
  tolerance = Comparison::Tolerance.new(exact: 0.01, rate: 0.1, forecast: nil, nothing: 0.05)
  # Service => what happens to it; the others stay well.
  troubles = { 'search' => 'red', 'orders' => 'disk-nearly-full', 'cache' => 'service-down', 'events' => 'kafka-lag-growing' }
  # Of scrapes and rules, in place of 30 seconds and a minute; and the rates of the boards, in place of two minutes.
  every = '5s'
  rate = '[30s]'
  # How many scrapes old an answer may be on a busy machine, by its scrape and the rules after it.
  age = 6
  # What is asked of longer than these is in spec/monitoring/numbers_spec.rb.
  longest = 120

  # Alerts do not wait.
  define_method(:rules) do |folder|
    waiting = Rendering::Job.new(TenantRules::JOB).spec['properties'].keys.grep(/\.evaluation_time\z/)
    properties = waiting.to_h { |name| [name.split('.')[1], { 'evaluation_time' => '0s' }] }
    TenantRules.write(folder, 'aiven_metrics_rules' => properties).each do |file|
      File.write(file, File.read(file).gsub(/^(\s*(?:- )?interval): .*$/, "\\1: #{every}"))
    end
  end

  define_method(:with_prometheus) do |platform, alertmanager, &block|
    home = File.join(platform.folder, 'tenants').tap { |path| Dir.mkdir(path) }
    job = PrometheusJob.new(platform.manifest.properties('prometheus'))
    file = job.write(home)
    config = JSON.parse(File.read(file)).merge(
      'global' => { 'scrape_interval' => every, 'scrape_timeout' => every, 'evaluation_interval' => every },
      'rule_files' => rules(home),
      'alerting' => { 'alertmanagers' => [{ 'static_configs' => [{ 'targets' => [alertmanager.address] }] }] }
    )
    File.write(file, JSON.generate(config))
    Prometheus.run(home, config: file, flags: job.flags, &block)
  end

  # What the real Prometheus answers, in the form of Promql.
  define_method(:answer) do |prometheus, query|
    series = prometheus.query(query.plain.gsub('[2m]', rate)).map { |one| [one['metric'], Float(one['value'].last)] }
    Promql::Answer.new(id: query.id, series: series)
  end

  # Of the first query that is not right; it is asked first the next time.
  define_method(:complaints) do |platform, prometheus|
    await_scrape(prometheus)
    @queries ||= Signals.of_boards.uniq(&:plain).select { |query| query.looks_back <= longest }
    truth, *earlier = truths(platform, age)
    @queries.select { |query| truth[query.id] }.each do |query|
      before = earlier.filter_map { |one| one[query.id] }
      found = Comparison.new(query, answer(prometheus, query), truth[query.id], earlier: before, tolerance: tolerance).complaints
      next if found.empty?

      @queries.unshift(@queries.delete(query))
      return found
    end
    []
  end

  # What was true at the last scrapes, the newest first.
  def truths(platform, number)
    newest = JSON.parse(Http.get("#{platform.aiven.control}/truth"))
    @truths = [newest, *@truths].first(number)
  end

  # Nothing is new before.
  def await_scrape(prometheus)
    @scraped = prometheus.await('a scrape') do
      at = prometheus.query('max(timestamp(up))').dig(0, 'value', 1)
      at unless at == @scraped
    end
  end

  def expect_soon(what)
    last = []
    prompt = -> { (last = yield).empty? }
    await(what, within: 120, &prompt)
  rescue RuntimeError => e
    raise "#{e.message}\n#{last.join("\n")}"
  end

  it 'shows what is so, and what becomes of it, and tells it' do
    folder do |path|
      Alertmanager.run do |alertmanager|
        SimulatedPlatform.run(path, 'states') do |platform|
          with_prometheus(platform, alertmanager) do |prometheus|
            expect_soon('every number is right') { complaints(platform, prometheus) }
            expect(alertmanager.received).to be_empty
            troubles.each do |service, state|
              command = { do: 'enter_state', state: state, service: service }
              Net::HTTP.post(URI(platform.aiven.control), JSON.generate(command)).value
            end
            # What was so before may not be shown any more.
            @truths.clear
            expect_soon('every number is right in trouble') { complaints(platform, prometheus) }
            told = []
            expect_soon('an alert about each') do
              told |= alertmanager.received.map { |labels| labels['aiven_service_name'] }
              troubles.keys - told
            end
            expect(told).to match_array(troubles.keys)
          end
        end
      end
    end
  end
end
