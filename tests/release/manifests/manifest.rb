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
  PLATFORM = File.join(HERE, 'platform-prometheus.yml')
  # Of cf-deployment itself.
  CF_VARS = { 'system_domain' => 'cf.example.com' }.freeze
  # Stands in for CredHub: what the manifest declares is generated once.
  STORE = File.join(Dir.mktmpdir('aiven-metrics-variables'), 'store.yml')
  at_exit { FileUtils.rm_rf(File.dirname(STORE)) }

  class << self
    # The manifest with `operations` in their order, and every variable from
    # their example vars files; `vars` go before these, `files` after them all.
    def of(*operations, vars: {}, files: [], base: CF)
      known = operations.map(&:vars).reduce(base == CF ? CF_VARS : {}, :merge).merge(vars)
      interpolate(base, operations.map(&:file) + files, known, '--var-errs')
    end

    # The same from the plain arguments of bosh.
    def interpolate(base, files, vars, *options)
      Dir.mktmpdir('aiven-metrics-vars') do |folder|
        vars_file = File.join(folder, 'vars.yml')
        File.write(vars_file, YAML.dump(vars))
        arguments = files.flat_map { |file| ['--ops-file', file] }
        arguments += ['--vars-file', vars_file, '--vars-store', STORE, *options]
        output, error, status = Open3.capture3('bosh', 'interpolate', base, *arguments)
        raise Refused, output + error unless status.success?

        new(YAML.safe_load(output))
      end
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

  def releases = document.fetch('releases').map { |release| release['name'] }

  def variables = document.fetch('variables', []).map { |variable| variable['name'] }
end
