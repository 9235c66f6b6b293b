# frozen_string_literal: true

require_relative 'pipeline'
require_relative 'spec_helper'

# What Concourse's own check (spec/concourse) would find, and what it would not: that
# each task's inputs, outputs and params are given, and used.
RSpec.describe Pipeline do
  # https://concourse-ci.org/docs/steps, those that we use.
  step_keys = {
    'get' => %w[get resource passed trigger params version timeout attempts],
    'put' => %w[put resource inputs params get_params timeout attempts],
    'task' => %w[task file params vars input_mapping output_mapping image privileged timeout attempts]
  }
  job_keys = %w[name plan serial serial_groups max_in_flight public build_log_retention]
  main, pull_requests = %w[pipeline.yml pull-requests.yml].map { |name| Pipeline.all.find { |one| one.name == name } }

  it 'uses every task, and no other' do
    files = Pipeline.all.flat_map { |one| one.jobs.flat_map { |job| Pipeline.steps(job) } }.filter_map { |step| step['file'] }
    expect(files.map { |file| file.split('/', 2).last }.uniq)
      .to match_array(Pipeline.tasks.keys.map { |name| "ci/tasks/#{name}.yml" })
  end

  it 'runs every task where the pinned Rust is' do
    pinned = File.read(File.join(ReleaseSpec::ROOT, 'rust-toolchain.toml'))[/^channel = "(.*)"/, 1]
    Pipeline.tasks.each_value do |task|
      expect(task.config.dig('image_resource', 'source')).to eq('repository' => 'rust', 'tag' => "#{pinned}-bookworm")
    end
  end

  it 'documents each variable, and no other' do
    readme = File.read(File.join(ReleaseSpec::ROOT, 'ci/README.md'))
    table = readme[/^## Variables$.*?^## /m].lines.grep(/^\| `/).map { |row| row.split('|')[1] }
    expect(table.join.scan(/`([a-z_]+)`/).flatten).to match_array(Pipeline.all.flat_map(&:variables).uniq)
  end

  Pipeline.all.each do |pipeline|
    describe pipeline.name do
      it 'has no key that Concourse does not know' do
        expect(pipeline.config.keys - %w[groups resource_types resources jobs]).to be_empty
        pipeline.jobs.each do |job|
          expect(job.keys - job_keys - Pipeline::HOOKS).to be_empty
          Pipeline.steps(job).each do |step|
            kind = step_keys.keys.find { |key| step.key?(key) }
            expect(kind).not_to be_nil, "#{job['name']}: #{step}"
            expect(step.keys - step_keys.fetch(kind) - Pipeline::HOOKS).to be_empty, "#{job['name']}: #{step}"
          end
        end
        pipeline.resources.each_value { |resource| expect(resource.keys - %w[name type icon source check_every version]).to be_empty }
      end

      it 'uses every resource, and no other' do
        steps = pipeline.jobs.flat_map { |job| Pipeline.steps(job) }
        expect(steps.filter_map { |step| Pipeline.resource_of(step) }.uniq).to match_array(pipeline.resources.keys)
      end

      it 'passes on only what earlier jobs had' do
        seen = {}
        pipeline.jobs.each do |job|
          Pipeline.steps(job).select { |step| step['get'] }.each do |step|
            step.fetch('passed', []).each do |earlier|
              expect(seen.fetch(earlier)).to include(Pipeline.resource_of(step)), "#{job['name']} gets #{step['get']} from #{earlier}"
            end
          end
          seen[job.fetch('name')] = Pipeline.steps(job).filter_map { |step| Pipeline.resource_of(step) }
        end
      end

      pipeline.jobs.each do |job|
        describe "job #{job['name']}" do
          it 'gives each task its inputs and its params, and has the folders that it publishes' do
            present = []
            Pipeline.steps(job).each do |step|
              if step['task']
                task = Pipeline.task_of(step)
                expect(present).to include(step['file'].split('/').first, *Pipeline.inputs_of(step))
                given = step.fetch('params', {}).keys
                expect(given - task.params.keys).to be_empty, "#{task.name} takes no #{given - task.params.keys}"
                expect(given).to include(*task.required_params)
              elsif step['put']
                params = step['params'].values_at('file', 'path', 'repository', 'release', 'name', 'tag', 'body', 'globs')
                folders = params.flatten.compact.map { |path| path.split('/').first }
                expect(folders).not_to be_empty unless step['params'] == { 'acquire' => true }
                expect(present).to include(*folders)
              end
              present.concat(Pipeline.produced(step))
            end
          end

          it 'uses what each task makes' do
            steps = Pipeline.steps(job)
            steps.each_with_index.select { |step, _| step['task'] }.each do |step, index|
              later = steps.drop(index + 1)
              used = later.flat_map { |other| other['task'] ? Pipeline.inputs_of(other) : Pipeline.strings(other['params']) }
              Pipeline.task_of(step).outputs.each do |output|
                expect(used.any? { |path| path == output || path.start_with?("#{output}/") }).to be(true), "#{output} of #{step['task']}"
              end
            end
          end
        end
      end
    end
  end

  describe 'pipeline.yml' do
    # Those that every Concourse worker has.
    it 'needs no resource type that would have to be fetched' do
      expect(main.config).not_to have_key('resource_types')
      expect(%w[git github-release pool s3 time]).to include(*main.resources.values.map { |resource| resource.fetch('type') })
    end

    it 'shows every job in exactly one group' do
      expect(main.config.fetch('groups').flat_map { |group| group.fetch('jobs') })
        .to match_array(main.jobs.map { |job| job.fetch('name') })
    end

    it 'starts a release by hand only, from what was deployed' do
      releases = main.jobs.select { |job| job['name'].start_with?('release-') }
      raises = releases.map do |job|
        get = Pipeline.steps(job).first
        expect(get).to include('get' => 'source', 'passed' => ['deploy'])
        expect(get).not_to have_key('trigger')
        Pipeline.steps(job).find { |step| step['task'] == 'bump-version' }.dig('params', 'RAISE')
      end
      expect(raises.zip(releases).map { |raise, job| [job['name'], raise] })
        .to eq([%w[release-patch patch], %w[release-minor minor], %w[release-major major]])
    end

    # With the resource's own `tag` it would be moved to the merge, which nobody built.
    it 'merges what landed meanwhile when it pushes a release, and leaves its tag where it is' do
      pushes = main.jobs.flat_map { |job| Pipeline.steps(job) }.select { |step| step['put'] == 'source' }
      expect(pushes.size).to eq(3)
      expect(pushes.map { |step| step['params'] }).to all(eq('repository' => 'released', 'merge' => true))
      # Without these its `git pull` fails: "Need to specify how to reconcile divergent branches".
      expect(main.resources['source']['source']['git_config'].to_h { |one| one.values_at('name', 'value') })
        .to match('pull.rebase' => 'false', 'user.name' => String, 'user.email' => String)
    end

    it 'holds the lock on the environment around all that is deployed to it, and gives it back in any case' do
      deploying = main.jobs.select { |job| Pipeline.strings(job).any? { |text| text.include?('bosh_environment') } }
      expect(deploying.map { |job| job['name'] }).to eq(['deploy'])
      plan = deploying.first['plan']
      task = plan.index { |step| step['task'] }
      expect(plan[task - 1]).to eq('put' => 'environment', 'params' => { 'acquire' => true })
      expect(plan[task]['ensure']).to eq('put' => 'environment', 'params' => { 'release' => 'environment' })
      expect(plan.drop(task + 1)).to be_empty
    end

    it 'notifies when a job fails, and when Concourse cannot run it' do
      main.jobs.each do |job|
        expect(job['on_failure']).to include('task' => 'notify', 'file' => 'source/ci/tasks/notify.yml')
        expect(job['on_failure']['params']).to match('NOTIFICATION_URL' => '((notification_url))',
                                                     'WHAT' => a_string_starting_with("the job #{job['name']} failed"))
        expect(job['on_error']).to eq(job['on_failure'])
      end
    end
  end

  # A pull request is other people's code. Concourse fills ((variables)) into a task's file, too.
  describe 'pull-requests.yml' do
    let(:tasks) { pull_requests.jobs.flat_map { |job| Pipeline.steps(job) }.select { |step| step['task'] } }

    it 'takes its tasks from the branch, and gives them the pull request alone' do
      expect(tasks).not_to be_empty
      tasks.each do |step|
        expect(step['file']).to start_with('trusted/')
        expect(Pipeline.inputs_of(step)).to eq(['pull-request'])
        expect(step).not_to have_key('privileged')
      end
      expect(pull_requests.resources['trusted']['type']).to eq('git')
    end

    it 'lets no task see a secret' do
      tasks.each do |step|
        expect(step).not_to have_key('params')
        expect(step).not_to have_key('vars')
        expect(Pipeline.task_of(step).params).to be_empty
        expect(File.read(File.join(Pipeline::TASKS, "#{step['task']}.yml"))).not_to include('((')
      end
      expect(pull_requests.variables).to match_array(%w[repository_uri repository_branch github_owner github_repository
                                                        pull_requests_private_key pull_requests_access_token])
    end

    it 'tells the pull request how each check ended' do
      job = pull_requests.jobs.first
      statuses = job.values_at('on_success', 'on_failure', 'on_error', 'on_abort').map { |step| step.dig('params', 'status') }
      expect(statuses).to eq(%w[SUCCESS FAILURE ERROR ERROR])
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
end
