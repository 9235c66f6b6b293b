# frozen_string_literal: true

require 'json'

require_relative '../manifests/manifest'

# A simulated Aiven that runs, and the manifest of what is deployed beside it:
# the one place where tests of the release compose the daemon's configuration.
class SimulatedAiven
  LOOPBACK = File.expand_path('../manifests/on-loopback.yml', __dir__)
  PASSWORD = 'pAssword-of-tests-0123456789'

  # `child` is the program aiven-sim, whose first line says where it listens;
  # `get` makes an HTTP request and returns the body.
  def initialize(child, get: Http.method(:get))
    @said = JSON.parse(child.await_line(/\A\{.*\}$/)[0])
    @get = get
  end

  def api = @said.fetch('api')
  def control = @said.fetch('control')
  def projects = @said.fetch('projects')
  def token = @said.fetch('token')
  def dns = @said.fetch('dns')

  # The daemon's properties cloud_foundry of a simulator that was started with one; it is
  # asked every second.
  def cloud_foundry
    said = @said.fetch('cloud_foundry')
    { 'api_url' => said.fetch('api'), 'ca_cert' => said.fetch('ca'), 'poll_interval' => '1s', **said.slice('client_id', 'client_secret') }
  end

  # The manifest with `operations`, on loopback and at this Aiven. `vars` are for
  # the variables of the ops files; the targets file is `targets`.
  def manifest(*operations, targets:, scrape_proxy: '127.0.0.1:9275', vars: {})
    base = Operations.fetch(Operations::BASE)
    simulated = {
      'aiven_api_url' => api, 'aiven_api_token' => token, 'aiven_projects' => projects,
      'aiven_metrics_password' => PASSWORD, 'simulated_dns' => dns,
      'scrape_proxy' => scrape_proxy, 'targets' => targets
    }
    known = operations.map(&:vars).reduce(Manifest::CF_VARS, :merge).merge(simulated, vars)
    Manifest.interpolate(Manifest::CF, [base.file, LOOPBACK, *operations.map(&:file)], known, '--var-errs')
  end

  # All that it simulates.
  def state = JSON.parse(@get.call("#{control}/state"))

  # Every service of all projects.
  def services
    state.fetch('projects').flat_map do |project, content|
      content.fetch('services').map { |name, service| service.merge('project' => project, 'name' => name) }
    end
  end

  def integrated_services = services.select { |service| service['integrated'] }

  # The addresses of the nodes of integrated services that run.
  def nodes
    integrated_services.flat_map { |service| service['nodes'] }.select { |node| node['running'] }
                       .map { |node| node['address'] }.sort
  end
end
