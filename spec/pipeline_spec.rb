# frozen_string_literal: true

require 'open3'
require_relative 'pipeline'
require_relative 'spec_helper'

# What `fly validate-pipeline` would find, and what it would not: that each
# task's inputs, outputs and params are given, and used.
RSpec.describe 'ci/pipeline.yml' do
  # https://concourse-ci.org/docs/steps, those that we use.
  step_keys = {
    'get' => %w[get resource passed trigger params version timeout attempts],
    'put' => %w[put resource inputs params get_params timeout attempts],
    'task' => %w[task file params vars input_mapping output_mapping image privileged timeout attempts]
  }

  it 'has no key that Concourse does not know' do
    expect(Pipeline.config.keys - %w[groups resources jobs]).to be_empty
    Pipeline.jobs.each do |job|
      expect(job.keys - %w[name plan serial serial_groups max_in_flight public on_failure build_log_retention]).to be_empty
      Pipeline.steps(job).each do |step|
        kind = step_keys.keys.find { |key| step.key?(key) }
        expect(kind).not_to be_nil, "#{job['name']}: #{step}"
        expect(step.keys - step_keys.fetch(kind)).to be_empty, "#{job['name']}: #{step}"
      end
    end
    Pipeline.resources.each_value { |resource| expect(resource.keys - %w[name type icon source check_every version]).to be_empty }
  end

  # No package registry has it.
  fly = ENV.fetch('PATH').split(':').any? { |folder| File.executable?(File.join(folder, 'fly')) }
  it 'is valid to the real fly, where that is installed', if: fly do
    said, status = Open3.capture2e('fly', 'validate-pipeline', '--strict', '--config', Pipeline::FILE)
    expect(status).to be_success, said
  end

  it 'uses every resource and task, and no other' do
    steps = Pipeline.jobs.flat_map { |job| Pipeline.steps(job) }
    expect(steps.filter_map { |step| Pipeline.resource_of(step) }.uniq).to match_array(Pipeline.resources.keys)
    files = steps.filter_map { |step| step['file'] }.uniq
    expect(files).to match_array(Pipeline.tasks.keys.map { |name| "source/ci/tasks/#{name}.yml" })
  end

  # Those that every Concourse worker has.
  it 'needs no resource type that would have to be fetched' do
    expect(%w[git github-release s3]).to include(*Pipeline.resources.values.map { |resource| resource.fetch('type') })
  end

  it 'runs every task where the pinned Rust is' do
    pinned = File.read(File.join(ReleaseSpec::ROOT, 'rust-toolchain.toml'))[/^channel = "(.*)"/, 1]
    Pipeline.tasks.each_value do |task|
      expect(task.config.dig('image_resource', 'source')).to eq('repository' => 'rust', 'tag' => "#{pinned}-bookworm")
    end
  end

  it 'shows every job in exactly one group' do
    expect(Pipeline.config.fetch('groups').flat_map { |group| group.fetch('jobs') })
      .to match_array(Pipeline.jobs.map { |job| job.fetch('name') })
  end

  it 'passes on only what earlier jobs had' do
    seen = {}
    Pipeline.jobs.each do |job|
      Pipeline.steps(job).select { |step| step['get'] }.each do |step|
        step.fetch('passed', []).each do |earlier|
          expect(seen.fetch(earlier)).to include(Pipeline.resource_of(step)), "#{job['name']} gets #{step['get']} from #{earlier}"
        end
      end
      seen[job.fetch('name')] = Pipeline.steps(job).filter_map { |step| Pipeline.resource_of(step) }
    end
  end

  it 'starts a release by hand only, from what was deployed' do
    releases = Pipeline.jobs.select { |job| job['name'].start_with?('release-') }
    raises = releases.map do |job|
      get = Pipeline.steps(job).first
      expect(get).to include('get' => 'source', 'passed' => ['deploy'])
      expect(get).not_to have_key('trigger')
      Pipeline.steps(job).find { |step| step['task'] == 'bump-version' }.dig('params', 'RAISE')
    end
    expect(raises.zip(releases).map { |raise, job| [job['name'], raise] })
      .to eq([%w[release-patch patch], %w[release-minor minor], %w[release-major major]])
  end

  Pipeline.jobs.each do |job|
    describe "job #{job['name']}" do
      it 'gives each task its inputs and its params, and has the folders that it publishes' do
        present = []
        Pipeline.steps(job).each do |step|
          if step['task']
            task = Pipeline.task_of(step)
            expect(present).to include('source', *task.inputs)
            given = step.fetch('params', {}).keys
            expect(given - task.params.keys).to be_empty, "#{task.name} takes no #{given - task.params.keys}"
            expect(given).to include(*task.required_params)
          elsif step['put']
            folders = Pipeline.strings(step['params'].values).grep(%r{/|\Areleased\z}).map { |path| path.split('/').first }
            expect(folders).not_to be_empty
            expect(present).to include(*folders)
          end
          present.concat(Pipeline.produced(step))
        end
      end

      it 'uses what each task makes' do
        steps = Pipeline.steps(job)
        steps.each_with_index.select { |step, _| step['task'] }.each do |step, index|
          later = steps.drop(index + 1)
          used = later.flat_map { |other| other['task'] ? Pipeline.task_of(other).inputs : Pipeline.strings(other['params']) }
          Pipeline.task_of(step).outputs.each do |output|
            expect(used.any? { |path| path == output || path.start_with?("#{output}/") }).to be(true), "#{output} of #{step['task']}"
          end
        end
      end
    end
  end

  Pipeline.tasks.each_value do |task|
    describe "task #{task.name}" do
      it 'runs its script, from one of its inputs' do
        folder, rest = task.path.split('/', 2)
        expect(task.inputs).to include(folder)
        expect(File.expand_path(rest, ReleaseSpec::ROOT)).to eq(task.script)
        expect(File).to be_executable(task.script)
      end

      it 'uses each input and output, and no other folder of the task' do
        folders = task.inputs + task.outputs
        folders.each { |folder| expect(task.code).to match(%r{(^|[\s"/=])#{folder}($|[\s"/])}), "#{folder} is not used" }
        others = Pipeline.tasks.values.flat_map { |other| other.inputs + other.outputs }.uniq - folders
        others.each { |folder| expect(task.code).not_to match(%r{(^|\s)#{folder}/}), "#{folder} is not declared" }
      end

      it 'uses each param, and reads nothing else from the environment' do
        # What the bosh CLI reads by itself needs no mention in the script.
        by_bosh = task.params.keys.grep(/\ABOSH_/)
        expect(task.variables - task.params.keys).to be_empty
        expect(task.params.keys - by_bosh - task.variables).to be_empty
      end

      it 'refuses to run without what it needs' do
        expect(task.code).to include('set -euo pipefail')
        task.required_params.each { |param| expect(task.code).to match(/\$\{#{param}:\?/), param }
      end
    end
  end

  it 'documents each variable, and no other' do
    used = File.read(Pipeline::FILE).scan(/\(\(([a-z_]+)\)\)/).flatten.uniq
    readme = File.read(File.join(ReleaseSpec::ROOT, 'ci/README.md'))
    table = readme[/^## Variables$.*?^## /m].lines.grep(/^\| `/).map { |row| row.split('|')[1] }
    expect(table.join.scan(/`([a-z_]+)`/).flatten).to match_array(used)
  end
end
