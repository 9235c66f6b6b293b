# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'simulated_platform'

# What docs/migration.md promises to those who come from aiven-service-discovery.
RSpec.describe 'Series of the earlier aiven-service-discovery' do
  labels = %w[aiven_service_name aiven_service_type aiven_hostname aiven_plan aiven_cloud aiven_node_count]

  def query(address, expression)
    JSON.parse(Child.get("#{address}/api/v1/query", query: expression)).dig('data', 'result')
  end

  it 'keep the labels that dashboards select by' do
    folder do |path|
      SimulatedPlatform.run(path) do |platform|
        manifest = platform.manifest(vars: { 'prometheus_port' => Child.free_port.to_s })
        platform.with_prometheus(manifest, name: 'prometheus') do |address, prometheus|
          nodes = platform.nodes
          series = prometheus.await('to have scraped every node') do
            found = query(address, 'mem_used_percent{job="aiven"}').map { |sample| sample['metric'] }
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
