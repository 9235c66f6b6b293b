# frozen_string_literal: true

require 'etc'
require 'open3'

require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative 'prometheus_failover/rig'
require_relative 'prometheus_failover/router'

# The errand through a route to two real Caddys with a real Prometheus each.
RSpec.describe 'aiven-metrics-smoke-tests through the route' do
  before(:context) do
    @folder = Dir.mktmpdir('aiven-metrics-release')
    @rigs = {}
  end

  after(:context) do
    @rigs.each_value(&:stop)
    FileUtils.rm_rf(@folder)
  end

  # Both rigs start once, when an example first wants them.
  def rig(name, **options)
    @rigs[name] ||= begin
      folder = File.join(@folder, name)
      servers = [0, 1].map { |index| Prometheus.new(File.join(folder, "prometheus#{index}")) }
      FailoverRig.new(folder, backends: servers, **options)
    end
  end

  def healthy
    rig('healthy')
  end

  # Instance 1 has peer certificates of another CA: it reaches its own Prometheus only.
  def apart
    change = lambda do |properties, index|
      next properties if index.zero?

      other = FailoverCertificates::Authority.new('prometheus_failover_ca')
      pair = other.sign('prometheus-failover', 'serverAuth,clientAuth')
      properties.merge('peer' => properties['peer'].merge(pair, 'ca' => other.certificate.to_pem))
    end
    rig('apart', change: change)
  end

  def route_to(rig)
    router = Router.new(rig)
    yield router
  ensure
    router&.stop
  end

  # Only the route is tested: the daemons hide, and there is no link to Prometheus.
  def render(route)
    hidden = { 'web' => { 'listen' => '127.0.0.1:9274' } }
    links = { 'aiven-metrics' => { 'instances' => FailoverContext.instances(0), 'properties' => hidden },
              'prometheus-failover' => { 'instances' => FailoverContext.instances(0, 1), 'properties' => {} } }
    job('aiven-metrics-smoke-tests').render({ 'properties' => { 'patience' => 0, 'route' => route }, 'links' => links })
  end

  # The errand's lines about the route and its exit status.
  def run_errand(router, **route)
    user = FailoverContext::USERS.first
    given = { 'url' => router.url, 'username' => user['name'], 'password' => user['password'],
              'ca_cert' => Router::AUTHORITY.certificate.to_pem }
    folder do |vcap|
      lay_out(vcap, render(given.merge(route.transform_keys(&:to_s))))
      output, status = Open3.capture2e('env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'timeout', '120',
                                       File.join(vcap, 'jobs/aiven-metrics-smoke-tests/bin/run'))
      [output.lines(chomp: true).reject { |line| line.start_with?('skip ') }, status.exitstatus]
    end
  end

  # As the agent does, but below a folder instead of /var/vcap.
  def lay_out(vcap, rendered)
    rendered.each do |name, text|
      file = File.join(vcap, 'jobs/aiven-metrics-smoke-tests', name)
      FileUtils.mkdir_p(File.dirname(file))
      File.write(file, text.gsub('/var/vcap/', "#{vcap}/"))
      File.chmod(name.start_with?('bin/') ? 0o750 : 0o640, file)
    end
    package = File.join(vcap, 'packages/aiven-metrics/bin').tap { |path| FileUtils.mkdir_p(path) }
    FileUtils.ln_s(File.expand_path(daemon), package)
  end

  # One line fails and nothing is checked after it.
  def fail_with(line, passed: 0)
    match([[*([start_with('ok    route: ')] * passed), line, "#{passed} passed, 1 failed, 2 skipped"], 1])
  end

  it 'passes when both Caddys answer from the same Prometheus' do
    route_to(healthy) do |router|
      expect(run_errand(router)).to match(
        [["ok    route: a query is answered: answer 200 from #{router.url}",
          'ok    route: nobody gets in without a password: answer 401',
          'ok    route: all instances ask the same Prometheus: ' \
          '20 queries through prometheus/0 prometheus/1 came from prometheus/0',
          '3 passed, 0 failed, 2 skipped'], 0]
      )
    end
  end

  it 'fails when the password is wrong' do
    route_to(healthy) do |router|
      expect(run_errand(router, password: 'not-the-password'))
        .to fail_with(/\AFAIL  route: a query is answered: no: answer 401 from .*What to do: compare route\.username and route\.password/)
    end
  end

  it 'shows the password to nobody when it fails' do
    route_to(healthy) do |router|
      lines, = run_errand(router, password: 'n0t-"the\\password')
      expect(lines.join).to include('answer 401')
      expect(lines.join).not_to include('n0t-')
    end
  end

  it 'fails when the certificate of the route is not trusted' do
    route_to(healthy) do |router|
      ['', FailoverCertificates::PLATFORM.certificate.to_pem].each do |ca_cert|
        expect(run_errand(router, ca_cert: ca_cert))
          .to fail_with(%r{\AFAIL  route: a query .*: no: no answer from https://localhost:\d+/\S*: .*certificate.*do: route\.ca_cert})
      end
    end
  end

  it 'fails when one Caddy answers from another Prometheus' do
    route_to(apart) do |router|
      expect(run_errand(router))
        .to fail_with(%r{\AFAIL  route: all instances ask the same Prometheus: no: 20 queries through prometheus/0 prometheus/1 \
came from prometheus/0 prometheus/1\. What to do: }, passed: 2)
    end
  end

  it 'fails when one Caddy is not in the route' do
    route_to(healthy) do |router|
      router.turns = [0]
      expect(run_errand(router))
        .to fail_with(%r{\AFAIL  route: all .*: no: 20 queries through prometheus/0 came from prometheus/0\. .*left the route}, passed: 2)
    end
  end

  it 'fails when one query of many fails' do
    route_to(healthy) do |router|
      router.turns = [0, 1, 0, 1, Router::NO_BACKEND]
      expect(run_errand(router))
        .to fail_with(/\AFAIL  route: all .*: no: query 3 of 20 failed: answer 502\. What to do: /, passed: 2)
    end
  end

  it 'fails when the route is unknown' do
    route_to(healthy) do |router|
      router.turns = [Router::UNKNOWN]
      expect(run_errand(router))
        .to fail_with(/\AFAIL  route: a query is answered: no: answer 404 from .*does not exist\.\. What to do: compare route\.url/)
    end
  end

  it 'fails when nothing answers' do
    route_to(healthy) do |router|
      router.stop
      expect(run_errand(router))
        .to fail_with(/\AFAIL  route: a query is answered: no: no answer from .*Connection refused.*What to do: the host of route\.url/)
    end
  end

  it 'fails when what answers asks for no password' do
    route_to(healthy) do |router|
      router.turns = [Router::OTHER]
      lines, status = run_errand(router)
      expect(lines).to include(/\AFAIL  route: nobody gets in without a password: no: answer 200\. What to do: find out what answers/)
      expect(status).to eq(1)
    end
  end
end
