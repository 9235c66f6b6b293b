# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'bosh_job'

RSpec.describe 'job aiven-metrics-smoke-tests' do
  let(:instances) do
    [{ 'name' => 'prometheus', 'id' => 'b', 'index' => 1, 'address' => '10.0.0.2' },
     { 'name' => 'prometheus', 'id' => 'a', 'index' => 0, 'address' => '10.0.0.1' }]
  end

  def render(spec: {}, shared: {}, prometheus: { 'prometheus' => { 'web' => { 'port' => '9090' } } }, patience: 1, schema: true)
    links = { 'aiven-metrics' => { 'instances' => instances, 'properties' => shared } }
    links['prometheus'] = { 'instances' => instances, 'properties' => prometheus } if prometheus
    job('aiven-metrics-smoke-tests').render({ 'links' => links, 'spec' => spec, 'properties' => { 'patience' => patience } }, schema: schema)
  end

  def config(**options)
    JSON.parse(render(**options)['config/smoke-test.json'])
  end

  it_behaves_like 'a job that BOSH can run', 'aiven-metrics-smoke-tests' do
    let(:rendered) { render }
    let(:rendered_again) { render }
  end

  it 'is an errand: bin/run, and nothing for monit' do
    expect(render).to include('bin/run', 'monit' => '')
  end

  it 'is one command, and its password is in the configuration file only' do
    expect(render['bin/run'].lines.drop(1)).to eq(
      ["exec /var/vcap/packages/aiven-metrics/bin/aiven-metrics smoke-test --config /var/vcap/jobs/aiven-metrics-smoke-tests/config/smoke-test.json\n"]
    )
  end

  it 'writes down which instance it is on, and how long it waits' do
    expect(config(spec: { 'id' => 'b' }, patience: 0)).to include('here' => 'b', 'patience' => 0)
    expect(job('aiven-metrics-smoke-tests').spec['properties']['patience']['default']).to eq(300)
  end

  it 'writes down what the link tells of the daemons' do
    shared = { 'web' => { 'listen' => '127.0.0.1:1' }, 'scrape_proxy' => { 'listen' => '' } }
    expect(config['daemons']).to eq('web_listen' => '0.0.0.0:9274', 'scrape_proxy_listen' => '127.0.0.1:9275', 'instances' => instances)
    expect(config(shared: shared)['daemons']).to include('web_listen' => '127.0.0.1:1', 'scrape_proxy_listen' => '')
  end

  it 'writes down what the link tells of Prometheus' do
    link = { 'prometheus' => { 'web' => { 'port' => '9999', 'external_url' => 'https://p.example/tenants/' } } }
    expect(config(prometheus: link)['prometheus'])
      .to eq('port' => '9999', 'external_url' => 'https://p.example/tenants/', 'instances' => instances)
    expect(config['prometheus']).to include('port' => '9090', 'external_url' => nil)
  end

  it 'does without a Prometheus' do
    expect(config(prometheus: nil)['prometheus']).to be_nil
  end

  it 'needs a daemon' do
    expect { job('aiven-metrics-smoke-tests').render }.to raise_error(Rendering::Refused, /Failed to resolve link 'aiven-metrics'/)
  end

  ['5m', -1, 3601, 1.5, [1]].each do |value|
    it "refuses the patience #{value.inspect}, by name" do
      expect { render(patience: value) }.to raise_error(Rendering::Refused, /^patience: found .*, want .*; /)
    end
  end
end
