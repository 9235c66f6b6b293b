# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'authority'

# What the errand knows of the route.
RSpec.describe 'job aiven-metrics-smoke-tests, route.*' do
  let(:instances) do
    [0, 1].map { |index| { 'name' => 'prometheus', 'id' => "id-#{index}", 'index' => index, 'address' => "10.0.0.#{index}" } }
  end
  let(:tested) { { 'url' => 'https://prometheus.sys.example', 'username' => 'grafana', 'password' => 'Xq7hVbnT2sLk9mRfYw3cZp' } }

  # With `failover` instances of prometheus-failover, or no link to it.
  def render(route, failover: 2, schema: true)
    links = { 'aiven-metrics' => { 'instances' => instances, 'properties' => {} } }
    links['prometheus-failover'] = { 'instances' => instances.first(failover), 'properties' => {} } if failover
    job('aiven-metrics-smoke-tests').render({ 'links' => links, 'properties' => { 'patience' => 0, 'route' => route } }, schema: schema)
  end

  def rendered_route(...)
    JSON.parse(render(...)['config/smoke-test.json'])['route']
  end

  # What the Director says of it, with and without properties_schema.json; nil where it takes it.
  def refused(route, **options)
    [true, false].map do |schema|
      render(route, schema: schema, **options)
      nil
    rescue Rendering::Refused => e
      e.message
    end
  end

  # What the errand says when its file has that route; it contacts nobody then.
  def said_by_errand(route)
    folder do |path|
      file = File.join(path, 'smoke-test.json')
      File.write(file, render(route, schema: false)['config/smoke-test.json'])
      output, status = Open3.capture2e(daemon, 'smoke-test', '--config', file)
      expect(status.exitstatus).to eq(1)
      output
    end
  end

  it 'is not tested unless its URL is given' do
    properties = job('aiven-metrics-smoke-tests').spec['properties'].slice('route.url', 'route.ca_cert')
    expect(properties.values.map { |property| property['default'] }).to eq(['', ''])
    [{}, { 'username' => 'grafana', 'password' => 'x' }].each do |route|
      expect(rendered_route(route, failover: nil)).to be_nil
    end
  end

  it 'has the number of instances that answer there' do
    expect(rendered_route(tested)).to eq(tested.merge('ca_cert' => '', 'instances' => 2))
    expect(rendered_route(tested, failover: 1)['instances']).to eq(1)
  end

  it 'may have a port, and a CA of its own' do
    changed = { 'url' => 'https://prometheus.sys.example:4443/', 'ca_cert' => Authority::PEM }
    expect(rendered_route(tested.merge(changed))).to include(changed)
  end

  it 'has its password in no file but its configuration' do
    expect(render(tested).select { |_, text| text.include?(tested['password']) }.keys).to eq(['config/smoke-test.json'])
  end

  ['prometheus.sys.example', 'http://prometheus.sys.example', 'https://', 'https://prometheus.sys.example/graph',
   'https://user:pw@prometheus.sys.example', "https://prometheus.sys.example\nx", 'https://a b'].each do |url|
    it "refuses the URL #{url.inspect} at deploy time, with and without the schema" do
      expect(refused(tested.merge('url' => url))).to all(include('route.url: '))
    end
  end

  { 'url' => [5, ['https://a.example']], 'username' => ['', 'a:b', "a\nb", 5], 'password' => ['', "secret\nx", "secr\u00e9t", 5],
    'ca_cert' => ['ca.crt', 5, ['x']] }.each do |key, values|
    values.each do |value|
      it "refuses #{key} #{value.inspect} by the schema, naming it" do
        said = refused(tested.merge(key => value)).first
        expect(said).not_to include('secr')
        expect(said).to match(/^route\.#{key}: .*, want .*; /)
      end
    end
  end

  { 'username' => ['', 'a:b', "a\nb"], 'password' => ['', "secret\nx", "secr\u00e9t"], 'ca_cert' => ['ca.crt'] }.each do |key, values|
    values.each do |value|
      it "refuses #{key} #{value.inspect} when the errand runs, by name and without the value" do
        said = said_by_errand(tested.merge(key => value))
        expect(said).to include("route.#{key}: ")
        expect(said).not_to include('secr')
      end
    end
  end

  it 'needs username and password' do
    %w[username password].each do |key|
      expect(refused(tested.reject { |name, _| name == key })).to all(match(/route\.#{key}: missing, want .*; /))
    end
  end

  it 'needs to know the instances behind it' do
    expect(refused(tested, failover: nil)).to all(include('route.url: found no link of type prometheus-failover, want one; '))
  end
end
