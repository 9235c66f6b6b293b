# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../render/deployment_links'
require_relative 'manifest'
require_relative 'other_jobs'

# What the Director would check of the manifest, and what it would not: that
# properties which a job does not know are dropped without a word.
RSpec.describe 'The instance group of the tenants\' Prometheus servers' do
  base = Operations.fetch(Operations::BASE)
  alone = Operations.additions.to_h { |operation| ["with #{operation.name}.yml", Operations.with_needs(operation)] }

  def spec_of(job) = OtherJobs.spec_of(job)

  # The properties of the manifest that the job's spec has no name for.
  def unknown_properties(value, known, path = nil)
    return [] if known.include?(path)
    return [path] unless value.is_a?(Hash) && (path.nil? || known.any? { |name| name.start_with?("#{path}.") })

    value.flat_map { |key, inner| unknown_properties(inner, known, [path, key].compact.join('.')) }
  end

  { 'by itself' => [base] }.merge(alone).each do |title, operations|
    describe title do
      let(:manifest) { Manifest.of(*operations) }

      it 'sets only properties that the jobs have' do
        unknown = manifest.jobs.to_h do |job|
          [job['name'], unknown_properties(job['properties'] || {}, spec_of(job['name'])['properties'])]
        end
        expect(unknown.reject { |_, paths| paths.empty? }).to be_empty
      end

      it 'consumes only links that somebody provides, once' do
        _, problems = Rendering::DeploymentLinks.resolve(manifest.document) { |job| spec_of(job) }
        expect(problems).to be_empty
      end

      it 'takes jobs from releases that the manifest has, and no stemcell of its own' do
        expect(manifest.jobs.map { |job| job['release'] } - manifest.releases).to be_empty
        aliases = manifest.document['stemcells'].map { |stemcell| stemcell['alias'] }
        expect(aliases).to include(manifest.group['stemcell'])
      end

      it 'signs its certificates by authorities that the manifest declares' do
        authorities = manifest.document['variables'].filter_map { |variable| variable.dig('options', 'ca') }
        expect(authorities - manifest.variables).to be_empty
      end

      it 'leaves the job bpm to the addon' do
        expect(manifest.jobs.map { |job| job['name'] }).not_to include('bpm')
      end

      it 'updates one instance at a time' do
        expect(manifest.group['update']).to include('serial' => true, 'max_in_flight' => 1)
      end
    end
  end

  describe 'the base' do
    let(:manifest) { Manifest.of(base) }

    it 'is two instances in two zones, with a disk' do
      expect(manifest.group).to include('instances' => 2, 'azs' => %w[z1 z2], 'persistent_disk_type' => a_string_matching(/./))
    end

    it 'holds every secret as a variable' do
      text = File.read(base.file)
      secrets = text.scan(/^\s*(?:api_token|password|certificate|private_key|client_key): *(.*)$/).flatten
      expect(secrets).to all(match(/\A"\(\(.*\)\)"\z/))
      expect(secrets.size).to be >= 2
    end

    it 'pins the release of others by URL and checksum' do
      prometheus = manifest.document['releases'].find { |release| release['name'] == 'prometheus' }
      expect(prometheus).to include('sha1' => /\A(\h{40}|sha256:\h{64})\z/, 'url' => %r{/v#{prometheus['version']}/})
    end
  end
end
