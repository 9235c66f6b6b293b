# frozen_string_literal: true

require_relative '../render/properties'
require_relative 'prometheus_job'

# What the specs of other releases' jobs say that our ops files rely on: their
# properties and links. Of properties the Director drops without a word what a
# spec lacks.
module OtherJobs
  # prometheus-boshrelease 31.2.1, where the two differ in their names only.
  PROMETHEUS = {
    'properties' => PrometheusJob::PROPERTIES.map { |name| "prometheus.#{name}" } +
                    %w[env.http_proxy env.https_proxy env.no_proxy],
    'provides' => [{ 'name' => 'prometheus', 'type' => 'prometheus' }],
    # Of the properties that the link shares.
    'defaults' => { 'prometheus.web.port' => '9090' },
    'consumes' => [{ 'name' => 'alertmanager', 'type' => 'alertmanager', 'optional' => true }]
  }.freeze

  SPECS = {
    'prometheus' => PROMETHEUS,
    'prometheus2' => PROMETHEUS,
    # routing-release 0.317. The link is optional there, but not with
    # nats.tls.enabled.
    'route_registrar' => {
      'properties' => %w[
        nats.machines nats.port nats.user nats.password nats.tls.enabled nats.tls.client_cert
        nats.tls.client_key nats.tls.ca_cert nats.fail_if_using_nats_without_tls host
        route_registrar.logging_level route_registrar.dynamic_config_globs route_registrar.routes
      ],
      'provides' => [],
      'consumes' => [{ 'name' => 'nats-tls', 'type' => 'nats-tls' }]
    },
    # nats-release
    'nats-tls' => { 'properties' => nil, 'consumes' => [],
                    'provides' => [{ 'name' => 'nats-tls', 'type' => 'nats-tls' }] },
    'gorouter' => { 'properties' => nil, 'consumes' => [], 'provides' => [] },
    'uaa' => { 'properties' => nil, 'consumes' => [], 'provides' => [] }
  }.freeze

  module_function

  # What a link to this job shares: the properties of the manifest, and the defaults of the job.
  def shared(job, given)
    SPECS.dig(job, 'defaults').to_h.each_with_object(given) do |(name, value), all|
      Rendering::Properties.set(all, name, value) if Rendering::Properties.lookup(all, name).nil?
    end
  end

  # The spec of one of these jobs, or of this release; its properties as a list of names.
  def spec_of(job)
    SPECS.fetch(job) do
      spec = YAML.load_file(File.expand_path("../../jobs/#{job}/spec", __dir__))
      spec.merge('properties' => (spec['properties'] || {}).keys)
    end
  end
end
