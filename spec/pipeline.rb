# frozen_string_literal: true

require 'yaml'

# ci/pipeline.yml and its tasks, as Concourse reads them.
module Pipeline
  ROOT = File.expand_path('..', __dir__)
  FILE = File.join(ROOT, 'ci/pipeline.yml')
  TASKS = File.join(ROOT, 'ci/tasks')

  # A task's configuration and its script.
  Task = Struct.new(:name, :config) do
    def inputs = folders('inputs')
    def outputs = folders('outputs')
    def params = config.fetch('params', {})
    def required_params = params.select { |_, value| value.nil? }.keys
    def path = config.fetch('run').fetch('path')
    def script = File.join(TASKS, "#{name}.sh")
    def text = File.read(script)

    # The script without its comments.
    def code
      text.lines.grep_v(/^\s*#/).join
    end

    # Environment variables that it reads and does not set itself.
    def variables
      used = code.scan(/\$\{?([A-Z][A-Z0-9_]*)/).flatten.uniq
      set = code.scan(/^\s*(?:export\s+|local\s+)?([A-Z][A-Z0-9_]*)=/).flatten
      set += code.scan(/\bexport\s+(.*)$/).flatten.flat_map { |line| line.scan(/([A-Z][A-Z0-9_]*)=/).flatten }
      used - set - %w[PATH PWD HOME]
    end

    private

    def folders(kind) = config.fetch(kind, []).map { |folder| folder.fetch('name') }
  end

  module_function

  def config = @config ||= YAML.load_file(FILE, aliases: true)
  def jobs = config.fetch('jobs')
  def resources = config.fetch('resources').to_h { |resource| [resource.fetch('name'), resource] }

  def tasks
    @tasks ||= Dir.children(TASKS).grep(/\.yml\z/).sort.to_h do |file|
      name = File.basename(file, '.yml')
      [name, Task.new(name, YAML.load_file(File.join(TASKS, file)))]
    end
  end

  # The resource that a get or put step is about.
  def resource_of(step) = step['resource'] || step['get'] || step['put']

  def steps(job) = job.fetch('plan')

  # What a step adds to the folders that later steps see.
  def produced(step)
    return [step['get'] || step['put']] if step['get'] || step['put']

    task_of(step).outputs
  end

  def task_of(step) = tasks.fetch(File.basename(step.fetch('file'), '.yml'))

  # Every string in a structure.
  def strings(value)
    case value
    when Hash then value.flat_map { |key, inner| strings(key) + strings(inner) }
    when Array then value.flat_map { |inner| strings(inner) }
    else [value.to_s]
    end
  end
end
