# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'simulated_platform'

# What docs/migration.md promises to those who come from aiven-service-discovery.
RSpec.describe 'Series of the earlier aiven-service-discovery' do
  labels = %w[aiven_service_name aiven_service_type aiven_hostname aiven_plan aiven_cloud aiven_node_count]

  it 'keep the labels that dashboards select by' do
    folder do |path|
      SimulatedPlatform.run(path) do |platform|
        platform.with_prometheus(platform.manifest, name: 'prometheus') do |prometheus|
          nodes = platform.aiven.nodes
          series = prometheus.await('every node is scraped') do
            found = prometheus.query('mem_used_percent{job="aiven"}').map { |sample| sample['metric'] }
            found if found.size == nodes.size
          end
          expect(series).to all(include(*labels))
          expect(series.map { |metric| metric['instance'] }).to match_array(nodes)
          expect(series.map { |metric| metric['instance'] }).to all(end_with(':9273'))
          expect(series.flat_map { |metric| metric.keys.grep(/\A(__param|exported)_/) }).to be_empty
        end
      end
    end
  end
end
