# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../render/deployment_links'
require_relative 'manifest'
require_relative 'other_jobs'
require_relative 'second_group'

# A second group of the same jobs: the Director finds links by type in the whole
# deployment, and refuses one that two jobs provide.
RSpec.describe 'A second group' do
  both = Operations.with_needs(Operations.fetch('add-second-group'))
  # The links by which jobs of one group find each other.
  own = { 'prometheus-failover' => %w[peers], 'aiven-metrics-smoke-tests' => %w[aiven-metrics prometheus prometheus-failover] }

  def resolve(document)
    Rendering::DeploymentLinks.resolve(document) { |job| OtherJobs.spec_of(job) }
  end

  def without_names(document)
    groups = document['instance_groups'].map do |group|
      group.merge('jobs' => group['jobs'].map { |job| job['name'] == 'nats-tls' ? job : job.except('provides', 'consumes') })
    end
    document.merge('instance_groups' => groups)
  end

  it 'is what add-tenant-prometheis.yml makes of it (WRITE_GENERATED=1 writes it)' do
    File.write(SecondGroup::FILE, SecondGroup.text) if ENV['WRITE_GENERATED']
    expect(File.read(SecondGroup::FILE)).to eq(SecondGroup.text)
  end

  it 'finds its own jobs by every link, and so does the first' do
    found, problems = resolve(Manifest.of(*both).document)
    expect(problems).to be_empty
    wanted = ['prometheus', SecondGroup::NAME].product(own.flat_map { |job, links| links.map { |link| [job, link] } })
    wanted.each { |group, (job, link)| expect([group, job, link, found[[group, job, link]]&.first]).to eq([group, job, link, group]) }
  end

  it 'would be refused by the Director without the names of the links' do
    _, problems = resolve(without_names(Manifest.of(*both).document))
    expect(problems.map { |problem| problem[/in instance group '(.*)'\. Multiple link providers found/, 1] }.tally)
      .to eq('prometheus' => 4, SecondGroup::NAME => 4)
  end

  it 'shares nothing that only one group can have' do
    manifest = Manifest.of(*both)
    routes = ['prometheus', SecondGroup::NAME].map do |group|
      manifest.properties('route_registrar', group).dig('route_registrar', 'routes').flat_map { |route| route['uris'] }
    end
    projects = ['prometheus', SecondGroup::NAME].map { |group| manifest.properties('aiven-metrics', group).dig('aiven', 'projects') }
    [routes, projects].each { |one, other| expect(one & other).to be_empty }
  end
end
