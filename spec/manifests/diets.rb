# frozen_string_literal: true

require_relative 'simulated_platform'

# A Prometheus whose job `aiven` is there several times: as the base ops file has it, and as
# each ops file has it that changes what is kept of a page.
class Diets
  ALL = 'aiven'
  # A scrape that fails on a busy machine takes nothing away: what was there once counts.
  SINCE_THE_START = '30m'
  INTERVAL = { 'scrape_interval' => '5s', 'scrape_timeout' => '5s' }.freeze
  private_constant :SINCE_THE_START, :INTERVAL

  # The ops files.
  def self.names
    @names ||= Operations.additions.select { |one| File.read(one.file).include?('job_name=aiven/metric_relabel_configs') }.map(&:name)
  end

  # The block gets the diets, once every node has been scraped by each job.
  def self.run(folder)
    SimulatedPlatform.run(folder, 'states') do |platform|
      platform.with_prometheus(manifest(platform), name: 'diets') do |prometheus|
        scrapes = platform.aiven.nodes.size * (names.size + 1)
        prometheus.await('every node is scraped by each job') { prometheus.query("max_over_time(up[#{SINCE_THE_START}]) == 1").size == scrapes }
        yield new(prometheus)
      end
    end
  end

  def self.manifest(platform)
    diets = names.to_h { |name| [name, scrape_job(platform, Operations.fetch(name))] }
    jobs = { ALL => scrape_job(platform), **diets }.map { |name, job| job.merge('job_name' => name, **INTERVAL) }
    document = Marshal.load(Marshal.dump(platform.manifest.document))
    Manifest.new(document).tap { |copy| copy.prometheus_properties['prometheus']['scrape_configs'] = jobs }
  end
  private_class_method :manifest

  def self.scrape_job(platform, *operations)
    jobs = platform.manifest(*operations).prometheus_properties['prometheus']['scrape_configs']
    jobs.find { |job| job['job_name'] == ALL }
  end
  private_class_method :scrape_job

  # As manifests/README.md has it, of what `series_a_node` found.
  def self.table(nodes)
    columns = [ALL, *names]
    head = ['service type', 'all', *names.map { |name| "`#{name}.yml`" }]
    rows = nodes.sort.map { |type, counts| [type, *counts.values_at(*columns)] }
    lines = [head, ['---', *columns.map { '---:' }], *rows]
    lines.map { |cells| "| #{cells.join(' | ')} |\n" }.join.gsub(/^\| --- \|.*$/) { |line| line.delete(' ') }
  end

  def initialize(prometheus)
    @prometheus = prometheus
  end

  # What a node's page does not have: Prometheus adds them, or the simulator for itself.
  OTHERS = 'up|scrape_.+|sim_.+'
  private_constant :OTHERS

  # Service type => job => series that a node of it has.
  def series_a_node
    a_node = %(count by (aiven_service_type, job, instance) (last_over_time({aiven_service_type!="", __name__!~"#{OTHERS}"}[#{SINCE_THE_START}])))
    kept = @prometheus.query("max by (aiven_service_type, job) (#{a_node})")
    kept.each_with_object({}) do |sample, nodes|
      type, job = sample['metric'].values_at('aiven_service_type', 'job')
      (nodes[type] ||= {})[job] = sample['value'].last.to_i
    end
  end

  # Selector => job => service type => series, for each selector of the expressions. Prometheus
  # itself says which there are.
  def series_by_selector(expressions)
    selectors = expressions.uniq.flat_map { |expression| selectors_of(parsed(expression)) }.uniq
    selectors.to_h do |selector|
      counted = @prometheus.query("count by (job, aiven_service_type) (last_over_time(#{selector}[#{SINCE_THE_START}]))")
      counts = counted.group_by { |sample| sample['metric']['job'] }.transform_values do |samples|
        samples.to_h { |sample| [sample['metric']['aiven_service_type'], sample['value'].last.to_i] }
      end
      [selector, Hash.new({}).merge(counts)]
    end
  end

  private

  def parsed(expression)
    answer = Http.get("#{@prometheus.url}/api/v1/parse_query", query: expression) or raise "no PromQL: #{expression}"
    JSON.parse(answer).fetch('data')
  end

  # Without the job, which is what is compared.
  def selectors_of(node)
    case node
    when Array then node.flat_map { |one| selectors_of(one) }
    when Hash then (node['matchers'] ? [selector(node['matchers'])] : []) + selectors_of(node.except('matchers').values)
    else []
    end
  end

  def selector(matchers)
    "{#{matchers.reject { |one| one['name'] == 'job' }.map { |one| "#{one['name']}#{one['type']}#{JSON.generate(one['value'])}" }.join(',')}}"
  end
end
