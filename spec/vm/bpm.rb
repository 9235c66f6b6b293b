#!/usr/bin/env ruby
# frozen_string_literal: true

# Stands for bpm on a laid-out VM: starts the process of a job's bpm.yml as vcap,
# without privileges, with a read-only VM but for what bpm.yml asks for, and
# stops it as bpm does. Needs no other file.
#
#   bpm start JOB    in the background, with pid file and logs
#   bpm stop JOB     TERM, QUIT after 15 s, KILL after 2 s more
#   bpm exec JOB     this process becomes the job's

require 'fileutils'
require 'yaml'

# The process of one job.
class Bpm
  VCAP = 1000
  PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
  # Seconds until the next signal.
  STOP = { TERM: 15, QUIT: 2, KILL: 10 }.freeze

  def initialize(job)
    @job = job
    @process = YAML.safe_load(File.read("/var/vcap/jobs/#{job}/config/bpm.yml"))['processes'].first
    @pid_file = "/var/vcap/sys/run/bpm/#{job}/#{@process['name']}.pid"
    @data = "/var/vcap/data/#{job}"
  end

  def start
    return if running

    make_folders
    files = { out: log('stdout'), err: log('stderr') }
    run_hook(**files)
    pid = Process.spawn(*command, in: File::NULL, pgroup: true, unsetenv_others: true, **files)
    Process.detach(pid)
    FileUtils.mkdir_p(File.dirname(@pid_file))
    File.write(@pid_file, pid)
  end

  def stop
    STOP.each do |signal, seconds|
      break unless (pid = running)

      Process.kill(signal, pid)
      (seconds * 20).times { running && sleep(0.05) }
    end
    FileUtils.rm_f(@pid_file)
  end

  def exec
    make_folders
    run_hook
    Kernel.exec(*command, unsetenv_others: true)
  end

  private

  def make_folders
    @writable = ["/var/vcap/data/sys/log/#{@job}", @data]
    @writable << "/var/vcap/store/#{@job}" if @process['persistent_disk']
    system('install', '-d', '-o', 'vcap', '-g', 'vcap', '-m', '0700', *@writable, "#{@data}/tmp") || abort('bpm: cannot make the folders')
  end

  # Outside of the container, as root, but with its environment.
  def run_hook(**files)
    hook = @process.dig('hooks', 'pre_start') or return
    system(environment, hook, unsetenv_others: true, **files) || abort("bpm: #{hook} failed")
  end

  def environment
    { 'PATH' => PATH, 'HOME' => @data, 'TMPDIR' => "#{@data}/tmp" }.merge((@process['env'] || {}).transform_values(&:to_s))
  end

  def command
    binds = @writable.map { |path| "mount --bind #{path} #{path}" }
    script = ['set -e', 'mount --rbind /var/vcap /var/vcap', *binds, 'mount -o remount,bind,ro /var/vcap',
              "cd /var/vcap/jobs/#{@job}", 'exec "$@"'].join("\n")
    [environment, 'unshare', '--mount', '--propagation', 'slave', 'sh', '-c', script, 'bpm',
     'prlimit', "--nofile=#{open_files}",
     'setpriv', "--reuid=#{VCAP}", "--regid=#{VCAP}", '--clear-groups', '--no-new-privs', '--bounding-set=-all',
     '--inh-caps=-all', @process['executable'], *@process['args'].map(&:to_s)]
  end

  # A container in which tests run may not raise its own limit.
  def open_files
    [(@process['limits'] || {}).fetch('open_files', 1024), Process.getrlimit(:NOFILE).last].min
  end

  def log(stream)
    path = "/var/vcap/data/sys/log/#{@job}/#{@process['name']}.#{stream}.log"
    File.open(path, 'a', 0o600).tap { |file| file.chown(VCAP, VCAP) }
  end

  # The pid, if it runs; one that only waits to be reaped does not.
  def running
    pid = File.read(@pid_file).to_i
    pid if pid.positive? && !File.read("/proc/#{pid}/stat").match?(/\) Z /)
  rescue SystemCallError
    nil
  end
end

Bpm.new(ARGV.fetch(1)).public_send(ARGV.fetch(0)) if $PROGRAM_NAME == __FILE__
