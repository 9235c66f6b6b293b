# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative '../support/child_process'

# PyPI's cloudfoundry-client reads the simulated Cloud Foundry, so that our own idea of it is not
# the only one that its simulator agrees with.
RSpec.describe 'the simulated Cloud Foundry, to cloudfoundry-client' do
  around do |example|
    Dir.mktmpdir do |folder|
      log = File.join(folder, 'aiven-sim.log')
      ChildProcess.run(simulator, 'demo', '--cloud-foundry', '--without-nodes', log: log) do |sim|
        @cloud_foundry = JSON.parse(sim.await_line(/\A\{.*\}$/)[0]).fetch('cloud_foundry')
        @ca = File.join(folder, 'ca.pem')
        File.write(@ca, @cloud_foundry.fetch('ca'))
        example.run
      end
    end
  end

  def judge(user, password = 'demo-password')
    script = File.join(__dir__, 'judge.py')
    Open3.capture3('python-with-cf-client', script, @cloud_foundry.fetch('api'), user, password, @ca)
  end

  # Names of organizations, spaces and service instances.
  def names_seen_by(user)
    read, complaint, status = judge(user)
    expect([status.exitstatus, complaint]).to eq([0, ''])
    JSON.parse(read).transform_values { |rows| rows.map { |row| row['name'] }.sort }
  end

  it 'shows each user their own spaces, and what is in them' do
    expect(names_seen_by('alice')).to eq(
      'organizations' => %w[retail], 'spaces' => %w[production staging],
      'service_instances' => %w[graphs measurements old-search search search unused]
    )
    expect(names_seen_by('bob')).to eq(
      'organizations' => %w[payments], 'spaces' => %w[production], 'service_instances' => %w[events orders]
    )
    expect(names_seen_by('carol')).to eq('organizations' => %w[retail], 'spaces' => [], 'service_instances' => [])
  end

  it 'lets nobody in with a wrong password' do
    _, complaint, status = judge('alice', 'guess')
    expect(status).not_to be_success
    expect(complaint).to include('Bad credentials')
  end
end
