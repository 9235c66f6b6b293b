# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'bosh_job'

RSpec.describe 'job smoke-tests' do
  let(:instances) do
    [{ 'name' => 'prometheus', 'id' => 'b', 'index' => 1, 'address' => '10.0.0.2' },
     { 'name' => 'prometheus', 'id' => 'a', 'index' => 0, 'address' => '10.0.0.1' }]
  end

  def render(spec: {}, shared: {}, prometheus: { 'prometheus' => { 'web' => { 'port' => '9090' } } }, patience: 1, schema: true)
    links = { 'aiven-metrics' => { 'instances' => instances, 'properties' => shared } }
    links['prometheus'] = { 'instances' => instances, 'properties' => prometheus } if prometheus
    job('smoke-tests').render({ 'links' => links, 'spec' => spec, 'properties' => { 'patience' => patience } }, schema: schema)
  end

  def daemons(**options)
    render(**options)['config/daemons'].lines(chomp: true).map { |line| line.split("\t") }
  end

  it_behaves_like 'a job that BOSH can run', 'smoke-tests' do
    let(:rendered) { render }
    let(:rendered_again) { render }
  end

  it 'is an errand: bin/run, and nothing for monit' do
    expect(render).to include('bin/run', 'monit' => '')
  end

  it 'knows each daemon, in the order of their indexes, on a VM of its own' do
    expect(daemons).to eq([%w[prometheus/a http://10.0.0.1:9274 elsewhere proxy], %w[prometheus/b http://10.0.0.2:9274 elsewhere proxy]])
  end

  it 'asks the daemon beside it on loopback' do
    expect(daemons(spec: { 'id' => 'b' }).last).to eq(%w[prometheus/b http://127.0.0.1:9274 here proxy])
    expect(daemons(spec: { 'id' => 'b' }, shared: { 'web' => { 'listen' => '[::]:1' } }).last[1]).to eq('http://[::1]:1')
  end

  it 'knows which daemons it cannot see' do
    shared = { 'web' => { 'listen' => '127.0.0.1:9274' } }
    expect(daemons(spec: { 'id' => 'b' }, shared: shared).map { |fields| fields[1] }).to eq(%w[hidden http://127.0.0.1:9274])
  end

  it 'knows that scrapes bypass the daemon' do
    expect(daemons(shared: { 'scrape_proxy' => { 'listen' => '' } }).map(&:last).uniq).to eq(['direct'])
  end

  it 'takes addresses as they are, names and IPv6 too' do
    instances.first['address'] = 'q-s0.prometheus.default.cf.bosh'
    instances.last['address'] = 'fd00::1'
    expect(daemons.map { |fields| fields[1] }).to eq(%w[http://[fd00::1]:9274 http://q-s0.prometheus.default.cf.bosh:9274])
  end

  it 'knows each Prometheus, with the path of its external URL' do
    link = { 'prometheus' => { 'web' => { 'port' => '9999', 'external_url' => 'https://p.example/tenants/' } } }
    expect(render(prometheus: link, spec: { 'id' => 'a' })['config/prometheis'])
      .to eq("prometheus/a\thttp://127.0.0.1:9999/tenants\there\nprometheus/b\thttp://10.0.0.2:9999/tenants\telsewhere\n")
  end

  it 'does without a Prometheus' do
    expect(render(prometheus: nil)['config/prometheis']).to eq('')
  end

  it 'needs a daemon' do
    expect { job('smoke-tests').render }.to raise_error(Rendering::Refused, /Failed to resolve link 'aiven-metrics'/)
  end

  it 'takes a patience, and refuses by name what is none' do
    expect(render(patience: 0)['config/patience']).to eq("0\n")
    expect(job('smoke-tests').spec['properties']['patience']['default']).to eq(300)
    ['5m', -1, 3601, 1.5, [1]].each do |value|
      expect { render(patience: value, schema: false) }.to raise_error(Rendering::Refused, /patience: found .*whole number of seconds/)
      expect { render(patience: value) }.to raise_error(Rendering::Refused, %r{`/patience`})
    end
  end
end
