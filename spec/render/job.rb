# frozen_string_literal: true

require 'erb'
require 'fileutils'
require 'json'
require 'yaml'

require_relative 'evaluation_context'
require_relative 'links'
require_relative 'properties'
require_relative 'properties_schema'

# Renders a job of this release as the Director does before it touches a VM.
module Rendering
  # The Director refuses the manifest.
  class Refused < StandardError; end

  # What the Director knows of an instance; a context overrides it key by key.
  INSTANCE = {
    'deployment' => 'cf', 'name' => 'prometheus', 'index' => 0, 'bootstrap' => true,
    'id' => '6c9b5b3e-0d0e-4d5c-9a58-5f1c0a3b7a10', 'az' => 'z1',
    'address' => '10.0.16.10', 'ip' => '10.0.16.10', 'dns_domain_name' => 'bosh',
    'persistent_disk' => 10_240,
    'networks' => { 'default' => { 'type' => 'manual', 'ip' => '10.0.16.10', 'default' => %w[dns gateway] } }
  }.freeze

  # One job of the release: `folder` is jobs/NAME.
  class Job
    attr_reader :name, :spec, :folder

    def initialize(folder)
      @folder = File.expand_path(folder)
      @spec = YAML.safe_load(File.read(File.join(@folder, 'spec')))
      @name = @spec.fetch('name')
    end

    # The rendered files by their path below /var/vcap/jobs/NAME, `monit` among
    # them. `context` holds `properties`, `links` and `spec`, all optional.
    # With `schema` false it is a Director from before properties_schema.json.
    def render(context = {}, schema: true)
      instance = instance_spec(context)
      validate_schema(instance['properties']) if schema
      { 'monit' => fill('monit', File.join(@folder, 'monit'), instance) }.merge(fill_all(instance))
    end

    # Writes what `render` returns, with the modes that the agent sets.
    def render_into(target, context = {})
      render(context).each do |path, text|
        file = File.join(target, path)
        FileUtils.mkdir_p(File.dirname(file), mode: 0o750)
        File.write(file, text)
        File.chmod(path.start_with?('bin/') ? 0o750 : 0o640, file)
      end
    end

    private

    def instance_spec(context)
      context = JSON.parse(JSON.generate(context))
      INSTANCE.merge(
        'release' => { 'name' => 'aiven-metrics', 'version' => '0.0.0' }
      ).merge(context['spec'] || {}).merge(
        'properties' => Properties.bind(@spec['properties'] || {}, context['properties'] || {}),
        'links' => Links.resolve(self, File.dirname(@folder), context['links'] || {})
      )
    end

    def validate_schema(properties)
      file = File.join(@folder, 'properties_schema.json')
      return unless File.exist?(file)

      problems = PropertiesSchema.new(JSON.parse(File.read(file))).problems(properties)
      raise Refused, ["Error validating properties for #{name}", *problems].join("\n") if problems.any?
    end

    def fill_all(instance)
      failures = []
      files = (@spec['templates'] || {}).to_h do |source, destination|
        [destination, fill(source, File.join(@folder, 'templates', source), instance)]
      rescue Refused => e
        failures << e.message.strip
        [destination, nil]
      end
      return files if failures.empty?

      raise Refused, ["- Unable to render templates for job '#{name}'. Errors are:",
                      *failures.map { |failure| "  - #{failure.gsub("\n", "\n  ")}" }].join("\n")
    end

    # Every template gets its own copy: what one changes, the next does not see.
    def fill(source, file, instance)
      erb = ERB.new(File.read(file), trim_mode: '-')
      erb.filename = File.join(name, source)
      copy = Marshal.load(Marshal.dump(instance))
      erb.result(EvaluationContext.new(copy, nil).get_binding)
    rescue StandardError, ScriptError => e
      line = e.backtrace.find { |frame| frame.include?("#{name}/#{source}") }&.split(':')&.at(1)
      raise Refused, "Error filling in template '#{source}' (line #{line || '(unknown)'}: #{e.message})"
    end
  end
end
