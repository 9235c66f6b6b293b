# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'remote_writers'
require_relative 'simulated_platform'
require_relative 'thanos'
require_relative 'victoria_metrics'

# Two real Prometheus servers send to a real store, as the two instances do with
# the ops files; one of them dies.
RSpec.describe 'Remote write' do
  interval = RemoteWriters::INTERVAL
  first, other = RemoteWriters::NAMES

  around do |example|
    folder do |path|
      SimulatedPlatform.run(@folder = path) do |platform|
        @platform = platform
        example.run
      end
    end
  end

  # Name => labels => timestamps of `up`: what the writers scraped while both
  # lived, and the other one after that. Returns when `store` has all of it; the
  # block tells name by name what it has of a metric.
  def send_until_one_is_dead(store, *operations, &stored)
    RemoteWriters.run(@platform, store.write_url, *operations) do |writers|
      store.await('writers that send') { writers.send? }
      together = arrived(store, writers, writers.now, &stored)
      death = writers.kill(RemoteWriters::NAMES.first)
      alone = arrived(store, writers, death, &stored)
      together.merge(alone) { |_, before, after| before.merge(after) { |_, *times| times.flatten } }
    end
  end

  # Of `up`, what the living writers scraped after that moment, once it has arrived.
  def arrived(store, writers, after)
    scraped = store.await('writers with samples', within: RemoteWriters::PATIENCE) { writers.scraped(after) }
    scraped.each do |metric, sent|
      store.await("every sample of #{metric}", within: RemoteWriters::PATIENCE) do
        stored = yield metric
        sent.all? { |name, series| included?(series, stored.fetch(name, {})) }
      end
    end
    scraped.fetch('up')
  end

  # The store may have added labels.
  def included?(sent, stored)
    sent.all? do |labels, times|
      _, found = stored.find { |candidate, _| labels <= candidate }
      found && (times - found).empty?
    end
  end

  # As many series as nodes, at each second from when both writers had sent
  # something of each node until the living one ends.
  def expect_each_node_once(store, sent)
    dead, alive = RemoteWriters::NAMES.map { |name| sent.fetch(name).values }
    moments = (dead + alive).map(&:min).max..alive.map(&:max).min
    last = dead.flatten.max
    expect(moments).to cover(last, last + RemoteWriters::INTERVAL)
    seconds = ((moments.end - moments.begin) / 1000) + 1
    expect(store.counts('up', moments)).to eq([alive.size] * seconds)
  end

  describe 'to VictoriaMetrics' do
    # Those of each interval, which ends at a multiple of its length; but for the
    # last one, of which more may have come since.
    def in_intervals(times, length)
      number = ->(time) { (time + length - 1) / length }
      times.sort.reject { |time| number.call(time) == number.call(times.max) }.group_by(&number).values
    end

    it 'brings the samples of both writers, which it makes one, also when one writer is dead' do
      received = nil
      sent = VictoriaMetrics.run(@folder) do |store|
        send_until_one_is_dead(store, 'enable-remote-write') do |metric|
          # Both writers' are one series, with two samples of a moment that both have.
          received = store.samples(metric)
          RemoteWriters::NAMES.to_h { |name| [name, received] }
        end
      end
      expect(received.size).to eq(@platform.aiven.nodes.size)

      # The same store, told to deduplicate. Stale markers, after a failed
      # scrape, are sent too, but never queried: `up` has none.
      VictoriaMetrics.run(@folder, deduplicate: interval) do |store|
        kept = store.samples('up')
        expect(kept.keys).to match_array(received.keys)
        received.each do |labels, times|
          intervals = in_intervals(times, interval)
          expect(intervals).to include(have_attributes(size: 2..))
          expect(kept.fetch(labels).select { |time| time <= intervals.flatten.max }).to eq(intervals.map(&:max))
        end
        expect_each_node_once(store, sent)
      end
    end
  end

  no_thanos = 'there is no thanos: scripts/setup thanos compiles it' unless Thanos.installed?

  describe 'to Thanos', skip: no_thanos do
    def by_writer(series) = series.group_by { |labels, _| labels['__replica__'] }.transform_values(&:to_h)

    # A querier stays with one replica, and takes a sample of the other one once
    # twice the time since its last has passed, and the other one has one: see
    # pkg/dedup/iter.go. It knows no such time at the first sample.
    def longest_gap(replicas)
      longest = replicas.flat_map { |times| times.each_cons(2).map { |one, next_one| next_one - one } }.max
      [2 * longest, 5000].max + longest
    end

    it 'brings the samples of both writers, which it makes one, also when one writer is dead' do
      Thanos.run(@folder) do |store|
        received = nil
        sent = send_until_one_is_dead(store, 'enable-remote-write', 'label-remote-writers') do |metric|
          received = by_writer(store.samples(metric))
        end
        expect(received.keys).to contain_exactly(first, other)
        expect(received.values.flat_map(&:keys).map { |labels| labels['cluster'] }.uniq).to eq(['cf.example.com'])

        answered = store.samples('up', deduplicate: true)
        expect(answered.size).to eq(@platform.aiven.nodes.size)
        expect(answered.keys.flat_map(&:keys)).not_to include('__replica__', 'receive_replica')
        answered.each do |labels, times|
          replicas = received.values.map { |series| series.find { |candidate, _| labels <= candidate }.last }
          known = replicas.flatten
          times = times.select { |time| time <= known.max }
          expect(known).to include(*times)
          expect([known.min, *times, known.max].each_cons(2).map { |one, next_one| next_one - one })
            .to all(be <= longest_gap(replicas))
        end
        expect_each_node_once(store, sent)
      end
    end
  end
end

RSpec.describe 'docs/scaling.md' do
  it 'tells the stores what they are tested with' do
    scraping = PrometheusJob.new(Manifest.of(Operations.fetch(Operations::BASE)).properties('prometheus'))
    settings = ["#{VictoriaMetrics::DEDUPLICATE}=#{scraping['scrape_interval']}", *Thanos::QUERIER]
    expect(File.read(File.join(ReleaseSpec::ROOT, 'docs/scaling.md'))).to include(*settings.map { |setting| "`#{setting}`" })
  end
end
