# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative '../support/static_page'
require_relative 'manifest'
require_relative 'prometheus_job'

# Kafka's names have a colon or an underscore, by the version of Telegraf that a node
# runs; rules and dashboards ask for one of them.
RSpec.describe 'The relabelling of names with a colon' do
  def self.relabelling(*names)
    operations = names.flat_map { |name| Operations.with_needs(Operations.fetch(name)) }.uniq
    jobs = PrometheusJob.new(Manifest.of(*operations).prometheus_properties).configuration['scrape_configs']
    jobs.find { |job| job['job_name'] == 'aiven' }.fetch('metric_relabel_configs')
  end

  base = relabelling(Operations::BASE)

  # What a real Prometheus makes of the names: in the page => stored.
  page = {
    'kafka_server:ReplicaManager_UnderReplicatedPartitions_Value' => 'kafka_server_ReplicaManager_UnderReplicatedPartitions_Value',
    'kafka_server_ReplicaManager_PartitionCount_Value' => 'kafka_server_ReplicaManager_PartitionCount_Value',
    'kafka_connect_mirror:MirrorSourceConnector_record_rate' => 'kafka_connect_mirror_MirrorSourceConnector_record_rate',
    'java_lang:Memory_used' => 'java_lang_Memory_used',
    'org_apache_cassandra_metrics:Compaction_PendingTasks_Value' => 'org_apache_cassandra_metrics_Compaction_PendingTasks_Value',
    # Of somebody who records rules of his own on the node: not Java's.
    'shop:orders:rate5m' => 'shop:orders:rate5m'
  }

  it 'makes them underscores, of both forms one name' do
    text = page.keys.map { |name| %(# TYPE #{name} untyped\n#{name}{topic="a:b"} 1\n) }.join
    StaticPage.run(text) do |node|
      scrape = { 'job_name' => 'aiven', 'scrape_interval' => '1s', 'static_configs' => [{ 'targets' => [node.address] }],
                 'metric_relabel_configs' => base }
      folder do |path|
        file = File.join(path, 'prometheus.yml').tap { |config| File.write(config, YAML.dump('scrape_configs' => [scrape])) }
        Prometheus.run(path, config: file) do |prometheus|
          stored = prometheus.await('the node is scraped') do
            found = prometheus.query('{topic!=""}').map { |sample| sample['metric'] }
            found if found.any?
          end
          expect(stored.map { |metric| metric['__name__'] }).to match_array(page.values)
          expect(stored.map { |metric| metric['topic'] }.uniq).to eq(['a:b'])
        end
      end
    end
  end

  Operations.additions.select { |operation| File.read(operation.file).include?('metric_relabel_configs') }.each do |operation|
    it "comes first, whatever #{operation.name}.yml adds" do
      expect(self.class.relabelling(operation.name).first(base.size)).to eq(base)
    end
  end

  Dir.glob('docs/*.md', base: ReleaseSpec::ROOT).each do |document|
    text = File.read(File.join(ReleaseSpec::ROOT, document))
    jobs = text.scan(/^```yaml\n(.*?)^```$/m).flatten.grep(/job_name/).flat_map do |block|
      content = YAML.safe_load(block)
      content.is_a?(Hash) ? content.fetch('scrape_configs', []) : content
    end
    nodes = jobs.select { |job| job.to_s.include?('aiven-metrics/targets') }
    next if nodes.empty?

    it("is in the scrape job that #{document} shows") { expect(nodes.map { |job| job['metric_relabel_configs'] }).to all(eq(base)) }
  end
end
