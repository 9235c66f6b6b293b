# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'
require 'shellwords'
require 'yaml'

require_relative '../support/child_process'

# A BOSH VM in namespaces of its own: jobs and packages laid out as the agent
# does, processes started as bpm does, on the release's real ports.
class Vm
  VCAP = 1000
  # What the agent gives every script, and bpm every process.
  PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

  class Failed < StandardError; end

  def self.possible?
    Process.uid.zero? && system('unshare', '--mount', '--net', 'true', err: File::NULL)
  end

  # `folder` is empty and not below /var. `disks` are those of a limited size, by
  # their path below /var/vcap: they can be filled. Close the VM after use.
  def initialize(folder, disks: {})
    @folder = folder
    @started = []
    File.chmod(0o755, folder)
    FileUtils.mkdir_p(File.join(folder, 'vcap'))
    hold
    disks.each { |path, size| mount_disk(path, size) }
    %w[data/jobs data/packages data/sys/log data/sys/run jobs packages store].each { |path| make(path, 0o755) }
    File.symlink('/var/vcap/data/sys', inside('sys'))
  end

  def close
    @started.each(&:kill)
    processes.each { |pid| kill(pid) } if @holder
    @holder&.kill
  end

  # That its namespaces live as long as.
  def pid = @holder.pid

  # The agent's modes: root:vcap, folders and all in bin 0750, other files 0640.
  def add_job(name, rendered)
    version = "data/jobs/#{name}/1-#{rendered.hash.abs.to_s(16)}"
    make(version, 0o750)
    rendered.each do |path, text|
      make(File.join(version, File.dirname(path)), 0o750)
      write(File.join(version, path), text, path.start_with?('bin/') ? 0o750 : 0o640)
    end
    replace_link("/var/vcap/#{version}", inside('jobs', name))
    ["data/#{name}", "sys/log/#{name}", "sys/run/#{name}"].each { |path| make(path.sub(/\Asys/, 'data/sys'), 0o770) }
  end

  def add_package(name, binary)
    version = "data/packages/#{name}/1"
    make("#{version}/bin", 0o755)
    FileUtils.touch(inside(version, 'bin', name))
    run!('mount', '--bind', binary, "/var/vcap/#{version}/bin/#{name}")
    replace_link("/var/vcap/#{version}", inside('packages', name))
  end

  # Output (standard output and error) and status.
  def run(*command, user: 'root', groups: [])
    Open3.capture2e(*enter(*as(user, groups), *command))
  end

  def run!(*command, **options)
    output, status = run(*command, **options)
    raise Failed, "#{command.shelljoin}: #{status}\n#{output}" unless status.success?

    output
  end

  # Starts a program, which ends with the VM if not before.
  def start(*command, log: File::NULL)
    ChildProcess.new(*enter(*command), log: log).tap { |child| @started << child }
  end

  # Starts the process of a job's rendered bpm.yml, as bpm does, without monit.
  def bpm_start(job)
    start('ruby', File.join(__dir__, 'bpm.rb'), 'exec', job, log: inside("data/sys/log/#{job}/#{job}.stdout.log"))
  end

  # Runs a lifecycle script or an errand as the agent does, but with a limit:
  # status 124 is one that did not end within so many seconds.
  def script(job, name, within: 400)
    run('timeout', within.to_s, 'env', '-i', "PATH=#{PATH}", "/var/vcap/jobs/#{job}/bin/#{name}")
  end

  # The path on this machine of a path below /var/vcap, as the VM has it. Links are the VM's own.
  def inside(*path)
    File.join("/proc/#{pid}/root/var/vcap", *path)
  end

  def inside_job(job, path)
    File.join(inside, File.readlink(inside('jobs', job)).delete_prefix('/var/vcap'), path)
  end

  # The text of a file below /var/vcap; empty without one.
  def read(path)
    File.read(inside(path))
  rescue Errno::ENOENT
    ''
  end

  # The body of what answers at `url`, or nil.
  def get(url, *options)
    body, status = Open3.capture2(*enter('curl', '--silent', '--fail', '--max-time', '10', '--noproxy', '*', *options, url))
    status.success? ? body : nil
  end

  # The command that runs `command` on the VM.
  def enter(*command)
    ['nsenter', "--target=#{pid}", '--mount', '--net', '--wd=/', *command]
  end

  private

  def hold
    script = File.join(__dir__, 'namespace.rb')
    @holder = ChildProcess.new('unshare', '--mount', '--net', 'ruby', script, @folder, log: File.join(@folder, 'namespace.log'))
    @holder.await_line(/^ready$/)
  end

  def mount_disk(path, size)
    FileUtils.mkdir_p(inside(path))
    run!('mount', '-t', 'tmpfs', '-o', "mode=0755,size=#{size}", 'tmpfs', "/var/vcap/#{path}")
  end

  # Everything that runs on the VM, also what no longer has its parent, but for the holder.
  def processes
    own = File.readlink("/proc/#{pid}/ns/net")
    Dir['/proc/[0-9]*'].map { |path| File.basename(path).to_i }.select do |other|
      other != pid && File.readlink("/proc/#{other}/ns/net") == own
    rescue SystemCallError
      false
    end
  end

  def kill(pid)
    Process.kill(:KILL, pid)
  rescue Errno::ESRCH
    nil
  end

  def as(user, groups)
    return [] if user == 'root'

    ['setpriv', "--reuid=#{user}", "--regid=#{user}", groups.empty? ? '--clear-groups' : "--groups=#{groups.join(',')}"]
  end

  def make(path, mode)
    path.split('/').each_with_object([]) do |part, parts|
      parts << part
      folder = inside(*parts)
      next if File.directory?(folder)

      Dir.mkdir(folder)
      File.chmod(mode, folder)
      File.chown(0, VCAP, folder)
    end
  end

  def write(path, text, mode)
    file = inside(path)
    File.write(file, text)
    File.chmod(mode, file)
    File.chown(0, VCAP, file)
  end

  def replace_link(target, link)
    FileUtils.rm_f(link)
    File.symlink(target, link)
  end
end
