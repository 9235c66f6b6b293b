# frozen_string_literal: true

require 'fileutils'

# A real monit on a laid-out VM, over the jobs' rendered monit files, with runit's
# stand-in to keep it running. On a stemcell it is 5.2.5, whose words differ.
class Monit
  FOLDER = 'monit'
  CONTROL = '/var/vcap/monit/monitrc'
  LOG = 'monit/monit.log'
  RUNNING = /\A(?:OK|Running)\z/
  STOPPED = /\ANot monitored\z/

  # `files` are the jobs' monit files by the job's name; it looks every `interval` seconds.
  def initialize(machine, files, interval:)
    @vm = machine
    FileUtils.mkdir_p(@vm.inside(FOLDER))
    files.each { |job, text| File.write(@vm.inside(FOLDER, "#{job}.monitrc"), text, perm: 0o600) }
    File.write(@vm.inside(FOLDER, 'monitrc'), <<~MONIT, perm: 0o600)
      set daemon #{interval}
      set logfile /var/vcap/#{LOG}
      set pidfile /var/vcap/#{FOLDER}/monit.pid
      set idfile /var/vcap/#{FOLDER}/monit.id
      set statefile /var/vcap/#{FOLDER}/monit.state
      set httpd port 2822 and use address 127.0.0.1 allow localhost
      include /var/vcap/#{FOLDER}/*.monitrc
    MONIT
    @runit = @vm.start('ruby', File.join(__dir__, 'runit.rb'), 'monit', '-I', '-c', CONTROL, log: @vm.inside(FOLDER, 'runit.log'))
    @runit.await('monit answers') { summary.any? }
  end

  # What it says of each process, by name; nothing while it does not answer.
  def summary
    output, status = command('-B', 'summary')
    return {} unless status.success?

    output.scan(/^ (\S+) +(\S.*?) {2,}Process *$/).to_h
  end

  def start(name = 'all') = command!('start', name)
  def stop(name = 'all') = command!('stop', name)
  def restart(name) = command!('restart', name)

  def await_running = @runit.await('monit runs everything', within: 300) { all?(RUNNING) }
  def await_stopped = @runit.await('monit stopped everything', within: 300) { all?(STOPPED) }

  # That of monit itself.
  def pid = @vm.read("#{FOLDER}/monit.pid").to_i

  def log = @vm.read(LOG)

  private

  def all?(state)
    states = summary.values
    states.any? && states.all?(state)
  end

  def command(*arguments) = @vm.run('monit', '-c', CONTROL, *arguments)

  def command!(*arguments)
    output, status = command(*arguments)
    raise "monit #{arguments.join(' ')}: #{output}" unless status.success?
  end
end
