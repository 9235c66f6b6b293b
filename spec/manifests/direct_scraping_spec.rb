# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'simulated_platform'

# scrape-directly.yml, with a real Prometheus and TLS nodes.
RSpec.describe 'Direct scraping' do
  # What Prometheus says of the nodes of `service` when it trusts the CA of
  # `project`: address => error.
  def scraped(platform, service, project)
    vars = { 'aiven_hostname' => service['host'], 'aiven_project_ca' => platform.project_ca(project) }
    manifest = platform.manifest(Operations.fetch('scrape-directly'), vars: vars)
    platform.with_prometheus(manifest, name: project) do |prometheus|
      prometheus.await('every node is scraped') do
        targets = JSON.parse(Http.get("#{prometheus.url}/api/v1/targets")).dig('data', 'activeTargets')
        errors = targets.to_h { |target| [target['labels']['instance'], target['lastError']] }
        errors if targets.any? && targets.none? { |target| target['health'] == 'unknown' }
      end
    end
  end

  it 'reaches every node of the service, verified, and no other' do
    folder do |path|
      SimulatedPlatform.run(path) do |platform|
        service = platform.aiven.integrated_services.max_by { |candidate| candidate['nodes'].size }
        nodes = service['nodes'].map { |node| node['address'] }
        expect(nodes.size).to be > 1
        expect(scraped(platform, service, service['project'])).to eq(nodes.to_h { |node| [node, ''] })

        other = (platform.aiven.projects - [service['project']]).first
        errors = scraped(platform, service, other)
        expect(errors.keys).to match_array(nodes)
        expect(errors.values).to all(match(/x509/))
      end
    end
  end
end
