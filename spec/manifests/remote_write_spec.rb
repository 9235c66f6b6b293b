# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'simulated_platform'
require_relative 'victoria_metrics'

# Two real Prometheus servers send to a real VictoriaMetrics with the settings of
# enable-remote-write.yml, as the two instances do.
RSpec.describe 'Remote write' do
  # One that each node has, and one that Prometheus adds at every scrape,
  # whether it succeeds or not.
  metrics = %w[mem_used_percent up].freeze
  # The scrape interval of the simulated platform.
  interval = 1000

  # The block gets the two writers, which send to `store`.
  def with_two_writers(platform, store, *names)
    operations = names.map { |name| Operations.fetch(name) }
    manifest = platform.manifest(*operations, vars: { 'remote_write_url' => store.write_url })
    platform.with_prometheus(manifest, name: 'vm-one') do |first|
      platform.with_prometheus(manifest, name: 'vm-other') { |second| yield [first, second] }
    end
  end

  # What a Prometheus scraped before its remote write had begun is not sent.
  def sends?(prometheus)
    metrics = Http.get("#{prometheus.url}/metrics") || ''
    metrics[/^prometheus_remote_storage_samples_total\{[^}]*\} (\S+)/, 1].to_f.positive?
  end

  # Labels => timestamps in milliseconds of what a Prometheus holds itself.
  def own_samples(prometheus, metric, after)
    prometheus.query("#{metric}{job=\"aiven\"}[1h]").to_h do |series|
      times = series['values'].map { |time, _| (time * 1000).round }
      [series['metric'], times.select { |time| time > after }]
    end
  end

  # Metric => what each writer holds, once that is some samples of every node.
  def scraped(writers, nodes, metrics, after)
    samples = metrics.to_h { |metric| [metric, writers.map { |writer| own_samples(writer, metric, after) }] }
    complete = samples.values.flatten.all? do |series|
      series.size == nodes && series.values.all? { |times| times.size >= 5 }
    end
    samples if complete
  end

  # Whether the store has every sample, and twice a moment that both writers have.
  def arrived?(stored, sent)
    sent.first.keys.all? do |labels|
      _, times = stored.find { |found, _| labels <= found }
      wanted = sent.flat_map { |samples| samples.fetch(labels) }.tally
      times && wanted.all? { |time, count| times.count(time) >= count }
    end
  end

  # The intervals, each ending at a multiple of the length, of which both
  # writers' samples are known: not those in which the knowledge begins or ends.
  def known_intervals(times_of_writers, length)
    numbers = times_of_writers.map { |times| times.map { |time| (time + length - 1) / length } }
    (numbers.map(&:min).max + 1)..(numbers.map(&:max).min - 1)
  end

  def in_intervals(times, length, intervals)
    times.sort.group_by { |time| (time + length - 1) / length }.select { |number, _| intervals.cover?(number) }.values
  end

  it 'brings the samples of both writers, and VictoriaMetrics makes one of them' do
    folder do |path|
      sent = nil
      SimulatedPlatform.run(path) do |platform|
        VictoriaMetrics.run(path) do |store|
          with_two_writers(platform, store, 'enable-remote-write') do |writers|
            store.await('writers that send') { writers.all? { |writer| sends?(writer) } }
            began = Time.now.to_f * 1000
            sent = store.await('writers with samples') { scraped(writers, platform.aiven.nodes.size, metrics, began) }
            metrics.each { |metric| store.await('all samples') { arrived?(store.samples(metric), sent[metric]) } }
          end
        end
      end

      # The same store, told to deduplicate. Stale markers, after a failed
      # scrape, are sent too, but never queried: `up` has none.
      VictoriaMetrics.run(path, deduplicate: interval) do |store|
        stored = store.samples('up').transform_keys { |labels| labels.except('platform') }
        writers = sent.fetch('up')
        expect(stored.keys).to match_array(writers.first.keys)
        stored.each do |labels, kept|
          both = writers.map { |series| series.fetch(labels) }
          intervals = known_intervals(both, interval)
          received = in_intervals(both.flatten, interval, intervals)
          expect(received).to include(have_attributes(size: 2..))
          expect(in_intervals(kept, interval, intervals)).to eq(received.map { |times| [times.max] })
        end
      end
    end
  end

  it 'tells Mimir and Thanos by labels which writer a sample is of' do
    folder do |path|
      series = nil
      SimulatedPlatform.run(path) do |platform|
        VictoriaMetrics.run(path) do |store|
          with_two_writers(platform, store, 'enable-remote-write', 'label-remote-writers') do
            series = store.await('samples of both writers') do
              found = store.samples('up').keys
              found if found.size == 2 * platform.aiven.nodes.size
            end
          end
        end
      end

      expect(series.map { |labels| labels['cluster'] }.uniq).to eq(['cf.example.com'])
      by_writer = series.group_by { |labels| labels['__replica__'] }
      expect(by_writer.keys).to contain_exactly('vm-one', 'vm-other')
      one, other = by_writer.values.map { |labels| labels.map { |label| label.except('__replica__') } }
      expect(one).to match_array(other)
    end
  end
end
