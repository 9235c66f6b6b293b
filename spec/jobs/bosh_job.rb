# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'

# What bpm knows (bpm-release, docs/config.md). It ignores every other key
# without a word, so a typing mistake shows nowhere else.
BPM_PROCESS = %w[name executable args env workdir hooks capabilities limits ephemeral_disk persistent_disk
                 additional_volumes unsafe shutdown_signal].freeze
BPM_NESTED = {
  'hooks' => %w[pre_start],
  'limits' => %w[memory open_files processes core_file_size],
  'unsafe' => %w[privileged unrestricted_volumes host_pid_namespace],
  'additional_volumes' => %w[path writable allow_executions mount_only shared]
}.freeze

# Wants `rendered`: the files of a job whose folder is jobs/NAME.
RSpec.shared_examples 'a job that BOSH can run' do |name|
  let(:folder_of_job) { File.join(ReleaseSpec::ROOT, 'jobs', name) }
  let(:scripts) { rendered.select { |_, text| text.match?(%r{\A#!/bin/(?:ba)?sh}) } }

  it 'lists every template that it has, and has every one that it lists' do
    templates = File.join(folder_of_job, 'templates')
    files = Dir[File.join(templates, '**/*')].select { |file| File.file?(file) }
    expect(files.map { |file| file.delete_prefix("#{templates}/") }).to match_array(job(name).spec['templates'].keys)
  end

  it 'says what it is, and what each of its properties is' do
    spec = job(name).spec
    expect([spec, *spec.fetch('properties', {}).values].map { |one| one['description'].to_s }).to all(match(/\w/))
  end

  it 'has no example that YAML would take for something else than a variable' do
    text = File.read(File.join(folder_of_job, 'spec'))
    expect(text.lines.grep(/^\s*(?:- |[a-z._]+: )+[^"'\s].*\(\(|^\s*(?:- |[a-z._]+: )\(\(/)).to be_empty
  end

  it 'writes no file that is empty, but monit where it has no process' do
    expect(rendered.reject { |file, text| file == 'monit' || text.match?(/\S/) }.keys).to be_empty
  end

  it 'needs only packages that the release has' do
    expect((job(name).spec['packages'] || []).map { |package| File.join(ReleaseSpec::ROOT, 'packages', package, 'spec') })
      .to all(satisfy { |file| File.exist?(file) })
  end

  it 'has a monit file that the real monit takes' do
    folder do |path|
      File.write(File.join(path, 'job.monitrc'), rendered['monit'], perm: 0o600)
      control = File.join(path, 'monitrc')
      File.write(control, "set idfile #{path}/id\nset statefile #{path}/state\ninclude #{path}/job.monitrc\n", perm: 0o600)
      output, status = Open3.capture2e('monit', '-t', '-c', control)
      # bpm is not on this machine.
      complaints = output.lines.grep_v(%r{Program does not exist: '/var/vcap/jobs/|New Monit id|Stored in|syntax OK})
      expect([status.exitstatus, complaints.join.strip]).to eq([0, ''])
    end
  end

  it 'has in monit, if anything, processes of the group vcap that bpm starts' do
    rendered['monit'].scan(/^check process (\S+)\n((?: +.*\n)*)/) do |process, stanza|
      expect(stanza.lines.map(&:strip)).to contain_exactly(
        "with pidfile /var/vcap/sys/run/bpm/#{name}/#{process}.pid",
        %r{\Astart program "/var/vcap/jobs/bpm/bin/bpm start #{name}( -p #{process})?"( with timeout \d+ seconds)?\z},
        %r{\Astop program "/var/vcap/jobs/bpm/bin/bpm stop #{name}( -p #{process})?"( with timeout \d+ seconds)?\z},
        'group vcap'
      )
    end
  end

  it 'has a bpm.yml of keys that bpm knows' do
    next unless rendered['config/bpm.yml']

    bpm = YAML.safe_load(rendered['config/bpm.yml'])
    expect(bpm.keys).to eq(['processes'])
    bpm['processes'].each do |process|
      expect(process.keys - BPM_PROCESS).to be_empty
      BPM_NESTED.each do |key, known|
        expect([process[key] || {}].flatten.flat_map(&:keys) - known).to be_empty, key
      end
    end
  end

  it 'tells monit and bpm the same processes' do
    bpm = YAML.safe_load(rendered['config/bpm.yml'] || 'processes: []')
    expect(rendered['monit'].scan(/^check process (\S+)/).flatten).to match_array(bpm['processes'].map { |process| process['name'] })
  end

  it 'has scripts that shellcheck takes, and nothing else in bin' do
    expect(scripts.keys).to match_array(rendered.keys.grep(%r{\Abin/}))
    folder do |path|
      files = scripts.map do |script, text|
        File.join(path, File.basename(script)).tap { |file| File.write(file, text) }
      end
      next if files.empty?

      output, = Open3.capture2e('shellcheck', *files)
      expect(output).to eq('')
    end
  end

  it 'writes no property into a script' do
    listed = job(name).spec['templates'].select { |_, destination| destination.start_with?('bin/') }.keys
    listed.each { |file| expect(File.read(File.join(folder_of_job, 'templates', file))).not_to include('<%'), file }
  end

  it 'renders to the same when it is rendered again' do
    expect(rendered_again).to eq(rendered)
  end
end
