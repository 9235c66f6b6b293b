# frozen_string_literal: true

require 'json'
require 'open3'
require_relative '../pipeline'
require_relative '../spec_helper'

# The pipelines and tasks, read by Concourse's own code. CONCOURSE names a checkout of it
# (CONTRIBUTING.md): its module proxy entry is not to be had everywhere.
RSpec.describe 'ci, to Concourse itself' do
  checkout = ENV.fetch('CONCOURSE', '')

  it('has a checkout to look at') { skip 'CONCOURSE names none' } if checkout.empty?

  unless checkout.empty?
    # Inside the checkout, where fly's own packages may be imported; nothing is written into it.
    before(:context) do
      @folder = Dir.mktmpdir('aiven-metrics-concourse')
      source = File.expand_path('main.go', __dir__)
      overlay = File.join(@folder, 'overlay.json')
      File.write(overlay, JSON.generate('Replace' => { File.join(File.realpath(checkout), 'fly/commands/validate/main.go') => source }))
      said, status = Open3.capture2e({ 'GOFLAGS' => '-mod=readonly', 'GOTOOLCHAIN' => nil }, 'go', 'build', '-overlay', overlay,
                                     '-o', validator, './fly/commands/validate', chdir: checkout)
      raise said unless status.success?
    end

    after(:context) { FileUtils.rm_rf(@folder) }

    def validator = File.join(@folder, 'validate')

    def broken(file, from, to)
      text = File.read(file)
      expect(text).to include(from)
      File.join(@folder, "broken-#{File.basename(file)}").tap { |copy| File.write(copy, text.sub(from, to)) }
    end

    it 'is valid: pipelines in strict mode, and every task' do
      files = Pipeline.all.map(&:file) + Dir.glob(File.join(Pipeline::TASKS, '*.yml'))
      said, status = Open3.capture2e(validator, *files)
      expect(status).to be_success, said
      expect(said.scan('looks good').size).to eq(files.size)
    end

    it 'would not be with a misspelt key or a job that is not there' do
      { Pipeline.all.first.file => ['passed: [test]', 'passed: [tests]'],
        Pipeline.all.last.file => ['input_mapping:', 'inputs_mapping:'],
        File.join(Pipeline::TASKS, 'test.yml') => ['platform: linux', 'plattform: linux'] }.each do |file, (from, to)|
        said, status = Open3.capture2e(validator, broken(file, from, to))
        expect([status.success?, said]).to match([false, /#{Regexp.escape(to[/\w+/])}|unknown job/])
      end
    end
  end
end
