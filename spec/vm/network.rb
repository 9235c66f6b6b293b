# frozen_string_literal: true

require 'open3'

require_relative '../support/child_process'

# The platform's network: a namespace with a bridge, where Gorouter is, and on
# it laid-out VMs with addresses of their own.
class Network
  OUTSIDE = '10.0.16.1'

  # `system` gives nil for a program that is missing.
  def self.installed? = !system('ip', '-Version', %i[out err] => File::NULL).nil?

  def self.possible?
    Process.uid.zero? && system('unshare', '--net', 'ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two', %i[out err] => File::NULL)
  end

  # `log` is a file. Close it after use.
  def initialize(log)
    @started = []
    @holder = ChildProcess.new('unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity', log: log)
    @holder.await_line(/^ready$/)
    ip('link', 'set', 'lo', 'up')
    ip('link', 'add', 'bridge', 'type', 'bridge')
    ip('address', 'add', "#{OUTSIDE}/24", 'dev', 'bridge')
    ip('link', 'set', 'bridge', 'up')
    @joined = 0
  end

  # The VM has this address from now on.
  def join(machine, address)
    port = "vm#{@joined += 1}"
    ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.pid.to_s)
    ip('link', 'set', port, 'master', 'bridge', 'up')
    machine.run!('ip', 'address', 'add', "#{address}/24", 'dev', 'eth0')
    machine.run!('ip', 'link', 'set', 'eth0', 'up')
  end

  # Starts a program in it, which ends with it if not before.
  def start(*command, log:)
    ChildProcess.new(*enter(*command), log: log).tap { |child| @started << child }
  end

  # Output and status of what asks from there.
  def run(*command) = Open3.capture2e(*enter(*command))

  def close
    @started.each(&:kill)
    @holder&.kill
  end

  private

  def enter(*command) = ['nsenter', "--target=#{@holder.pid}", '--net', *command]

  def ip(*arguments)
    output, status = run('ip', *arguments)
    raise "ip #{arguments.join(' ')}: #{output}" unless status.success?
  end
end
