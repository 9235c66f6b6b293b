# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'

# What the tenants' Prometheis record, by Prometheus' own tests of rules.
RSpec.describe 'The recording rules' do
  rules = File.join(ReleaseSpec::ROOT, 'jobs/aiven-metrics-rules/templates/aiven.rules.yml')

  def promtool(*arguments)
    output, status = Open3.capture2e('promtool', *arguments)
    expect(status).to be_success, output
  end

  it('are rules') { promtool('check', 'rules', '--lint=all', '--lint-fatal', rules) }

  it 'say what is so, also while nodes come and go' do
    folder do |path|
      cases = File.join(path, 'recording.yml')
      File.write(cases, File.read(File.join(__dir__, 'recording.yml')).sub('RULES', rules))
      promtool('test', 'rules', cases)
    end
  end
end
