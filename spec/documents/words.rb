# frozen_string_literal: true

require 'open3'
require 'yaml'

# What the documents may name: read from the code, each from its one owner.
module Words
  ROOT = File.expand_path('../..', __dir__)
  # What is compiled, rendered or run; not what tests it.
  CODE = %w[src crates jobs packages manifests ci config scripts .githooks .ci Cargo.toml rust-toolchain.toml deny.toml clippy.toml].freeze

  module_function

  def read(path) = File.read(File.join(ROOT, path))

  def files(*folders)
    @files ||= IO.popen(%w[git ls-files -z --cached --others --exclude-standard], chdir: ROOT, &:read).split("\0")
    folders.empty? ? @files : @files.select { |file| folders.any? { |folder| file == folder || file.start_with?("#{folder}/") } }
  end

  # All code as one text; for documents that developers read, with the tests.
  def code(tests: false)
    @code ||= {}
    @code[tests] ||= files(*CODE, *(tests ? %w[spec tests] : [])).grep_v(/\.md\z|proptest|corpus/)
                                                                 .reject { |file| file.start_with?('spec/documents') }
                                                                 .select { |file| File.file?(File.join(ROOT, file)) }
                                                                 .map { |file| read(file).scrub }.join("\n")
  end

  def jobs = Dir.children(File.join(ROOT, 'jobs')).sort
  def spec(job) = YAML.load_file(File.join(ROOT, 'jobs', job, 'spec'))
  def properties(job) = spec(job).fetch('properties', {}).keys

  # The files of a job below /var/vcap/jobs/JOB.
  def templates(job) = spec(job).fetch('templates').values + ['monit']

  # The daemon's configuration: dotted names.
  def keys = read('src/config/keys.rs').scan(/"([a-z_]+(?:\.[a-z_]+)+|state_dir|instance_index)"/).flatten.uniq

  # Without the `_total` that the exposition gives a counter.
  def metrics
    of_daemon = read('src/metrics.rs').scan(/registry\.register\(\s*"([a-z_]+)"/).flatten.map { |name| "aiven_metrics_#{name}" }
    collected = read('src/web/collector.rs').scan(/"(aiven_metrics_[a-z_]+|aiven_service_info)"/).flatten
    caddy = files('packages/caddy/module/limits').grep_v(/_test\.go/).map { |file| read(file) }.join
    counters = caddy.scan(/"(prometheus_failover_[a-z_]+[a-z])"/).flatten
    gauges = caddy.scan(/describe\("([a-z_]+)"/).flatten.map { |name| "prometheus_failover_#{name}" }
    (of_daemon + collected + counters + gauges).map { |name| name.delete_suffix('_total') }.uniq
  end

  # Of the daemon's metrics.
  def labels
    fields = read('src/metrics.rs').scan(/EncodeLabelSet\)\]\nstruct \w+ \{(.*?)^\}/m).flatten.flat_map { |body| body.scan(/^    ([a-z_]+):/) }
    (fields + read('src/web/collector.rs').scan(/\("([a-z_]+)", /)).flatten.uniq
  end

  def verdicts = read('src/model/verdict.rs').scan(/Verdict::\w+ => "([a-z_]+)"/).flatten.uniq
  def paths = read('src/web.rs').scan(/\.route\("([^"]+)"/).flatten.uniq
  def ops_files = Dir.children(File.join(ROOT, 'manifests/operations')).sort

  # Generated in CredHub or given by the operator: what ops files declare or use.
  def variables = files('manifests').grep(/\.yml\z/).flat_map { |file| read(file).scan(/\(\(!?([a-z_]+)/) }.flatten.uniq

  # The real program's: command => flags.
  def commands(program)
    help = lambda do |*arguments|
      said, status = Open3.capture2e(program, *arguments, '--help')
      raise said unless status.success?

      said
    end
    names = help.call[/^Commands:\n(.*?)\n\n/m, 1].scan(/^  ([a-z-]+)/).flatten - ['help']
    names.to_h { |name| [name, help.call(name).scan(/--[a-z-]+/).uniq] }
  end
end
