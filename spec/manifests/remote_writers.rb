# frozen_string_literal: true

require_relative '../support/http'
require_relative 'operations'

# The Prometheus servers of the two instances, real ones, which send to one store
# as the ops files have it.
class RemoteWriters
  NAMES = %w[vm-one vm-other].freeze
  # One that each node has, and one that Prometheus adds at every scrape,
  # whether it succeeds or not.
  METRICS = %w[mem_used_percent up].freeze
  # The scrape interval of the simulated platform, in milliseconds.
  INTERVAL = 1000
  # Of each node and writer, before something is said about them.
  SAMPLES = 3
  # Seconds that a busy machine may need.
  PATIENCE = 240

  # The block gets them; they send with the settings of the ops files `names`.
  def self.run(platform, url, *names)
    operations = names.map { |name| Operations.fetch(name) }
    manifest = platform.manifest(*operations, vars: { 'remote_write_url' => url })
    platform.with_prometheus(manifest, name: NAMES.first) do |first|
      platform.with_prometheus(manifest, name: NAMES.last) do |other|
        yield new(NAMES.zip([first, other]).to_h, platform.aiven.nodes.size)
      end
    end
  end

  # `alive` is name => Prometheus.
  def initialize(alive, nodes)
    @alive = alive
    @nodes = nodes
  end

  # What a Prometheus scraped before its remote write had begun is not sent.
  def send?
    @alive.each_value.all? do |prometheus|
      metrics = Http.get("#{prometheus.url}/metrics") || ''
      metrics[/^prometheus_remote_storage_samples_total\{[^}]*\} (\S+)/, 1].to_f.positive?
    end
  end

  # By SIGKILL; returns since when it is dead.
  def kill(name)
    @alive.delete(name).kill
    now
  end

  def now = (Time.now.to_f * 1000).round

  # Metric => name => labels => timestamps in milliseconds: what those that live
  # scraped after that moment, once that is enough.
  def scraped(after)
    samples = METRICS.to_h do |metric|
      [metric, @alive.transform_values { |prometheus| own_samples(prometheus, metric, after) }]
    end
    samples if samples.values.flat_map(&:values).all?(&:any?) && samples.fetch('up').each_value.all? { |series| of_all_nodes?(series) }
  end

  private

  # Asked of `up` alone: on a busy machine scrapes of a second fail.
  def of_all_nodes?(series)
    series.size == @nodes && series.values.all? { |times| times.size >= SAMPLES }
  end

  def own_samples(prometheus, metric, after)
    prometheus.query("#{metric}{job=\"aiven\"}[1h]").to_h do |series|
      times = series['values'].map { |time, _| (time * 1000).round }
      [series['metric'], times.select { |time| time > after }]
    end
  end
end
