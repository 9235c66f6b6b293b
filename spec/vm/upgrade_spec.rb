# frozen_string_literal: true

require 'set'
require_relative 'final_releases'
require_relative 'world'

# The first final release, 1.0.0, and 1.1.0 after it, made by the pipeline's own tasks and
# laid out on one VM, one after the other and back. Neither loses a target with the state
# that the other one left, while Aiven says nothing.
#
# Job and binary are those under test in both; EARLIER_RELEASE names a checkout of an earlier commit,
# whose job and build/static/aiven-metrics go into 1.0.0.
RSpec.describe 'An upgrade between two final releases', order: :defined do
  before(:context) do
    skip 'needs root and namespaces (unshare)' unless Vm.possible?

    @folder = Dir.mktmpdir('aiven-metrics-upgrade')
    @releases = FinalReleases.new(@folder, binary: daemon, earlier: ENV.fetch('EARLIER_RELEASE', nil))
    @world = World.new
  end

  after(:context) do
    @world&.close
    FileUtils.rm_rf(@folder) if @folder
  end

  let(:world) { @world }
  let(:vm) { world.vm }

  def install(version)
    vm.add_package('aiven-metrics', @releases.binary(version))
    world.lay_out(job: @releases.job(version))
    world.restart_daemon
    expect(vm.script('aiven-metrics', 'post-start')).to match([/ready after/, be_success])
  end

  def in_file = JSON.parse(File.read(vm.inside('store/aiven-metrics/targets/targets.json'))).flat_map { |group| group['targets'] }.to_set
  def in_memory = JSON.parse(vm.get('http://127.0.0.1:9274/sd')).flat_map { |group| group['targets'] }.to_set

  # What the file lacked of `all` at any moment while the block ran.
  def missing_meanwhile(all)
    done = false
    missing = Set.new
    watch = Thread.new do
      until done
        missing |= all - in_file
        sleep 0.02
      end
    end
    yield
    missing
  ensure
    done = true
    watch&.join
  end

  def await_all_nodes
    world.await('every node is published') { world.aiven.nodes.size > 15 && in_file == world.aiven.nodes.to_set }
  end

  # A daemon that goes on as before finds what is new, too.
  def add_service(name)
    world.tell({ do: 'add_service', project: 'platform-london', service: { name: name, type: 'opensearch', nodes: 2 } })
    world.await("#{name} is published") { world.command('targets').first.include?(name) }
    await_all_nodes
  end

  it 'begins with 1.0.0, which publishes every node' do
    install('1.0.0')
    await_all_nodes
  end

  [%w[1.0.0 1.1.0], %w[1.1.0 1.0.0]].each do |from, to|
    it "loses no target from #{from} to #{to}, while Aiven does not answer" do
      before = in_file
      missing = missing_meanwhile(before) do
        world.freeze_aiven
        world.daemon_process.stop
        install(to)
        expect(in_memory).to eq(before)
      end
      expect(missing).to be_empty
      expect(File.read(vm.inside('data/sys/log/aiven-metrics/aiven-metrics.stdout.log'))).not_to include('cannot be used')
    ensure
      world.thaw_aiven
    end

    it "goes on with #{to}, and finds what is new" do
      add_service("after-#{to.tr('.', '-')}")
    end
  end
end
