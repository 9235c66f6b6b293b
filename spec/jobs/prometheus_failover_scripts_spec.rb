# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'prometheus_failover/rig'

# The scripts of the job, around a real Caddy: what they wait for they say, and
# what fails says why. One rig; what an example breaks it mends.
RSpec.describe 'job prometheus-failover, its scripts' do
  short = lambda do |properties, _index|
    properties.merge('prometheus' => properties['prometheus'].merge('ready_timeout' => '3s'))
  end

  include_context 'with a failover rig', change: short

  let(:marker) { File.join(first.data, 'draining') }

  # Files of the instance have other contents while the block runs.
  def changed(files)
    kept = files.keys.to_h { |file| [file, File.read(File.join(first.job, file))] }
    files.each { |file, text| File.write(File.join(first.job, file), text) }
    yield
  ensure
    kept&.each { |file, text| File.write(File.join(first.job, file), text) }
  end

  # The block's script waits for no second longer than it has to.
  def impatient(&block)
    settings = File.read(File.join(first.job, 'config/settings'))
    changed('config/settings' => settings.sub('say_every 60', 'say_every 1'), &block)
  end

  describe 'drain and health-check' do
    it 'leave the route, say since when, and a start by monit alone joins it again' do
      expect(first.script('health-check')).to match(['', be_success])
      expect(first.script('drain')).to match(["0\n", be_success])
      said, status = first.script('health-check')
      expect(said).to match(/\ANot in the route: drain took this instance out at \d{4}-\S+Z\. .*monit restart prometheus-failover\.\n\z/)
      expect(status.exitstatus).to eq(1)
      rig.restart(first)
      expect(File.exist?(marker)).to be(false)
      expect(first.script('health-check')).to match(['', be_success])
    end

    it 'say so without a time where a full disk left the mark empty' do
      File.write(marker, '')
      said, status = first.script('health-check')
      expect(said).to match(/\ANot in the route: drain took this instance out\. Its next start .*\n\z/)
      expect(status.exitstatus).to eq(1)
    ensure
      FileUtils.rm_f(marker)
    end

    it 'are ended by the Director\'s start, too' do
      first.script('drain')
      expect(first.script('pre-start')).to match(['', be_success])
      expect(first.script('health-check').last).to be_success
    end

    it 'write which queries are waited for, and what became of them' do
      # Two, when a health check of the other instance is just being answered.
      log = File.join(first.logs, 'drain.log')
      FileUtils.rm_f(log)
      grafana = FailoverContext::USERS.first.values
      query = Thread.new { rig.send_raw(["GET /api/v1/query?query=#{Backend::HELD} HTTP/1.1", FailoverRig.basic(*grafana)]) }
      drain = Thread.new { impatient { first.script('drain') } }
      first.caddy.await('drain to say what it waits for') { File.exist?(log) && File.read(log).match?(/waiting for [12] queries, /) }
      # Just after a start it may be the other one that was asked.
      rig.instances.each { |instance| instance.backend.release }
      expect(drain.value).to match(["0\n", be_success])
      expect(query.value.first).to eq(200)
      said = File.readlines(log).map { |line| line[/\A\S+Z (.*)/, 1] }
      waited = /\Awaiting for [12] queries, \d+ s at most\z/
      expect(said).to match([/\Aleft the route; waiting 1 s /, *[waited] * (said.size - 2), /\Adone after \d+ s/])
    ensure
      FileUtils.rm_f(marker)
    end

    it 'do not wait for a Caddy that is not there, and say so' do
      first.caddy.stop
      expect(first.script('health-check'))
        .to match([%r{\ANot in the route: Caddy does not answer at http://127\.\S+/health \(curl: .*\)\. See /var}, have_attributes(exitstatus: 1)])
      expect(first.script('drain')).to match(["0\n", be_success])
      expect(File.read(File.join(first.logs, 'drain.log'))).to match(/ Caddy does not answer at \S+, so no query waits for it\n/)
    ensure
      rig.restart(first)
    end
  end

  describe 'pre-start' do
    it 'refuses what Caddy would refuse, with Caddy\'s reason, and keeps the instance out of the route' do
      other = FailoverCertificates::PUBLIC['private_key']
      File.write(marker, 'now')
      { 'config/peer.key' => [other, /private key does not match public key/],
        'config/public.crt' => ['no certificate', /config.public\.crt|failed to find any PEM data/],
        'config/caddy.json' => ['{"apps": {"http": {"servers": {"public": {"routs": []}}}}}', /unknown field \\?"routs/] }.each do |file, (text, reason)|
        said, status = changed(file => text) { first.script('pre-start') }
        expect(said).to match(/\Aprometheus-failover: Caddy does not start with these properties; .* deploy again:\n/), file
        expect(said).to match(reason), file
        expect(status.exitstatus).to eq(1)
      end
      expect(File.exist?(marker)).to be(true)
    ensure
      FileUtils.rm_f(marker)
    end

    it 'needs nothing of its environment but PATH, and leaves nothing for vcap to fall over' do
      before = Dir.children(first.data).sort
      said, status = Open3.capture2e({ 'PATH' => '/usr/sbin:/usr/bin:/sbin:/bin' }, File.join(first.job, 'bin/pre-start'), unsetenv_others: true)
      expect([said, status.exitstatus]).to eq(['', 0])
      expect(Dir.children(first.data).sort).to eq(before)
    end
  end

  describe 'post-start' do
    it 'returns when Prometheus and Caddy are ready, and says after how long' do
      expect(first.script('post-start')).to match([/\Aready after \d+ s\n\z/, be_success])
    end

    it 'says at once, and again and again, what it waits for, all of it, and in the end gives up' do
      first.caddy.stop
      File.write(first.log, %({"level":"error","error":"of an older kind"}\nError: listen tcp: address already in use\n), mode: 'a')
      settings = File.read(File.join(first.job, 'config/settings'))
      nowhere = settings.sub(/^prometheus.address .*/, 'prometheus.address http://127.0.0.1:1').sub('say_every 60', 'say_every 1')
      said, status = changed('config/settings' => nowhere) { first.script('post-start') }
      both = %r{^Prometheus does not answer at http://127.0.0.1:1/-/ready \(.*\): see .*\nCaddy does not answer at \S+/health \(.*\): see .*\n  last error in \S+: Error: listen tcp: address already in use$}
      expect(said).to match(/\AWaiting since \d s, for 3 s at most:\n/).and match(/^Not ready after 3 s \(prometheus.ready_timeout\):\n/)
      expect(said.scan(both).size).to be >= 2
      expect(status.exitstatus).to eq(1)
    ensure
      rig.restart(first)
    end
  end
end

RSpec.describe 'job prometheus-failover, when its own Prometheus dies' do
  include_context 'with a failover rig'

  it 'tells so' do
    rig.instances.each { |instance| instance.backend.stop }
    first.caddy.await('the health check to say that there is no Prometheus') do
      first.script('health-check').first.include?('Not in the route: Caddy reaches no Prometheus that is ready, neither here nor on another instance')
    end
  end
end
