# frozen_string_literal: true

require_relative 'world'

# The job as it lies and runs on a VM. One VM for all examples, in this order.
RSpec.describe 'aiven-metrics on a VM', order: :defined do
  before(:context) do
    skip 'needs root and namespaces (unshare)' unless Vm.possible?

    @world = World.new
    @world.lay_out
  end

  after(:context) { @world&.close }

  let(:world) { @world }
  let(:vm) { world.vm }

  def targets
    JSON.parse(File.read(vm.inside('store/aiven-metrics/targets/targets.json'))).flat_map { |group| group['targets'] }
  end

  # Owner, group and mode of a path below /var/vcap.
  def owned(path)
    vm.run!('stat', '--dereference', '--format=%U:%G %a', "/var/vcap/#{path}").strip
  end

  it 'has the modes that the agent gives' do
    expect(%w[jobs/aiven-metrics jobs/aiven-metrics/bin jobs/aiven-metrics/bin/aiven-metrics].map { |path| owned(path) })
      .to all(eq('root:vcap 750'))
    expect(%w[config.json bpm.yml targets-folder].map { |file| owned("jobs/aiven-metrics/config/#{file}") }).to all(eq('root:vcap 640'))
  end

  it 'has the folder of the target list before the daemon starts, and runs pre-start again without harm' do
    expect(owned('store/aiven-metrics')).to eq('vcap:vcap 700')
    expect(owned('store/aiven-metrics/targets')).to eq('vcap:vcap 755')
    expect(vm.script('aiven-metrics', 'pre-start')).to match(['', be_success])
  end

  it 'becomes ready, and post-start says so' do
    world.restart_daemon
    expect(vm.script('aiven-metrics', 'post-start')).to match([/^ready after \d+ s\n\z/, be_success])
  end

  it 'runs as vcap, without privileges, with the limits of bpm.yml' do
    status = File.read("/proc/#{world.daemon_process.pid}/status")
    expect(status).to match(/^Uid:\t1000\t1000\t1000\t1000$/).and match(/^CapBnd:\t0+$/).and match(/^NoNewPrivs:\t1$/)
    expect(File.read("/proc/#{world.daemon_process.pid}/limits")).to match(/^Max open files +8192 +8192 /)
  end

  it 'gives a real Prometheus every node to scrape, and every one is up' do
    world.start_prometheus
    world.await('every running node of an integrated service is published') do
      world.aiven.nodes.size > 15 && targets.sort.uniq == world.aiven.nodes.uniq
    end
    world.await("#{targets.size} targets are up, none is down") do
      world.query('count(up{aiven_project!=""} == 1)') == targets.size && world.query('count(up{aiven_project!=""} == 0)')&.zero?
    end
  end

  it 'labels the samples as the dashboards expect' do
    names = %w[aiven_project aiven_service_name aiven_service_type aiven_hostname aiven_plan aiven_cloud aiven_node_count]
    expect(world.query("count(up{#{names.map { |name| "#{name}!=\"\"" }.join(',')}})")).to eq(targets.size)
    expect(world.query('count({__param_aiven_service!=""})')).to eq(0)
  end

  describe 'the command for operators' do
    it 'knows the address: status' do
      expect(world.command('status')).to match([/instance 0: ready/, be_success])
    end

    it 'knows the address: targets' do
      output, status = world.command('targets')
      expect([status.success?, output.lines.size]).to match([true, be >= targets.size])
    end

    it 'knows the address: explain' do
      service = world.aiven.services.first
      expect(world.command('explain', "#{service['project']}/#{service['name']}")).to match([/scraped/, be_success])
    end

    it 'knows the configuration: plan and check-config' do
      expect(world.command('plan')).to match([/platform-london/, be_success])
      expect(world.command('check-config')).to match([/fine \(2 projects\)/, be_success])
    end

    it 'lets another address or file be named' do
      expect(world.command('status', '--address', '127.0.0.1:1'))
        .to match([/no daemon answers at 127.0.0.1:1/, have_attributes(exitstatus: 1)])
    end

    it 'works for a user whom bosh ssh makes a member of the group vcap' do
      expect(world.command('status', user: '2000', groups: ['1000'])).to match([/ready/, be_success])
    end

    it 'is not for others, who read no configuration either' do
      expect(world.command('status', user: '2000')).to match([/Permission denied/, have_attributes(exitstatus: (be > 0))])
      expect(vm.run('cat', '/var/vcap/jobs/aiven-metrics/config/config.json', user: '2000').first).to match(/Permission denied/)
    end

    it 'leaves the daemon to monit' do
      expect(world.command('run')).to match([/monit runs the daemon/, have_attributes(exitstatus: 2)])
    end

    it 'has a name and completions in a shell that sources bin/env' do
      script = 'source /var/vcap/jobs/aiven-metrics/bin/env; complete -p aiven-metrics; aiven-metrics status'
      expect(vm.run('bash', '-euc', script)).to match([/^complete .* aiven-metrics$.*instance 0: ready/m, be_success])
    end

    it 'gives help and version' do
      expect(world.command('--help')).to match([/Usage: aiven-metrics/, be_success])
      expect(world.command('--version')).to match([/\Aaiven-metrics \d/, be_success])
    end
  end

  describe 'secrets' do
    let(:secrets) { [world.aiven.token, SimulatedAiven::PASSWORD] }

    it 'are in no argument and no environment of any process' do
      texts = Dir['/proc/[0-9]*/{cmdline,environ}'].map do |file|
        File.binread(file)
      rescue SystemCallError
        ''
      end
      expect(texts.join).to include('aiven-metrics') # it looked at ours, too
      expect(texts.select { |text| secrets.any? { |secret| text.include?(secret) } }).to be_empty
    end

    it 'are in no file that others may read, and not in logs or in what Prometheus has' do
      found = secrets.flat_map { |secret| vm.run('grep', '-rlF', '--', secret, '/var/vcap').first.lines.map(&:strip) }.uniq
      expect(found).to include(%r{/config\.json\z}, %r{/secrets\.json\z}) # the search finds something
      expect(found).to all(match(%r{/aiven-metrics/(?:\S+/config/config|secrets)\.json\z}))
      expect(found.map { |file| vm.run!('stat', '--format=%a', file).strip }).to all(end_with('0'))
    end
  end

  describe 'when it is killed, stopped, or never ready' do
    it 'keeps its targets over a kill, and publishes them again without Aiven' do
      before = targets
      world.stop_aiven
      world.daemon_process.stop(:KILL)
      expect(targets).to eq(before)
      world.restart_daemon
      expect(vm.script('aiven-metrics', 'post-start')).to match([/ready/, be_success])
      expect(targets).to eq(before)
    end

    it 'ends by itself when bpm stops it' do
      expect(world.daemon_process.stop).to have_attributes(exitstatus: 0)
    end

    it 'fails the deploy when nothing correct is published, and says why and what to do' do
      script = vm.inside_job('aiven-metrics', 'bin/post-start')
      File.write(script, File.read(script).sub('300s', '0s'))
      output, status = vm.script('aiven-metrics', 'post-start')
      expect(status.exitstatus).to eq(1)
      expect(output).to match(/nothing correct was published within 0 s.*no daemon answers at 127\.0\.0\.1:9274.*What to do: /m)
    end
  end
end
