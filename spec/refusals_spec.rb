# frozen_string_literal: true

require 'open3'

require_relative 'spec_helper'
require_relative 'jobs/prometheus_failover/context'

# What an operator with a current Director reads about a wrong value: docs/refusals.md
# is what this makes, and is compared with it. `WRITE_REFUSALS=1` writes it anew.
module Refusals
  CODE = 'a-password-long-enough'
  CONTEXTS = {
    'aiven-metrics' => {
      'properties' => { 'aiven' => { 'api_token' => 'token-of-tests', 'projects' => ['alpha'] },
                        'integration' => { 'username' => 'scraper', 'password' => CODE } }
    },
    'prometheus-failover' => FailoverContext.context,
    'aiven-metrics-smoke-tests' => {
      'properties' => { 'route' => { 'url' => 'https://metrics.example', 'username' => 'grafana', 'password' => CODE } },
      'links' => {
        'aiven-metrics' => { 'instances' => FailoverContext.instances(0, 1), 'properties' => { 'web' => { 'listen' => '0.0.0.0:9274' } } },
        'prometheus-failover' => { 'instances' => FailoverContext.instances(0, 1), 'properties' => {} }
      }
    }
  }.freeze

  # For each property one wrong value, or several where different hands refuse them.
  WRONG = {
    'aiven-metrics' => [
      ['aiven.api_url', 'http://api.aiven.io'], ['aiven.api_url', 'https://api.aiven.io:99999'], ['aiven.api_url', 'https://api.aiven.io/v1'],
      ['aiven.http_proxy', 'socks5://proxy.example:1080'], ['aiven.api_token', nil],
      ['aiven.ca_cert', 'ca.crt'], ['aiven.projects', []], ['aiven.projects', ['Alpha']], ['aiven.projects', %w[alpha alpha]],
      ['aiven.poll_interval', 60], ['aiven.poll_interval', '60'], ['aiven.request_timeout', '2h'],
      ['services.types', ['OpenSearch']], ['services.clouds', 'aws-eu-west-2'], ['services.tags', { 'team' => 7 }],
      ['services.exclude', ['test-[a']], ['services.exclude', ['[z-a]']],
      ['integration.create', 'yes'], ['integration.endpoint_name', ' metrics'], ['integration.endpoint_id', 'a_b'],
      ['integration.username', nil], ['integration.username', 'Scraper'], ['integration.password', 'short'],
      ['integration.creates_per_minute', 0],
      ['dns.nameservers', ['10.0.0.2']], ['dns.families', 'IPv4'], ['dns.poll_interval', 'soon'], ['dns.timeout', '0s'],
      ['targets.path', 'targets.json'], ['targets.removal_grace', '25h'],
      ['scrape_proxy.listen', '0.0.0.0:9275'], ['scrape_proxy.listen', '127.0.0.1:9274'], ['scrape_proxy.timeout', 30],
      ['scrape_proxy.ca_cert', true], ['web.listen', ':9274'], ['web.expose_status', 1], ['web.tls.certificate', 'tls.crt'],
      ['web.tls.private_key', 'tls.key'], ['web.tls.client_ca', 'ca.crt'],
      ['cloud_foundry.api_url', 'http://api.cf.example'], ['cloud_foundry.client_id', 'a b'],
      ['cloud_foundry.client_secret', ''], ['cloud_foundry.ca_cert', 'ca.crt'], ['cloud_foundry.poll_interval', '300'],
      ['log.level', 'INFO']
    ],
    'prometheus-failover' => [
      ['users', []], ['users', [{ 'name' => 'a:b', 'password' => CODE }]], ['users', [{ 'name' => 'grafana', 'password' => 'short' }]],
      ['users', [{ 'name' => 'grafana' }]], ['users', [{ 'name' => 'a', 'password' => CODE }] * 2],
      ['public.listen', '8443'], ['public.listen', '0.0.0.0:65536'], ['public.tls', 'yes'],
      ['public.certificate', nil], ['public.certificate', ['x']], ['public.certificate', 'public.crt'],
      ['public.private_key', nil], ['public.private_key', 5], ['public.private_key', 'public.key'],
      ['peer.listen', 8444], ['peer.listen', '0.0.0.0:8443'],
      ['peer.ca', nil], ['peer.certificate', 'peer.crt'], ['peer.private_key', nil], ['peer.private_key', 'peer.key'],
      ['peer.server_name', ''], ['peer.server_name', 'peers.example'],
      ['prometheus.address', 'localhost:9090'], ['prometheus.query_timeout', 30], ['prometheus.query_timeout', '15m'],
      ['limits.query_bytes', '64KB'], ['limits.query_nesting', 7], ['limits.body_timeout', 10], ['limits.queries', 0],
      ['limits.queries_per_user', '6'], ['limits.waiting_per_user', 0], ['limits.place_timeout', 'soon'], ['limits.abandoned_for', ''],
      ['limits.abandoned_for', '35s'],
      ['limits.buffered_bytes', '16MiB'], ['limits.buffered_bytes', 65_536], ['limits.buffered_bytes_per_user', 65_535],
      ['limits.answer_timeout', '1'], ['limits.connections', 63],
      %w[optional_paths federate], ['optional_paths', ['/federate']],
      ['prometheus.ready_timeout', '1h'], ['metrics.listen', ''], ['metrics.certificate', 'tls.crt'],
      ['metrics.private_key', 5], ['metrics.client_ca', 'ca.crt'], ['health.listen', '[::1'], ['drain.leave_route', 'soon']
    ],
    'aiven-metrics-smoke-tests' => [
      %w[patience 5m], ['route.url', ['https://metrics.example']], ['route.url', 'http://metrics.example'],
      ['route.username', nil], ['route.username', 'a:b'], ['route.password', nil], ['route.password', "two\nlines"],
      ['route.ca_cert', 'ca.crt']
    ]
  }.freeze

  HEADER = <<~TEXT
    # What an operator reads about a wrong property

    Made by `spec/refusals_spec.rb`, which compares it with what the jobs refuse:
    `WRITE_REFUSALS=1 scripts/test-release spec/refusals_spec.rb` writes it anew.
    [Decision 007](decisions/007-configuration-has-one-statement.md) says why it is so.

    | refused by | when | what stands around the sentence |
    |---|---|---|
    | schema | `bosh deploy`, before a VM is touched | `Error validating properties for JOB`, and a line for each wrong property |
    | template | likewise, once the schema has nothing to say | `Unable to render templates for job 'JOB'` and `Error filling in template 'FILE' (line N: …)` |
    | pre-start | on the VM, before the daemon is started | the Director names the job; the sentence is in `/var/vcap/sys/log/JOB/pre-start.stderr.log` |
  TEXT
