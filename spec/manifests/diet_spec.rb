# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'simulated_platform'

# The figures in manifests/README.md are what a real Prometheus counts.
RSpec.describe 'The metric diet' do
  # The simulated nodes of the demo count their scrapes, in a series that no real node has.
  series_of_the_simulator = 1

  # Service types => series a node, without and with the diet.
  def documented
    rows = File.read(Operations::README).scan(/^\| ([a-z, ]+) \| (\d+) \| (\d+) \|$/)
    rows.flat_map { |types, *counts| types.split(', ').map { |type| [type, counts.map(&:to_i)] } }.to_h
  end

  define_method(:series_a_node) do |platform, *names|
    manifest = platform.manifest(*names.map { |name| Operations.fetch(name) })
    platform.with_prometheus(manifest, name: names.first || 'all') do |prometheus|
      prometheus.await('every node is scraped') { prometheus.query('up == 1').size == platform.aiven.nodes.size }
      kept = prometheus.query('max by (aiven_service_type) (scrape_samples_post_metric_relabeling)')
      kept.to_h { |sample| [sample['metric']['aiven_service_type'], sample['value'].last.to_i - series_of_the_simulator] }
    end
  end

  it 'saves what the README says' do
    folder do |path|
      SimulatedPlatform.run(path) do |platform|
        full = series_a_node(platform)
        diet = series_a_node(platform, 'drop-detailed-metrics')
        expect(full.to_h { |type, count| [type, [count, diet.fetch(type)]] }).to eq(documented)
      end
    end
  end
end
