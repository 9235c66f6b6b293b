# frozen_string_literal: true

require 'open3'
require 'socket'

require_relative '../spec_helper'
require_relative 'authority'

# What the errand knows of the route.
RSpec.describe 'job smoke-tests, route.*' do
  let(:instances) do
    [0, 1].map { |index| { 'name' => 'prometheus', 'id' => "id-#{index}", 'index' => index, 'address' => "10.0.0.#{index}" } }
  end
  let(:tested) { { 'url' => 'https://prometheus.sys.example', 'username' => 'grafana', 'password' => 'Xq7hVbnT2sLk9mRfYw3cZp' } }

  # With `failover` instances of prometheus-failover, or no link to it.
  def render_route(route, failover: 2, schema: true)
    links = { 'aiven-metrics' => { 'instances' => instances, 'properties' => {} } }
    links['prometheus-failover'] = { 'instances' => instances.first(failover), 'properties' => {} } if failover
    job('smoke-tests').render({ 'links' => links, 'properties' => { 'route' => route } }, schema: schema)
  end

  # What the Director says of it, with and without properties_schema.json.
  def refused(route, **options)
    [true, false].map do |schema|
      render_route(route, schema: schema, **options)
      nil
    rescue Rendering::Refused => e
      e.message
    end
  end

  it 'is not tested unless its URL is given' do
    expect(job('smoke-tests').spec['properties'].slice('route.url', 'route.ca_cert').values.map { |property| property['default'] }).to eq(['', ''])
    [{}, { 'username' => 'grafana', 'password' => 'x' }].each do |route|
      files = render_route(route, failover: nil)
      expect(files.slice('config/route', 'config/route-credentials', 'config/route-ca.crt').values.map(&:strip)).to eq(['', '', ''])
      # bin/run asks whether there is a line.
      expect(files['config/route']).to eq('')
    end
  end

  it 'has its URL beside the number of instances that answer there' do
    expect(render_route(tested)['config/route']).to eq("https://prometheus.sys.example\t2\n")
    expect(render_route(tested, failover: 1)['config/route']).to eq("https://prometheus.sys.example\t1\n")
    expect(render_route(tested.merge('url' => 'https://prometheus.sys.example:4443/'))['config/route'])
      .to eq("https://prometheus.sys.example:4443\t2\n")
  end

  it 'trusts the CA that is given' do
    expect(render_route(tested.merge('ca_cert' => Authority::PEM))['config/route-ca.crt']).to eq("#{Authority::PEM}\n")
  end

  it 'has its credentials as curl reads them, whatever is in them' do
    ['Xq7hVbnT2sLk9mRfYw3cZp', 'quote"and\\slash', 'with: colon # and space', "apo'strophe", '\\n$HOME`id`'].each do |password|
      folder do |path|
        file = File.join(path, 'credentials')
        File.write(file, render_route(tested.merge('password' => password))['config/route-credentials'])
        expect(sent_by_curl(file)).to eq("grafana:#{password}")
      end
    end
  end

  # The credentials that curl sends with a configuration.
  def sent_by_curl(config)
    server = TCPServer.new('127.0.0.1', 0)
    answered = Thread.new do
      socket = server.accept
      socket.gets("\r\n\r\n").tap { socket.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") }
    ensure
      socket&.close
    end
    output, status = Open3.capture2e('curl', '--silent', '--show-error', '--noproxy', '*', '--max-time', '10', '--config', config,
                                     "http://127.0.0.1:#{server.addr[1]}/")
    raise output unless status.success?

    answered.value[/^Authorization: Basic (\S+)/, 1].unpack1('m')
  ensure
    answered&.kill
    server&.close
  end

  it 'has its password in no file but that for curl, and in no argument' do
    files = render_route(tested)
    expect(files.select { |_, text| text.include?(tested['password']) }.keys).to eq(['config/route-credentials'])
    uses = files['bin/run'].lines.grep(/route-credentials/)
    expect(uses).to match([%r{--config "\$config/route-credentials"}])
  end

  {
    'route.url' => ['prometheus.sys.example', 'http://prometheus.sys.example', 'https://', 'https://prometheus.sys.example/graph',
                    'https://user:pw@prometheus.sys.example', "https://prometheus.sys.example\nx", 'https://a b', 5, ['https://a.example']],
    'route.username' => ['', 'a:b', "a\nb", 5],
    'route.password' => ['', "secret\nx", "secr\u00e9t", 5],
    'route.ca_cert' => ['ca.crt', 5, ['x']]
  }.each do |name, values|
    values.each do |value|
      it "refuses #{name} #{value.inspect}, by name" do
        key = name.delete_prefix('route.')
        with_schema, without = refused(tested.merge(key => value))
        expect(with_schema).to match(%r{#{Regexp.escape(name)}|`/#{name.tr('.', '/')}`})
        expect(without).to match(/#{Regexp.escape(name)}: /)
        expect(without).not_to include('secr')
      end
    end
  end

  it 'needs username and password' do
    %w[username password].each do |key|
      expect(refused(tested.reject { |name, _| name == key })).to all(include(%(Can't find property '["route.#{key}"]')))
    end
  end

  it 'needs to know the instances behind it' do
    expect(refused(tested, failover: nil)).to all(include('route.url: nothing provides a link of type prometheus-failover'))
  end
end
