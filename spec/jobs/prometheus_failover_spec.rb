# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'bosh_job'
require_relative 'prometheus_failover/context'

# What operators paste by mistake.
module WrongPem
  module_function

  def torn = FailoverCertificates::PUBLIC['certificate'].sub(/^.*\n(?=-----END)/, '')

  def encrypted = OpenSSL::PKey.read(FailoverCertificates::PUBLIC['private_key']).to_pem(OpenSSL::Cipher.new('aes-128-cbc'), 'a pass phrase')

  def public_key = OpenSSL::PKey.read(FailoverCertificates::PUBLIC['private_key']).public_to_pem
end

RSpec.describe 'job prometheus-failover' do
  include FailoverContext

  wrong = WrongPem
  let(:wrong) { WrongPem }

  def render(properties = required, schema: true, **options)
    job('prometheus-failover').render(context(properties, **options), schema: schema)
  end

  def caddy(...)
    JSON.parse(render(...)['config/caddy.json'])
  end

  def servers(...)
    caddy(...).dig('apps', 'http', 'servers')
  end

  def handlers(server, name)
    server['routes'].flat_map { |route| route['handle'] }.select { |handler| handler['handler'] == name }
  end

  def proxy(...)
    handlers(servers(...)['public'], 'reverse_proxy').first
  end

  def dials(...)
    proxy(...)['upstreams'].map { |upstream| upstream['dial'] }
  end

  def refused(properties, schema: false)
    render(properties, schema: schema)
    nil
  rescue Rendering::Refused => e
    e.message
  end

  it_behaves_like 'a job that BOSH can run', 'prometheus-failover' do
    let(:rendered) { render }
    let(:rendered_again) { render }
  end

  describe 'which Prometheus answers' do
    it 'is the one with the lowest index for all, then the own one' do
      expect(dials(index: 0)).to eq(%w[127.0.0.1:8444 10.0.16.11:8444])
      expect(dials(index: 1)).to eq(%w[10.0.16.10:8444 127.0.0.1:8444])
    end

    it 'is any other after that, and indexes may have gaps' do
      three = instances(1, 4, 7)
      expect(dials(index: 7, instances: three)).to eq(%w[10.0.16.11:8444 127.0.0.1:8444 10.0.16.14:8444])
      expect(dials(index: 4, instances: three)).to eq(%w[10.0.16.11:8444 127.0.0.1:8444 10.0.16.17:8444])
      expect(dials(index: 1, instances: three)).to eq(%w[127.0.0.1:8444 10.0.16.14:8444 10.0.16.17:8444])
    end

    it 'is the only one where there is one' do
      expect(dials(index: 0, instances: instances(0))).to eq(%w[127.0.0.1:8444])
    end

    it 'may have a name, or an IPv6 address, for an address' do
      named = instances(0, 1).each { |instance| instance['address'] = "q-m#{instance['index']}.prometheus.default.cf.bosh" }
      expect(dials(index: 0, instances: named).last).to eq('q-m1.prometheus.default.cf.bosh:8444')
      six = instances(0, 1).each { |instance| instance['address'] = "fd00::#{instance['index']}" }
      expect(dials(index: 0, instances: six).last).to eq('[fd00::1]:8444')
    end

    it 'is not found where the link lacks the instance itself' do
      expect { render(index: 5) }.to raise_error(Rendering::Refused, /link peers: lacks this instance/)
    end
  end

  describe 'times' do
    it 'are in the order Prometheus, silence, query, Gorouter' do
      [30, 120, 809].each do |timeout|
        public = servers(with(required, 'prometheus.query_timeout', "#{timeout}s"))['public']
        silence = handlers(public, 'limits').first['silence'].to_i
        tries = handlers(public, 'reverse_proxy').first.dig('load_balancing', 'try_duration').to_i
        times = [timeout, silence, tries, public['write_timeout'].to_i, 900]
        expect(times).to eq(times.sort.uniq)
      end
    end

    it 'are those of the limits, too' do
      expect(refused(with(required, 'limits.answer_timeout', '840s'))).to include('want at most 29s', 'limits.answer_timeout')
    end

    it 'let Caddy end before bpm kills it' do
      expect(caddy.dig('apps', 'http', 'grace_period').to_i).to be < 15
    end
  end

  describe 'users' do
    it 'are named in the configuration, with no password or hash' do
      rendered = render
      public_texts = rendered.except('config/passwords').values.join
      FailoverContext::USERS.each do |user|
        expect(rendered['config/passwords']).to include("#{user['name']} #{user['password']}\n".strip)
        expect(public_texts).not_to include(user['password'])
      end
      accounts = handlers(servers['public'], 'authentication').first.dig('providers', 'http_basic', 'accounts')
      expect(accounts).to eq([{ 'username' => 'grafana', 'password' => '{env.PASSWORD_HASH_0}' },
                              { 'username' => 'al', 'password' => '{env.PASSWORD_HASH_1}' }])
    end

    it 'have no password in a refusal' do
      user = { 'name' => 'grafana', 'password' => 'sh0rt-secret' }
      messages = [false, true].map { |schema| refused(with(required, 'users', [user]), schema: schema) }
      expect(messages).to match([include('users[0].password'), include('/users/0/password')])
      expect(messages.join).not_to include('sh0rt-secret')
    end
  end

  describe 'public.tls' do
    it 'needs neither certificate nor key when it is false' do
      plain = with(required, 'public', 'tls' => false)
      expect(servers(plain)['public']).not_to have_key('tls_connection_policies')
      expect(caddy(plain).dig('apps', 'tls', 'certificates', 'load_files').map { |pair| pair['tags'] }).to eq([['peer']])
      expect(render(plain)['config/public.key'].strip).to eq('# public.tls is false')
    end
  end

  describe 'limits' do
    it 'stand behind the users and before Prometheus, once' do
      handlers = servers['public']['routes'].flat_map { |route| route['handle'].map { |handler| handler['handler'] } }
      expect(handlers).to eq(%w[connection_state headers static_response authentication static_response static_response static_response
                                limits reverse_proxy static_response])
      expect(servers.except('public').values.flat_map { |server| handlers(server, 'limits') }).to be_empty
    end

    it 'leave a user less than all that Prometheus has, also through two instances' do
      limits = handlers(servers['public'], 'limits').first
      expect(2 * limits['queries_per_user']).to be < 16
      expect(limits['users']).to eq(FailoverContext::USERS.map { |user| user['name'] })
    end

    it 'let a URL as long as a query may be pass the listeners of this instance and of the next' do
      query = handlers(servers['public'], 'limits').first['query_bytes']
      sizes = [query, servers['public']['max_header_bytes'], servers['peer']['max_header_bytes']]
      expect(sizes).to eq(sizes.sort.uniq)
    end

    it 'bound the connections of every listener, before TLS' do
      wrappers = servers.transform_values { |server| server['listener_wrappers'].map { |wrapper| wrapper['wrapper'] } }
      expect(wrappers).to eq('public' => %w[connections tls], 'peer' => %w[connections tls], 'metrics' => ['connections'], 'health' => ['connections'])
    end
  end

  describe 'peers' do
    it 'are told by one that drains that it is about to stop, and its own Caddy is not' do
      leaving = servers['peer']['routes'].find { |route| route['match']&.any? { |match| match.key?('marked') } }
      expect(leaving['match']).to eq(
        [{ 'path' => ['/-/ready'], 'marked' => { 'file' => '{env.HOME}/draining' },
           'not' => [{ 'remote_ip' => { 'ranges' => %w[127.0.0.0/8 ::1/128] } }] }]
      )
      expect(leaving['handle'].first['status_code']).to eq('503')
      expect(proxy.dig('health_checks', 'active', 'uri')).to eq(leaving['match'].first['path'].first)
      expect(dials.first).to start_with('127.')
    end

    it 'show certificates to each other, and verify them' do
      client = servers['peer']['tls_connection_policies'].first['client_authentication']
      expect(client).to eq('mode' => 'require_and_verify', 'ca' => { 'provider' => 'file', 'pem_files' => ['config/peer-ca.crt'] })
      expect(proxy.dig('transport', 'tls').slice('server_name', 'ca', 'client_certificate_file'))
        .to eq('server_name' => 'prometheus-failover', 'ca' => client['ca'], 'client_certificate_file' => 'config/peer.crt')
    end
  end

  describe 'certificates' do
    def peer(pair, authorities = [FailoverCertificates::PEERS])
      with(required, 'peer', pair.merge('ca' => authorities.map { |authority| authority.certificate.to_pem }.join))
    end

    it 'may have a CA that is being changed, on either side of the change' do
      other = FailoverCertificates::Authority.new('prometheus_failover_ca')
      both = [other, FailoverCertificates::PEERS]
      expect([both, both.reverse].map { |authorities| refused(peer(FailoverCertificates::PEER, authorities)) }).to all(be_nil)
      expect(refused(peer(FailoverCertificates::PEER, [other]))).to include('peer.ca: found a CA that did not sign peer.certificate')
    end

    it 'may have a chain, and keys of each kind that CredHub and operators make' do
      keys = [OpenSSL::PKey::RSA.new(2048), OpenSSL::PKey::EC.generate('secp384r1'), OpenSSL::PKey.generate_key('ED25519')]
      keys.each do |key|
        pair = FailoverCertificates::PEERS.sign('prometheus-failover', 'serverAuth,clientAuth', key: key)
        expect(refused(peer(pair))).to be_nil
      end
      chain = FailoverCertificates::PUBLIC['certificate'] + FailoverCertificates::PLATFORM.certificate.to_pem
      expect(refused(with(required, 'public.certificate', chain.gsub("\n", "\r\n")))).to be_nil
    end

    it 'have both uses and the name, as instances ask of each other' do
      { 'serverAuth' => 'peer.certificate', 'clientAuth' => 'peer.certificate' }.each do |use, property|
        expect(refused(peer(FailoverCertificates::PEERS.sign('prometheus-failover', use)))).to match(/^ *#{property}: found one for .* only, want/)
      end
      other = FailoverCertificates::PEERS.sign('peers.example', 'serverAuth,clientAuth')
      expect(refused(peer(other))).to include('peer.server_name: found "prometheus-failover", want a DNS name of peer.certificate (DNS:peers.example)')
      expect(refused(peer(other.merge('server_name' => 'peers.example')))).to be_nil
    end

    it 'are not shown, and never asked for where Gorouter connects without TLS' do
      broken = with(required, 'public.private_key', FailoverCertificates::PEER['private_key'])
      expect(refused(broken)).not_to match(/BEGIN|#{FailoverCertificates::PEER['private_key'].lines[1].strip}/)
      expect(refused(with(broken, 'public.tls', false))).to be_nil
    end
  end

  it 'refuses all that is wrong at once' do
    broken = { 'users' => [{ 'name' => 'a', 'password' => 'short' }], 'public.listen' => '8443', 'public.private_key' => wrong.encrypted,
               'peer.certificate' => 'peer.crt', 'limits.queries' => 0, 'prometheus.query_timeout' => 30, 'optional_paths' => 'federate' }
    message = refused(broken.reduce(required) { |properties, (name, value)| with(properties, name, value) })
    names = message.scan(/^ *([a-z_.\[\]0-9]+): found/).flatten
    expect(names).to match_array(broken.keys - ['users'] + ['users[0].password'])
    expect(message.scan('Error filling in template').size).to eq(1)
  end

  long = ('x' * 73)
  good = 'Xq7hVbnT2sLk9mRfYw3cZp'
  {
    'users' => [nil, [], {}, 'grafana', ['grafana'], [{ 'name' => 'grafana' }], [{ 'password' => good }],
                [{ 'name' => '', 'password' => good }], [{ 'name' => 'a:b', 'password' => good }], [{ 'name' => "a\nb", 'password' => good }],
                [{ 'name' => 'a', 'password' => '' }], [{ 'name' => 'a', 'password' => "#{good}\nb #{good}" }],
                [{ 'name' => 'a', 'password' => "#{good} x" }], [{ 'name' => 'a', 'password' => long }],
                [{ 'name' => 'a', 'password' => good }, { 'name' => 'a', 'password' => "#{good}x" }]],
    'public.listen' => ['8443', ':8443', 'localhost:8443', '0.0.0.0:0', '0.0.0.0:65536', '0.0.0.0:8444', "0.0.0.0:8443\nx"],
    'public.tls' => ['yes', 'false', 1],
    'public.certificate' => [nil, 'public.crt', wrong.torn, FailoverCertificates::PUBLIC['private_key'],
                             FailoverCertificates::PLATFORM.certificate.to_pem + FailoverCertificates::PUBLIC['certificate']],
    'public.private_key' => [nil, 'public.key', wrong.encrypted, wrong.public_key, FailoverCertificates::PUBLIC['certificate'],
                             FailoverCertificates::PEER['private_key']],
    'peer.ca' => [nil, 'ca.crt', wrong.torn, FailoverCertificates::PLATFORM.certificate.to_pem],
    'peer.certificate' => [nil, 'peer.crt', wrong.torn, FailoverCertificates::PUBLIC['certificate']],
    'peer.private_key' => [nil, 'peer.key', wrong.encrypted, wrong.public_key, FailoverCertificates::PUBLIC['private_key']],
    'peer.server_name' => ['', 'peers.example', 'prometheus-failover.example'],
    'peer.listen' => ['0.0.0.0', 8444, '0.0.0.0:8443'],
    'metrics.certificate' => [FailoverCertificates::PUBLIC['certificate'], 'tls.crt'],
    'metrics.private_key' => [FailoverCertificates::PUBLIC['private_key']],
    'metrics.client_ca' => [FailoverCertificates::PLATFORM.certificate.to_pem],
    'metrics.listen' => ['', '0.0.0.0:9277'], 'health.listen' => ['127.0.0.1:9276', '[::1'],
    'prometheus.address' => ['9090', 'http://127.0.0.1:9090', '127.0.0.1'],
    'prometheus.query_timeout' => [30, '30', '0s', '810s', '15m', '1h', "30s\n"],
    'limits.query_bytes' => ['64KB', 1023, 1_048_577, 1024.5], 'limits.query_nesting' => [7, 1001, '64'],
    'limits.queries' => [0, -1, 1001], 'limits.queries_per_user' => [0, '6'], 'limits.waiting_per_user' => [0],
    'limits.body_timeout' => [10, '0s'], 'limits.place_timeout' => %w[soon 20m], 'limits.abandoned_for' => ['', '1h', '5', '35s'],
    'limits.buffered_bytes' => [8_388_607, '16MiB'], 'limits.buffered_bytes_per_user' => [65_535, 67_108_865],
    'limits.answer_timeout' => %w[1 15m], 'limits.connections' => [63, 16_385],
    'optional_paths' => ['federate', ['/federate'], ['federate', 5], { 'federate' => true }],
    'prometheus.ready_timeout' => [1800, '', '-5m'],
    'drain.leave_route' => [15, 'soon', '15 s']
  }.each do |property, values|
    values.each do |value|
      it "refuses #{property} #{value.inspect.slice(0, 60)}, by name" do
        expect(refused(with(required, property, value))).to include(property)
      end
    end
  end

  describe 'properties_schema.json' do
    def declared
      job('prometheus-failover').spec['properties']
    end

    def schema
      JSON.parse(File.read(File.join(ReleaseSpec::ROOT, 'jobs/prometheus-failover/properties_schema.json')))
    end

    def problems(properties)
      Rendering::PropertiesSchema.new(schema).problems(Rendering::Properties.bind(declared, properties))
    end

    it 'has what the spec has, and no more' do
      names = schema['properties'].flat_map do |section, inner|
        inner.key?('properties') ? inner['properties'].keys.map { |key| "#{section}.#{key}" } : [section]
      end
      expect(names).to match_array(declared.keys)
    end

    it 'takes the defaults, and neither certificate nor key where Gorouter connects without TLS' do
      expect(problems(required)).to be_empty
      expect(problems(with(required, 'public', 'tls' => false))).to be_empty
    end

    {
      'users' => [[{ 'name' => 'x', 'password' => 'a' * 16 }], [{ 'name' => 'A.b_c-9', 'password' => '!~' * 36 }]],
      'public.listen' => ['127.0.0.1:1', '[::]:8443', '[fd00::1]:65535'],
      'public.tls' => [true, false],
      'public.certificate' => [FailoverCertificates::PUBLIC['certificate'] + FailoverCertificates::PLATFORM.certificate.to_pem],
      'peer.server_name' => ['prometheus-failover'],
      'prometheus.address' => ['127.0.0.1:9999'],
      'limits.query_bytes' => [1024, 1_048_576], 'limits.queries' => [1, 1000], 'limits.place_timeout' => %w[1s 5m],
      'limits.buffered_bytes' => [8_388_608], 'limits.connections' => [64], 'optional_paths' => [[], %w[federate parse_query format_query]],
      'prometheus.query_timeout' => %w[1s 13m], 'prometheus.ready_timeout' => %w[90s 120m], 'drain.leave_route' => ['20s']
    }.each do |property, values|
      values.each do |value|
        it("takes #{property} #{value.inspect.slice(0, 60)}, as the templates do") do
          expect(problems(with(required, property, value))).to be_empty
          expect(refused(with(required, property, value))).to be_nil
        end
      end
    end

    listed = YAML.safe_load(File.read(File.join(ReleaseSpec::ROOT, 'jobs/prometheus-failover/spec')))
    listed['properties'].each_key do |property|
      [5, 7.5, 'text of no kind', ['text'], { 'a' => 1 }, true].each do |value|
        next if property == 'public.tls' && value == true
        # Some counts may be as low as this.
        next if value == 5 && property.start_with?('limits.queries', 'limits.waiting')
        next if value.is_a?(String) && %w[public.certificate public.private_key peer.private_key peer.server_name].include?(property)

        it "refuses #{property} #{value.inspect}, naming it" do
          expect(problems(with(required, property, value))).to all(match(/\A#{property}: .*, want .*; /)).and(be_any)
        end
      end
    end

    { 'users' => [nil, []], 'peer.ca' => [nil], 'peer.certificate' => [nil], 'peer.private_key' => [nil, ''],
      'peer.server_name' => [''] }.each do |property, values|
      values.each do |value|
        it "refuses #{property} #{value.inspect}, naming it" do
          expect(problems(with(required, property, value))).to all(match(/\A#{property}: .*, want .*; /)).and(be_any)
        end
      end
    end

    good = 'Xq7hVbnT2sLk9mRfYw3cZp'
    [[{ 'name' => 'a' }, '/users/0'], [{ 'password' => good }, '/users/0'], ['a', '/users/0'],
     [{ 'name' => 5, 'password' => good }, '/users/0/name,'], [{ 'name' => 'a:b', 'password' => good }, '/users/0/name,'],
     [{ 'name' => 'a', 'password' => 5 }, '/users/0/password '], [{ 'name' => 'a', 'password' => nil }, '/users/0/password '],
     [{ 'name' => 'a', 'password' => 'short' }, '/users/0/password ']].each do |user, place|
      it "refuses the user #{user.inspect}, naming the place" do
        expect(problems(with(required, 'users', [user])).join("\n")).to include(place)
      end
    end
  end

  describe 'spec' do
    it 'has a default for every property that is not required' do
      without = job('prometheus-failover').spec['properties'].reject { |_, property| property.key?('default') }.keys
      expect(without).to contain_exactly('users', 'public.certificate', 'public.private_key', 'peer.ca', 'peer.certificate', 'peer.private_key')
    end
  end
end
