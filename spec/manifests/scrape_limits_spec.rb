# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative '../support/static_page'
require_relative 'manifest'
require_relative 'prometheus_job'

# The scrape job of the main ops file, in a real Prometheus: a node that says too
# much fails its own scrape, says why, and is counted; the others are scraped meanwhile.
RSpec.describe 'Nodes that say too much' do
  job = PrometheusJob.new(Manifest.of(Operations.fetch(Operations::BASE)).prometheus_properties)
                     .configuration['scrape_configs'].find { |one| one['job_name'] == 'aiven' }
  megabytes = job['body_size_limit'].delete_suffix('MB').to_i

  pages = {
    'modest' => "modest 1\n",
    # A name that is not counted as a sample, so that only its size is too much.
    'large' => "large 1\n#{"# #{'x' * 998}\n" * ((megabytes + 10) * 1000)}",
    'many' => (0..job['sample_limit']).map { |number| %(many{number="#{number}"} 1\n) }.join
  }

  before do
    @nodes = pages.transform_values { |page| StaticPage.new(page) }
  end

  after { @nodes.each_value(&:stop) }

  define_method(:run) do |&examine|
    configs = @nodes.map { |name, one| { 'targets' => [one.address], 'labels' => { 'node' => name } } }
    # Without the daemon: its proxy and its target files.
    scrape = job.except('proxy_url', 'file_sd_configs').merge('static_configs' => configs, 'scrape_interval' => '3s', 'scrape_timeout' => '3s')
    folder do |path|
      file = File.join(path, 'prometheus.yml').tap { |config| File.write(config, YAML.dump('scrape_configs' => [scrape])) }
      Prometheus.run(path, config: file, &examine)
    end
  end

  def targets(prometheus)
    JSON.parse(Http.get("#{prometheus.url}/api/v1/targets")).dig('data', 'activeTargets').to_h { |one| [one['labels']['node'], one] }
  end

  it 'fail their own scrapes, with a sentence and a counter, and no other node\'s' do
    run do |prometheus|
      found = prometheus.await('all have been scraped') do
        seen = targets(prometheus).transform_values { |one| [one['health'], one['lastError']] }
        seen if seen.size == pages.size && seen.values.none? { |health,| health == 'unknown' }
      end
      expect(found).to match('modest' => ['up', ''], 'large' => ['down', 'body size limit exceeded'], 'many' => ['down', 'sample limit exceeded'])
      metrics = Http.get("#{prometheus.url}/metrics")
      %w[body_size_limit sample_limit].each do |limit|
        expect(metrics[/^prometheus_target_scrapes_exceeded_#{limit}_total (\d+)$/, 1].to_i).to be_positive
      end
      expect(prometheus.query('modest').size).to eq(1)
    end
  end
end
