# frozen_string_literal: true

require_relative 'authority'

# Values of the job aiven-metrics' properties: what its template and the
# daemon's check-config must both take, both refuse, and where the template is
# the stricter of the two.
module AivenMetricsValues
  CA = Authority::PEM
  HALF = CA.lines.first(3).join
  # A certificate of its own key does for what is shown.
  TLS = { 'certificate' => CA, 'private_key' => Authority::KEY.to_pem, 'client_ca' => CA }.freeze
  CLOUD_FOUNDRY = { 'api_url' => 'https://api.cf.example', 'client_id' => 'aiven_metrics', 'client_secret' => 'a+b/c=',
                    'ca_cert' => '', 'poll_interval' => '5m' }.freeze
  LONG = 'a' * 129

  GOOD = [
    ['aiven.api_url', 'https://a.example:8443/base', 'http://127.0.0.1:8080/', 'http://[::1]:8080', 'http://localhost:8080',
     'http://127.7.0.1', 'https://a.example/v10/', 'https://v1:8443'],
    ['aiven.api_token', 'other'],
    ['aiven.ca_cert', CA, "#{CA}text between\n#{CA}", ''],
    ['aiven.projects', %w[b a-1], ['a' * 63]],
    ['aiven.poll_interval', '100ms', '24h', '1m 30s', '1h30m', '1.5h', '2h 5m 3s 7ms', '90 s', nil],
    ['aiven.request_timeout', '1h', '60m'],
    ['aiven.http_proxy', '', 'http://10.0.0.1:3128', 'https://proxy.example', 'http://user@[fd00::1]:8080/', 'http://us%40er:pass:word@p:1'],
    ['services.types', ['opensearch'], %w[pg kafka]],
    ['services.clouds', ['aws-eu-west-2']],
    ['services.tags', { 'team' => 'a b' }, { 'a' => '' }],
    ['services.exclude', ['test-*', 'one'], ['{a,b}*', '[a-z]?', '[!x]', '{a,{b,c}}', '[]]', '\\[x', 'a]']],
    ['integration.create', false, true],
    ['integration.endpoint_name', 'ours', 'a b', 'ä' * 128],
    ['integration.endpoint_id', '0b8d6c1e-4f3a-4c57', ''],
    ['integration.username', 'a@b_c-9', 'a' * 32],
    ['integration.password', 'pässword', 'a' * 64, 'with "quotes" and \\'],
    ['integration.creates_per_minute', 1, 1000],
    ['dns.nameservers', ['10.0.0.2:53', '[fd00::2]:5353'], ['10.0.0.2:53', '10.0.0.2:53']],
    ['dns.families', 'both', 'ipv4', 'ipv6'],
    ['dns.poll_interval', '1h'],
    ['dns.timeout', '1.5s', '1m'],
    ['targets.path', 't/a.json', '/var/vcap/store/aiven-metrics/a/b/c.json', 't/x.y.json'],
    ['targets.removal_grace', '0s', '24h'],
    ['scrape_proxy.listen', '', '[::1]:9275', '127.9.9.9:1'],
    ['scrape_proxy.timeout', '10s'],
    ['scrape_proxy.ca_cert', CA],
    ['web.listen', '127.0.0.1:9274', '[::]:65535'],
    ['web.expose_status', true],
    ['web.tls', TLS, { 'certificate' => '', 'private_key' => '', 'client_ca' => '' }],
    ['cloud_foundry', CLOUD_FOUNDRY, CLOUD_FOUNDRY.merge('api_url' => 'http://127.0.0.1:8080/', 'ca_cert' => CA, 'poll_interval' => '100ms')],
    # Alone they do nothing.
    ['cloud_foundry.ca_cert', CA, ''], ['cloud_foundry.poll_interval', '24h'],
    ['log.level', 'error', 'trace']
  ].flat_map { |name, *values| values.map { |value| [name, value] } }.freeze

  BAD = [
    ['aiven.api_url', 7, 'http://api.aiven.io', 'http://localhost.example', 'ftp://api.aiven.io', 'data:text/plain,x', 'api.aiven.io',
     'https://api.aiven.io /v1', 'https://api.aiven.io/?a=b', 'https://api.aiven.io/#a', 'https://user:secret@api.aiven.io', '',
     'https://api.aiven.io/v1', 'https://api.aiven.io/base/V1/', 'https://api.aiven.io/v1/project', 'http://127.0.0.1:8080/v1',
     'https://console.aiven.io', 'https://api.aiven.io:80', 'https://api.aiven.io:0/'],
    ['aiven.api_token', '', "token\n", 'to ken', 7],
    ['aiven.ca_cert', 'not a certificate', true, HALF, CA.sub('MII', 'MI!'), CA.sub('MII', 'MIA'), CA.gsub('CERTIFICATE', 'PUBLIC KEY'),
     CA + Authority::KEY.to_pem],
    ['aiven.projects', [], 'alpha', %w[a Beta], [''], ['1a'], ['a' * 64], %w[a b a], ['a', nil], [5]],
    ['aiven.poll_interval', 60, '60', '99ms', '25h', '-5m', 'soon', '', '1.5m 30s', '5s 1m', '1h,', ['60s']],
    ['aiven.request_timeout', '61m', '1d'],
    ['aiven.http_proxy', 7, 'proxy.example:3128', 'socks5://proxy.example:1080', 'http://', 'http://user:secret@', 'http://proxy.example:3128/path',
     'http://proxy.example:3128?a=b', 'http://proxy.example:3128#a', 'http://proxy example:3128', 'http://proxy.example:0', '//proxy.example'],
    ['services.types', %w[pg OpenSearch], %w[pg pg], [5], ['a b'], [''], 'pg', { 'pg' => true }],
    ['services.clouds', ['a b'], ["a\n"]],
    ['services.tags', { 'team' => 7 }, { 'a b' => 'c' }, { '' => 'c' }, ['team'], 'team'],
    ['services.exclude', ['ok', '[a'], ['{a'], ['a}'], [''], ['[z-a]'], [7], '*', ['a\\']],
    ['integration.create', 'true', 1, 'no'],
    ['integration.endpoint_name', '', ' a', "a\n", "a\tb", LONG, 7],
    ['integration.endpoint_id', 'a_b', 'a' * 65, 7],
    ['integration.username', 'four', 'a' * 33, 'Upper', 'with space', "scraper\n", 7],
    ['integration.password', 'seven77', 'a' * 65, "password\n", 12_345_678],
    ['integration.creates_per_minute', 0, 1001, '30', 1.5, true],
    ['dns.nameservers', ['10.0.0.2'], ['fd00::2'], ['10.0.0.2:0'], ['ns.example:53'], ['10.0.0.2:99999'], '10.0.0.2:53',
     ['010.0.0.2:53'], ['256.0.0.1:53'], ['[fd00::2:53'], [53], ['10.0.0.0/8:53']],
    ['dns.families', 'IPv4', 'v6', 4, ['ipv4'], ''],
    ['dns.poll_interval', '2h'],
    ['dns.timeout', '61s', '0s'],
    ['targets.path', 'targets.json', 't/a.yml', 't/a', "t/a\n.json", 7, '', './a.json', '../t/a.json', 't/../../a.json'],
    ['targets.removal_grace', '25h', '2'],
    ['scrape_proxy.listen', '0.0.0.0:9275', '10.0.0.1:9275', '127.0.0.1', 'localhost:9275', 9275, '127.0.0.1:9274', '127.0.0.1:65536'],
    ['scrape_proxy.timeout', '2h', '0s'],
    ['scrape_proxy.ca_cert', 'x'],
    ['web.listen', ':9274', '9274', 'localhost:9274', '', 9274, '0.0.0.0:9275', '[::]:9275'],
    ['web.expose_status', 'yes', 0],
    ['web.tls', TLS.merge('certificate' => ''), TLS.merge('private_key' => ''), TLS.slice('client_ca'),
     TLS.merge('private_key' => OpenSSL::PKey::EC.generate('prime256v1').to_pem), TLS.merge('private_key' => CA),
     TLS.merge('certificate' => 'x'), TLS.merge('client_ca' => HALF)],
    ['web.tls.certificate', 'x', 7], ['web.tls.private_key', 'x', true], ['web.tls.client_ca', [CA]],
    ['cloud_foundry', *%w[api_url client_id client_secret].map { |key| CLOUD_FOUNDRY.merge(key => nil) },
     CLOUD_FOUNDRY.slice('client_secret'), CLOUD_FOUNDRY.merge('api_url' => 'http://api.cf.example'),
     CLOUD_FOUNDRY.merge('api_url' => 'https://user:secret@api.cf.example'), CLOUD_FOUNDRY.merge('client_id' => 'a b'),
     CLOUD_FOUNDRY.merge('client_secret' => ''), CLOUD_FOUNDRY.merge('client_secret' => "a\n")],
    ['cloud_foundry', CLOUD_FOUNDRY.merge('api_url' => 7), CLOUD_FOUNDRY.merge('client_id' => true), CLOUD_FOUNDRY.merge('client_secret' => 7)],
    ['cloud_foundry.ca_cert', 'x', HALF, 7], ['cloud_foundry.poll_interval', '25h', 300],
    ['log.level', 'INFO', 'verbose', 3, '']
  ].flat_map { |name, *values| values.map { |value| [name, value] } }.freeze

  # What the daemon could do elsewhere, and this job cannot.
  STRICTER = [
    ['targets.path', '/srv/t/a.json'], ['targets.path', 't/a b.json'], ['targets.path', 't/-a;reboot.json'],
    ['scrape_proxy.listen', '127.0.0.1:0'], ['web.listen', '0.0.0.0:0'], ['dns.timeout', '2 seconds']
  ].freeze
end
