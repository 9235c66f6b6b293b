# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'simulated_platform'
require_relative 'victoria_metrics'

# Two real Prometheis send to a real VictoriaMetrics with the settings of
# enable-remote-write.yml, as the two instances do.
RSpec.describe 'Remote write' do
  # One series a node, and one that Prometheus itself makes for each.
  metrics = %w[mem_used_percent up].freeze
  # The scrape interval of the simulated platform.
  interval = 1000

  # The block gets the addresses of the two writers, which send to `store`.
  def with_two_writers(platform, store, *names)
    operations = names.map { |name| Operations.fetch(name) }
    one, other = Array.new(2) do
      platform.manifest(*operations, vars: { 'remote_write_url' => store.write_url,
                                             'prometheus_port' => Child.free_port.to_s })
    end
    platform.with_prometheus(one, name: 'vm-one') do |first|
      platform.with_prometheus(other, name: 'vm-other') { |second| yield [first, second] }
    end
  end

  # Labels => timestamps in milliseconds of what a Prometheus holds itself.
  def own_samples(prometheus, metric)
    body = Child.get("#{prometheus}/api/v1/query", query: "#{metric}{job=\"aiven\"}[1h]")
    JSON.parse(body).dig('data', 'result').to_h do |series|
      [series['metric'], series['values'].map { |time, _| (time * 1000).round }]
    end
  end

  # Metric => what each writer holds, once that is some samples of every node.
  def scraped(writers, nodes, metrics)
    samples = metrics.to_h { |metric| [metric, writers.map { |writer| own_samples(writer, metric) }] }
    enough = samples.values.flatten.all? { |series| series.size == nodes && series.values.all? { |times| times.size >= 3 } }
    samples if enough
  end

  # Whether the store has every sample, and twice a moment that both writers have.
  def arrived?(stored, sent)
    sent.first.keys.all? do |labels|
      _, times = stored.find { |found, _| labels <= found }
      wanted = sent.flat_map { |samples| samples.fetch(labels) }.tally
      times && wanted.all? { |time, count| times.count(time) >= count }
    end
  end

  # VictoriaMetrics keeps the last sample of each interval that ends at a
  # multiple of its length.
  def last_of_each(times, interval)
    times.group_by { |time| (time + interval - 1) / interval }.values.map(&:max)
  end

  it 'brings the samples of both writers, and VictoriaMetrics makes one of them' do
    folder do |path|
      sent = received = nil
      SimulatedPlatform.run(path) do |platform|
        VictoriaMetrics.run(path) do |store|
          with_two_writers(platform, store, 'enable-remote-write') do |writers|
            sent = store.await('writers with samples') { scraped(writers, platform.nodes.size, metrics) }
            metrics.each { |metric| store.await('all samples') { arrived?(store.samples(metric), sent[metric]) } }
          end
          received = metrics.to_h { |metric| [metric, store.samples(metric)] }
        end
      end

      # The same store, told to deduplicate.
      VictoriaMetrics.run(path, deduplicate: interval) do |store|
        received.each do |metric, series|
          own = sent[metric].first.keys.map { |labels| labels.merge('platform' => 'cf.example.com') }
          expect(series.keys).to match_array(own)
          kept = store.samples(metric)
          expect(kept).to eq(series.transform_values { |times| last_of_each(times, interval) })
          expect(kept.values.sum(&:size)).to be < series.values.sum(&:size)
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
              found if found.size == 2 * platform.nodes.size
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
