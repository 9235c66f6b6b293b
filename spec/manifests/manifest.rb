# frozen_string_literal: true

require 'open3'
require 'tmpdir'
require 'yaml'

require_relative 'operations'

# A manifest as `bosh interpolate` makes it, and questions about it.
class Manifest
  # bosh refused; the message is its own.
  class Refused < StandardError; end

  HERE = __dir__
  CF = File.join(HERE, 'base.yml')
  # Manifests of prometheus-boshrelease by the version from which on they look so.
  PLATFORMS = { 31 => File.join(HERE, 'platform-prometheus.yml'), 30 => File.join(HERE, 'platform-prometheus2.yml') }.freeze
  # Of cf-deployment itself.
  CF_VARS = { 'system_domain' => 'cf.example.com' }.freeze
  # Stands in for CredHub.
  GENERATED = {} # rubocop:disable Style/MutableConstant -- filled as manifests are interpolated

  class << self
    # The manifest that `operation` is for.
    def base_of(operation)
      return CF unless operation.for_platform?

      PLATFORMS.fetch(operation.name.end_with?('prometheus2') ? 30 : 31)
    end

    # The manifest with `operations` in their order, and every variable from
    # their example vars files. `vars` override these; `files` are applied last.
    def of(*operations, vars: {}, files: [], base: CF)
      known = operations.map(&:vars).reduce(base == CF ? CF_VARS : {}, :merge).merge(vars)
      interpolate(base, operations.map(&:file) + files, known, '--var-errs')
    end

    # The same from the plain arguments of bosh; asked again, the same answer.
    def interpolate(*arguments)
      (@known ||= {})[arguments] ||= run(*arguments)
    end

    # The same without a value for any variable.
    def interpolate_plainly(...) = new(bosh(...))

    private

    def run(base, files, vars, *options)
      Dir.mktmpdir('aiven-metrics-vars') do |folder|
        vars_file = File.join(folder, 'vars.yml')
        File.write(vars_file, YAML.dump(vars))
        arguments = [base, *files.flat_map { |file| ['--ops-file', file] }, '--vars-file', vars_file]
        store = store_for(new(bosh(*arguments)), folder)
        new(bosh(*arguments, '--vars-store', store, *options)).tap { GENERATED.merge!(YAML.load_file(store) || {}) }
      end
    end

    def bosh(*arguments)
      output, error, status = Open3.capture3('bosh', 'interpolate', *arguments)
      raise Refused, output + error unless status.success?

      YAML.safe_load(output)
    end

    # Generating takes long, so values are kept; but of a variable that a
    # manifest does not declare, CredHub would have none.
    def store_for(manifest, folder)
      known = GENERATED.slice(*manifest.variables)
      File.join(folder, 'store.yml').tap { |file| File.write(file, YAML.dump(known)) }
    end
  end

  attr_reader :document

  def initialize(document)
    @document = document
  end

  def ==(other) = other.is_a?(Manifest) && document == other.document

  def group(name = 'prometheus')
    document.fetch('instance_groups').find { |group| group['name'] == name }
  end

  def jobs(group_name = 'prometheus') = group(group_name).fetch('jobs')

  def job(name, group_name = 'prometheus')
    jobs(group_name).find { |job| job['name'] == name }
  end

  def properties(name, group_name = 'prometheus')
    job(name, group_name).fetch('properties', {})
  end

  # Those of the Prometheus server, whichever job of its release it is.
  def prometheus_properties
    groups = document.fetch('instance_groups').select { |one| %w[prometheus prometheus2].include?(one['name']) }
    groups.flat_map { |one| one['jobs'] }.find { |job| %w[prometheus prometheus2].include?(job['name']) }.fetch('properties')
  end

  def releases = document.fetch('releases').map { |release| release['name'] }

  def variables = document.fetch('variables', []).map { |variable| variable['name'] }
end
