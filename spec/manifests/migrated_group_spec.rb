# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'manifest'

# Prometheus deletes what a smaller retention does not cover. docs/migration.md
# promises that its steps keep what a group has.
RSpec.describe 'A group that has samples' do
  document = File.read(File.join(ReleaseSpec::ROOT, 'docs/migration.md'))
  step = document[/^## Steps$.*?```\n.*?```\n.*?```\n(.*?)```/m, 1]
  operations = step.scan(%r{-o operations/([a-z0-9-]+)\.yml}).flatten

  # As paas-cf has it, but for the values of its variables.
  before = {
    'azs' => %w[z1 z2 z3], 'persistent_disk_type' => '750GB', 'vm_type' => 'xlarge', 'networks' => [{ 'name' => 'cf' }],
    'time' => '370d', 'size' => '700GB', 'scrape_interval' => '1m', 'job' => 'prometheus2', 'instances' => 2
  }.freeze
  vars = {
    'prometheus_azs' => before['azs'], 'prometheus_network' => 'cf', 'prometheus_vm_type' => before['vm_type'],
    'prometheus_retention_time' => before['time'], 'prometheus_retention_size' => before['size'],
    'prometheus_persistent_disk_type' => before['persistent_disk_type'], 'prometheus_scrape_interval' => before['scrape_interval']
  }.freeze

  it 'keeps every setting that decides for how long, with the steps of docs/migration.md' do
    manifest = Manifest.of(*operations.map { |name| Operations.fetch(name) }, vars: vars)
    prometheus = manifest.prometheus_properties['prometheus']
    after = manifest.group.slice('azs', 'persistent_disk_type', 'vm_type', 'networks', 'instances').merge(
      prometheus.dig('storage', 'tsdb', 'retention'), prometheus.slice('scrape_interval'),
      'job' => manifest.jobs.map { |job| job['name'] }.grep(/\Aprometheus2?\z/).first
    )
    expect(after).to eq(before)
  end

  it 'has every setting of the group named that add-tenant-prometheis.yml replaces' do
    base = Manifest.of(Operations.fetch(Operations::BASE))
    settings = base.group.keys - %w[name jobs stemcell update]
    # Those that say where the jobs of one VM find each other are no operator's choice.
    own = leaves(base.prometheus_properties['prometheus']).reject { |name| name.start_with?('web.', 'external_labels', 'scrape_timeout') }
    table = document[/^## Settings of the group.*?(?=^## )/m]
    unnamed = (settings + own).reject { |name| table.include?(name) || table.include?(".#{name.split('.').last}`") }
    expect(unnamed).to be_empty
  end

  # Dotted names of properties; lists are values.
  def leaves(hash, path = nil)
    hash.flat_map do |key, value|
      name = [path, key].compact.join('.')
      value.is_a?(Hash) ? leaves(value, name) : [name]
    end
  end
end
