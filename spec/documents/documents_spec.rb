# frozen_string_literal: true

require_relative '../manifests/prometheus_job'
require_relative '../spec_helper'
require_relative 'document'
require_relative 'words'

# The documents name what is there, and what is there is named in them.
RSpec.describe 'The documents' do
  # Words of others, and of what is no more: in no code of ours.
  others = {
    'names that stand for any, or must not be' => %w[name.rs mod.rs utils failed_listing_keeps_last_targets],
    'the bosh CLI and BOSH' =>
      %w[bucket_name gcs ubuntu-noble director.enable_cpi_resize_disk post-start.stderr.log],
    'Caddy, and files of its job' => %w[health_checker.active public.key peer.key],
    'ops files of cf-deployment and prometheus-boshrelease' =>
      %w[use-operator-provided-router-tls-certificates.yml disable-router-tls-termination.yml enable-cf-route-registrar.yml
         enable-component-syslog.yml],
    'properties of the job prometheus, and flags of Prometheus' =>
      %w[storage.tsdb.retention.time storage.tsdb.retention.size retention.size rule_files custom_rules],
    'nodes, as an example names them' => %w[search-17 search-18],
    'PostgreSQL' => %w[pg_stat_activity],
    'settings of Grafana' => %w[timeInterval httpMethod],
    'labels of a Prometheus that federates' => %w[exported_job exported_instance],
    'Prometheus 2 and 3' =>
      %w[holt_winters double_exponential_smoothing le quantile prometheus_target_scrapes_exceeded_body_size_limit_total
         prometheus_target_scrapes_exceeded_sample_limit_total prometheus_tsdb_wal_writes_failed_total],
    'what performance was compared with and measured by' => %w[hickory-resolver dgram heaptrack strace],
    'VictoriaMetrics' => %w[vmselect vmstorage],
    'the earlier aiven-service-discovery' =>
      %w[observability aiven.project aiven.prometheus_endpoint_id target_path target_filename prometheus_listen_port aiven_prometheus_username
         aiven_prometheus_password]
  }
  other_jobs = %w[prometheus prometheus2 bpm route_registrar gorouter aiven-service-discovery]

  # Whether `word` stands in `text` by itself.
  def word?(text, word) = text.include?(word) && text.match?(/(?<![\w-])#{Regexp.escape(word)}(?![\w-])/)

  # What the bosh CLI or a build makes there.
  def ignored?(path) = system('git', 'check-ignore', '--quiet', path, chdir: Words::ROOT)

  def placeholder?(name) = name.match?(/[A-Z]{2}|…|\*|[{}<>]/)

  def property_names
    ours = Words.jobs.flat_map { |job| Words.properties(job) }
    ours + Words.keys + PrometheusJob::PROPERTIES.flat_map { |name| [name, "prometheus.#{name}"] }
  end

  def without_suffix(metric) = metric.sub(/_(?:total|bucket|sum|count)\z/, '')

  it 'are looked at, and so is the code' do
    expect(Document.all.map(&:path)).to include('README.md', 'docs/operating.md', 'manifests/README.md', 'ci/README.md')
    expect(Document.all.flat_map(&:spans).size).to be > 800
    expect([Words.keys, Words.metrics, Words.verdicts, Words.paths, Words.labels].map(&:size))
      .to match([be > 30, be > 20, 12, be > 5, be > 10])
  end

  it 'list no word of others that they do not use' do
    all = Document.all.flat_map(&:spans).join(' ')
    expect(others.values.flatten.reject { |word| word?(all, word) }).to be_empty
  end

  Document.all.each do |document|
    describe document.path do
      let(:code) { Words.code(tests: document.for_developers?) }

      it 'names no key, label, verdict, file or other word that the code does not have' do
        words = document.spans.grep(/\A-{0,2}[a-z][\w.-]+\z/).uniq - others.values.flatten
        flags = Words.commands(daemon).values.flatten
        known = ->(word) { word?(code, word) || Words.metrics.include?(without_suffix(word)) || flags.include?(word) }
        file = ->(word) { Words.files.any? { |path| path == word || File.basename(path) == word } }
        expect(words.reject { |word| placeholder?(word) || known.call(word) || file.call(word) }).to be_empty
      end

      it 'names only commands that the program has, with flags that they take' do
        commands = Words.commands(daemon)
        wrong = document.named.flat_map do |text|
          text.scan(/(?<![\w=-])aiven-metrics ([a-z][a-z-]*)([^|;&#`]*)/).reject do |command, rest|
            commands.key?(command) && (rest.scan(/--[a-z-]+/) - commands[command]).empty?
          end
        end
        expect(wrong).to be_empty
      end

      it 'names only scripts that there are, with options that they know' do
        wrong = document.named.flat_map do |text|
          text.scan(%r{(?<![\w/.-])(?:\./)?((?:scripts|ci)/[a-z][a-z-]*)(?![\w./-])([^|;&#`]*)}).reject do |script, rest|
            next true if File.directory?(File.join(Words::ROOT, script))

            Words.files.include?(script) && rest.scan(/(?<=\s)--[a-z-]+/).all? { |option| word?(Words.code, option) }
          end
        end
        expect(wrong).to be_empty
      end

      it 'names only metrics that there are' do
        named = document.text.scan(/\b(?:aiven_metrics|prometheus_failover|aiven_service)_[a-z_]+[a-z]\b/).uniq
        unknown = named.reject { |name| Words.metrics.include?(without_suffix(name)) || Words.variables.include?(name) || word?(code, name) }
        expect(unknown).to be_empty
      end

      it 'names only properties and keys that there are' do
        names = property_names
        sections = names.map { |name| name[/\A\w+(?=\.)/] }.compact.uniq
        dotted = document.named.flat_map { |text| text.scan(%r{(?<![\w./-])([a-z_]+(?:\.[a-z_]+)+)(?![\w/-]|\.\w)}) }.flatten.uniq - others.values.flatten
        unknown = dotted.select { |name| sections.include?(name[/\A\w+/]) }.reject do |name|
          names.any? { |known| known == name || known.start_with?("#{name}.") } || name.match?(/\.(?:json|yml|rs|md|io|com|log|internal|crt)\z/)
        end
        expect(unknown).to be_empty
      end

      it 'names only ports that something has' do
        ports = document.text.scan(%r{(?<=[:`])(?:8|9)\d{3}(?=[`/,;:) ]|$)|(?<=port )\d{4,5}}).uniq
        expect(ports.reject { |port| word?(Words.code, port) || Words.code.include?(":#{port}") }).to be_empty
      end

      it 'names only paths on the VM that the jobs make' do
        wrong = document.text.scan(%r{/var/vcap/(jobs|packages|store|data|sys/log|sys/run)/([\w-]+)/?([\w./*{},-]*)}).reject do |kind, name, rest|
          next true if other_jobs.include?(name) || placeholder?(name) || (kind == 'sys/run' && name == 'bpm')
          next Dir.exist?(File.join(Words::ROOT, 'packages', name)) if kind == 'packages'
          next false unless Words.jobs.include?(name)

          kind != 'jobs' || rest.empty? || Words.templates(name).any? { |file| file == rest || file.start_with?("#{rest.chomp('/')}/") }
        end
        expect(wrong).to be_empty
      end

      it 'names only files of the repository that there are' do
        named = document.spans.grep(%r{\A(?:src|crates|jobs|packages|manifests|docs|spec|scripts|tests|ci|config|operations|vars)/[\w./-]+\z}).uniq
        missing = named.reject do |path|
          placeholder?(path) || ignored?(path) || [path, "manifests/#{path}"].any? { |one| File.exist?(File.join(Words::ROOT, one)) }
        end
        expect(missing).to be_empty
      end
    end
  end

  describe 'leave nothing out:' do
    def read(path) = Words.read(path)

    # The first cells of a document's tables.
    def listed(path) = read(path).lines.grep(/^\| /).map { |row| row.split('|')[1] }.join("\n")

    it 'each key of the configuration is in the table of configuration.md' do
      table = listed('docs/configuration.md').gsub(/`([a-z_]+)\.([a-z_]+)`, `\.([a-z_]+)`/, '`\1.\2` `\1.\3`')
      expect(Words.keys.reject { |key| table.include?("`#{key}`") }).to be_empty
    end

    it 'each default in a table is that of the property' do
      wrong = Words.jobs.flat_map do |job|
        Words.spec(job).fetch('properties', {}).select { |_, property| property.key?('default') }.flat_map do |name, property|
          %w[docs/configuration.md docs/failover.md].filter_map do |path|
            row = read(path)[/^\| `#{Regexp.escape(name)}` \| .*/] or next
            told, meaning = row.split('|').values_at(2, 3)
            wanted = property['default'].to_s
            # The job may have another one than the daemon, if the row says so.
            next if told.delete('`" ') == wanted || meaning.include?("the BOSH job sets `#{wanted}`")

            "#{path}: #{name} is #{wanted}, and not #{told}"
          end
        end
      end
      expect(wrong).to be_empty
    end

    # By its whole name; docs/refusals.md is written from the code, and does not count.
    it 'each property of a job is in a document' do
      spans = Document.all.reject { |document| document.path == 'docs/refusals.md' }.flat_map(&:spans)
      Words.jobs.each do |job|
        missing = Words.properties(job).reject do |name|
          spans.any? { |span| word?(span, name) || (name.include?('.') && span == ".#{name.split('.').last}") }
        end
        expect(missing).to be_empty, "#{job}: #{missing.join(', ')}"
      end
    end

    it 'each metric is in the table of its document, with each label of the daemon' do
      table = read('docs/metrics.md')[/^## All metrics$.*?^## /m]
      ours, caddys = Words.metrics.partition { |name| name.start_with?('aiven_') }
      expect(ours.reject { |name| table.match?(/^\| `#{name}(?:_total)?` /) }).to be_empty
      expect(Words.labels.reject { |label| label.start_with?('aiven_') || label.match?(/_(?:guid|name)\z/) || table.include?("`#{label}`") }).to be_empty
      failover = read('docs/failover.md')
      expect(caddys.reject { |name| failover.include?(name.sub('prometheus_failover_', '')) }).to be_empty
    end

    it 'each verdict is in the table of metrics.md' do
      rows = read('docs/metrics.md')[/^## Verdicts$.*/m].lines.grep(/^\| `/).map { |row| row.split('|')[1] }.join
      expect(rows.scan(/`([a-z_]+)`/).flatten).to match_array(Words.verdicts)
    end

    it 'each path of the daemon is in the table of metrics.md, and no other' do
      rows = read('docs/metrics.md')[/^## Endpoints$.*?^## /m].lines.grep(/^\| `/).map { |row| row[/`([^`]+)`/, 1] }
      expect(rows).to match_array(Words.paths)
    end

    it 'each ops file is in the table of manifests/README.md, and no other' do
      expect(listed('manifests/README.md').scan(%r{\(operations/([a-z0-9-]+\.yml)\)}).flatten).to match_array(Words.ops_files)
    end

    it 'each command is in a document' do
      all = Document.all.flat_map(&:named).join("\n")
      expect(Words.commands(daemon).keys.reject { |command| all.match?(/(?<![\w-])(?:aiven-metrics )?#{command}(?![\w-])/) }).to be_empty
    end

    it 'each script and each task of the pipeline is in CONTRIBUTING.md or ci/README.md' do
      text = read('CONTRIBUTING.md') + read('ci/README.md')
      scripts = Dir.children(File.join(Words::ROOT, 'scripts')).reject { |name| %w[environment.sh programs.sh tools].include?(name) }
      expect(scripts.reject { |script| text.include?("scripts/#{script}") }).to be_empty
    end
  end
end