end

RSpec.describe 'docs/refusals.md' do
  def context(job, name, value)
    context = Refusals::CONTEXTS.fetch(job)
    context.merge('properties' => with(context['properties'], name, value))
  end

  # Who refuses the value, and the sentence.
  def refusal(job, name, value)
    rendered = job(job).render(context(job, name, value))
    ['pre-start', check_config(rendered.fetch('config/config.json'))]
  rescue Rendering::Refused => e
    sentences = e.message.lines.map(&:strip).reject(&:empty?)
    return ['schema', sentences.drop(1).uniq.join('; ')] if sentences.first.start_with?('Error validating properties')

    sentences = sentences.drop(1).map { |line| line.sub(/\A- Error filling in template '[^']+' \(line \d+: ?/, '').delete_suffix(')') }
    ['template', sentences.reject(&:empty?).uniq.join('; ')]
  end

  def check_config(text)
    folder do |path|
      file = File.join(path, 'config.json')
      File.write(file, text)
      output, status = Open3.capture2e(daemon, 'check-config', '--config', file)
      expect(status).not_to be_success
      output.strip.delete_prefix('aiven-metrics: ')
    end
  end

  def row(job, name, value)
    cells = [name, value.nil? ? 'not given' : "`#{JSON.generate(value)}`", *refusal(job, name, value)]
    "| #{cells.map { |cell| cell.gsub('|', '\|').gsub("\n", ' ') }.join(' | ')} |"
  end

  def page
    tables = Refusals::WRONG.map do |job, wrong|
      ["\n## #{job}\n", '| property | value | refused by | sentence |', '|---|---|---|---|',
       *wrong.map { |name, value| row(job, name, value) }].join("\n")
    end
    "#{Refusals::HEADER}#{tables.join("\n")}\n"
  end

  it 'is what the jobs refuse, in their words' do
    file = File.join(ReleaseSpec::ROOT, 'docs/refusals.md')
    File.write(file, page) if ENV['WRITE_REFUSALS']
    expect(File.read(file)).to eq(page)
  end

  Refusals::WRONG.each do |job, wrong|
    it "has each property of #{job}" do
      expect(wrong.map(&:first).uniq).to match_array(job(job).spec['properties'].keys)
    end

    wrong.each do |name, value|
      it "says of #{job}'s #{name} = #{value.inspect} its name, what is wrong and what is wanted" do
        _, sentence = refusal(job, name, value)
        expect(sentence).to match(/\A#{Regexp.escape(name)}(?:\[\d\])?\S*: (?:found|missing)/)
        expect(sentence).to match(/, want .*; /)
      end
    end
  end
end
