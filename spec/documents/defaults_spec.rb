# frozen_string_literal: true

require_relative '../spec_helper'

# A default in a document, `some.property` (30s), is the one that the job's spec has.
RSpec.describe 'Defaults that documents name' do
  defaults = Dir[File.join(ReleaseSpec::ROOT, 'jobs/*/spec')].map { |file| YAML.load_file(file)['properties'] }
                                                             .reduce(:merge).transform_values { |property| property['default'] }

  Dir.glob('{*.md,manifests/*.md,docs/*.md}', base: ReleaseSpec::ROOT).each do |document|
    named = File.read(File.join(ReleaseSpec::ROOT, document)).scan(/`([a-z_]+\.[a-z_.]+)` \((\d+ ?(?:s|m|MiB)?)\)/)
    next if named.empty?

    it("are the jobs': #{document}") { expect(named.to_h).to eq(defaults.slice(*named.to_h.keys).transform_values(&:to_s)) }
  end

  it 'are those by which drain ends: the sum in the table of what stops a rollout' do
    seconds = %w[drain.leave_route prometheus.query_timeout limits.body_timeout limits.place_timeout].sum { |name| defaults[name].to_i }
    table = File.read(File.join(ReleaseSpec::ROOT, 'docs/operating.md'))[/^\| `drain` of `prometheus-failover`.*$/]
    expect(table).to include("| #{seconds + 10} s |")
  end
end
