# frozen_string_literal: true

require 'yaml'

# A pipeline in ci, as Concourse reads it, and the tasks that the pipelines share.
class Pipeline
  ROOT = File.expand_path('..', __dir__)
  TASKS = File.join(ROOT, 'ci/tasks')
  # https://concourse-ci.org/docs/steps: what runs after a step or a job.
  HOOKS = %w[on_success on_failure on_error on_abort ensure].freeze

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

  def self.tasks
    @tasks ||= Dir.children(TASKS).grep(/\.yml\z/).sort.to_h do |file|
      name = File.basename(file, '.yml')
      [name, Task.new(name, YAML.load_file(File.join(TASKS, file)))]
    end
  end

  def self.all
    @all ||= Dir.glob(File.join(ROOT, 'ci/*.yml')).map { |file| new(file) }
  end

  attr_reader :file, :config

  def initialize(file)
    @file = file
    @config = YAML.load_file(file, aliases: true)
  end

  def name = File.basename(file)
  def jobs = config.fetch('jobs')
  def resources = config.fetch('resources').to_h { |resource| [resource.fetch('name'), resource] }
  def variables = File.read(file).scan(/\(\(([a-z_]+)\)\)/).flatten.uniq

  # The resource that a get or put step is about.
  def self.resource_of(step) = step['resource'] || step['get'] || step['put']

  def self.task_of(step) = tasks.fetch(File.basename(step.fetch('file'), '.yml'))

  # The folders that a task is given: a task's input may have another name in the job.
  def self.inputs_of(step)
    mapping = step.fetch('input_mapping', {})
    task_of(step).inputs.map { |input| mapping.fetch(input, input) }
  end

  # What a step adds to the folders that later steps see.
  def self.produced(step)
    return [step['get'] || step['put']] if step['get'] || step['put']

    task_of(step).outputs
  end

  # The plan's steps in order, each with its hooks behind it, and at last the job's.
  def self.steps(job)
    job.fetch('plan').flat_map { |step| [step, *hooks(step)] } + hooks(job)
  end

  def self.hooks(owner) = owner.values_at(*HOOKS).compact

  # Every string in a structure.
  def self.strings(value)
    case value
    when Hash then value.flat_map { |key, inner| strings(key) + strings(inner) }
    when Array then value.flat_map { |inner| strings(inner) }
    else [value.to_s]
    end
  end
end
