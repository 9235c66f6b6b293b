# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'yaml'

require_relative '../manifests/manifest'
require_relative '../manifests/prometheus_job'
require_relative '../render/job'
require_relative '../support/prometheus'
require_relative 'machine'

# One real Prometheus for all worlds, in two roles: the tenants', which scrapes each world's nodes through its daemon,
# by the ops file's scrape job; and the platform's, which scrapes the daemons and has the alerts of the
# job aiven-metrics-alerts. There a world's deployment is the key of its fault.
class SharedPrometheus
  ALERTS = File.expand_path('../../jobs/aiven-metrics-alerts', __dir__)

  # The block gets it; it has ended when this returns.
  def self.run(folder, worlds, pace)
    prometheus = new(folder, worlds, pace)
    yield prometheus
  ensure
    prometheus&.stop
  end

  # What becomes of each alert by default: severity, waiting time, and the bound with its meaning.
  def self.alert_defaults
    @alert_defaults ||= begin
      spec = Rendering::Job.new(ALERTS).spec['properties']
      rules({}).flat_map { |group| group['rules'] }.to_h do |rule|
        name = spec.find { |_, property| property['description'].include?("there is the alert #{rule['alert']}.") }.first.split('.')[1]
        bound = spec["aiven_metrics_alerts.#{name}.threshold"]
        [rule['alert'], { severity: rule['labels']['severity'], for: rule['for'],
                          bound: bound && [bound['default'], bound['description'][/, in ([^:]+: .*)\.\z/, 1]] }]
      end
    end
  end

  # The groups of rules that the job makes of these properties of alerts.
  def self.rules(properties)
    files = Rendering::Job.new(ALERTS).render({ 'properties' => { 'aiven_metrics_alerts' => properties } })
    YAML.safe_load(files.fetch('aiven-metrics.alerts.yml'))['groups']
  end

  def initialize(folder, worlds, pace)
    @folder = File.join(folder, 'prometheus')
    @worlds = worlds
    @pace = pace
    FileUtils.mkdir_p(@folder)
    config = write
    FileUtils.chown_R('nobody', nil, @folder)
    @prometheus = Prometheus.new(@folder, config: config, as: Machine::UNPRIVILEGED)
  end

  def url = @prometheus.url
  def query(...) = @prometheus.query(...)
  def stop = @prometheus&.kill

  # What fires now: names of alerts by deployment.
  def alerts
    all = JSON.parse(Http.get("#{url}/api/v1/alerts")).dig('data', 'alerts').select { |alert| alert['state'] == 'firing' }
    all.group_by { |alert| alert['labels']['bosh_deployment'] }.transform_values { |some| some.map { |alert| alert['labels']['alertname'] }.uniq }
  end

  private

  def write
    rules = File.join(@folder, 'aiven-metrics.alerts.yml').tap { |file| File.write(file, YAML.dump('groups' => quick_rules)) }
    config = { 'global' => { 'evaluation_interval' => '1s' }, 'rule_files' => [rules], 'scrape_configs' => [own_scrapes, *scrapes] }
    File.join(@folder, 'prometheus.yml').tap { |file| File.write(file, YAML.dump(config)) }
  end

  # No alert waits, and what it looks back on is short.
  def quick_rules
    properties = self.class.rules({}).flat_map { |group| group['rules'] }
    ids = Rendering::Job.new(ALERTS).spec['properties'].keys.filter_map { |name| name[/\.(\w+)\.evaluation_time\z/, 1] }
    raise 'an alert without a waiting time of its own' unless ids.size == properties.size

    given = ids.to_h { |id| [id, { 'evaluation_time' => '0s' }] }
    @pace.alerts.each { |id, threshold| given.fetch(id)['threshold'] = threshold }
    self.class.rules(given).each do |group|
      group['rules'].each { |rule| rule['expr'] = rule['expr'].gsub(/\[\d+[mh]\]/, "[#{@pace.range}]") }
    end
  end

  # As the platform's own Prometheus finds the daemons, but without TLS.
  def own_scrapes
    daemons = @worlds.map { |world| { 'targets' => [world.web], 'labels' => { 'bosh_deployment' => world.fault.key } } }
    { 'job_name' => 'aiven-metrics', 'scrape_interval' => @pace.own_scrape, 'scrape_timeout' => @pace.own_scrape, 'static_configs' => daemons }
  end

  def scrapes
    job = PrometheusJob.new(Manifest.of(Operations.fetch(Operations::BASE)).properties('prometheus'))
    shipped = job.configuration['scrape_configs'].find { |one| one['job_name'] == 'aiven' }.compact
    intervals = job.configuration['global'].slice('scrape_interval', 'scrape_timeout')
    @worlds.map do |world|
      one = JSON.parse(JSON.generate(shipped)).merge(intervals, @pace.scrape)
      one.merge!('job_name' => "aiven-#{world.fault.key}", 'proxy_url' => "http://#{world.scrape_proxy}")
      one['file_sd_configs'][0]['files'] = [world.targets]
      world.fault.hooks[:scrape_job]&.call(one, world)
      one
    end
  end
end
