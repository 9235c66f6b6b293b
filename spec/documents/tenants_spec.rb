# frozen_string_literal: true

require 'open3'

require_relative '../manifests/manifest'
require_relative '../manifests/prometheus_job'
require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative '../support/static_page'
require_relative 'document'

# What docs/tenants.md tells tenants to set up does what it says there. Its queries are
# asked by spec/monitoring.
RSpec.describe 'The guide for tenants' do
  guide = Document.new('docs/tenants.md').text
  yaml = guide.scan(/^```yaml\n(.*?)^```$/m).flatten.map { |block| YAML.safe_load(block) }
  platform = PrometheusJob.new(Manifest.of(Operations.fetch(Operations::BASE)).prometheus_properties)

  it 'answers twelve questions, each with a query and a picture of the answer' do
    questions = guide[/^## Twelve questions$.*?(?=^## )/m].split(/^### /).drop(1)
    expect(questions.map { |question| question[/\A\d+/].to_i }).to eq((1..12).to_a)
    expect(questions).to all(match(/\A\d+\. .+\?$/).and(include("```promql\n")))
    questions.each.with_index(1) { |question, number| expect(question).to include("](pictures/guide-#{number}.png)") }
  end

  it 'names the interval at which the ops file scrapes, and the address that it publishes' do
    source = yaml.find { |block| block.key?('datasources') }.fetch('datasources').first
    expect(source['jsonData']).to eq('httpMethod' => 'GET', 'timeInterval' => platform['scrape_interval'])
    expect(source['url']).to eq(platform['web.external_url'].sub('cf.example.com', 'SYSTEM_DOMAIN'))
    expect(guide).to include('**Thirty days**')
    expect(platform['storage.tsdb.retention.time']).to eq('30d')
  end

  # A Prometheus with these scrape jobs, which scrapes at once and often.
  def prometheus(name, jobs, **global, &block)
    home = File.join(@folder, name)
    FileUtils.mkdir_p(home)
    configured = jobs.map { |job| job.merge('scrape_interval' => '1s', 'scrape_timeout' => '1s') }
    file = File.join(home, 'prometheus.yml')
    File.write(file, YAML.dump('global' => { 'external_labels' => global.transform_keys(&:to_s) }, 'scrape_configs' => configured))
    Prometheus.run(home, config: file, &block)
  end

  around { |example| folder { |path| (@folder = path) && example.run } }

  it 'shows a scrape job for a Prometheus of their own, by which series keep their labels' do
    labels = { 'aiven_service_name' => 'search', 'aiven_project' => 'london' }
    page = "# TYPE mem_available_percent gauge\nmem_available_percent{host=\"search-1\"} 42\n"
    shown = yaml.find { |block| block.key?('scrape_configs') }.fetch('scrape_configs').first
    StaticPage.run(page) do |node|
      scraped = { 'job_name' => 'aiven', 'static_configs' => [{ 'targets' => [node.address], 'labels' => labels }] }
      prometheus('platform', [scraped], platform: 'cf.example.com') do |ours|
        ours.await('the node is scraped') { ours.query('mem_available_percent').any? }
        here = shown.merge('scheme' => 'http', 'static_configs' => [{ 'targets' => [ours.address] }]).except('basic_auth')
        without = here.merge('job_name' => 'without').except('honor_labels')
        prometheus('own', [here, without]) do |own|
          found = own.await('both have been federated') { own.query('mem_available_percent').then { |series| series if series.size == 2 } }
          kept, renamed = found.map { |series| series['metric'] }.partition { |metric| metric['job'] == 'aiven' }.map(&:first)
          expect(kept).to eq(labels.merge('__name__' => 'mem_available_percent', 'host' => 'search-1', 'job' => 'aiven',
                                          'instance' => node.address, 'platform' => 'cf.example.com'))
          expect(renamed).to include('job' => 'without', 'exported_job' => 'aiven', 'exported_instance' => node.address)
        end
      end
    end
  end

  it 'shows a page as scripts/reduce-page reduces it' do
    reduced = guide[/^```\n(cpu_usage_idle .*?)^```$/m, 1]
    page = reduced.lines(chomp: true).map do |line|
      name, type, keys = line.split
      "# TYPE #{name} #{type}\n#{name}{#{keys.split(',').map { |key| "#{key}=\"x\"" }.join(',')}} 1\n"
    end
    said, status = Open3.capture2(File.join(ReleaseSpec::ROOT, 'scripts/reduce-page'), stdin_data: page.join)
    expect([said, status.success?]).to eq([reduced, true])
  end
end
