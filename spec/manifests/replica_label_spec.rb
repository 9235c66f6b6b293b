# frozen_string_literal: true

require 'fileutils'

require_relative '../spec_helper'
require_relative '../support/child_process'
require_relative '../support/http'
require_relative '../support/prometheus'
require_relative 'manifest'
require_relative 'prometheus_job'

# label-remote-writers.yml relies on a chain: monit hands its host's name to
# what it starts, prometheus_ctl becomes Prometheus, and that fills it in.
RSpec.describe 'The label of a remote writer' do
  def settings
    operations = Operations.with_needs(Operations.fetch('label-remote-writers'))
    port = [{ 'type' => 'replace', 'value' => '0',
              'path' => '/instance_groups/name=prometheus/jobs/name=prometheus/properties/prometheus/web/port?' }]
    file = File.join(@folder, 'port.yml').tap { |path| File.write(path, YAML.dump(port)) }
    PrometheusJob.new(Manifest.of(*operations, files: [file]).properties('prometheus'))
  end

  # As prometheus-boshrelease's prometheus_ctl does: its own process becomes Prometheus.
  def write_control_script(prometheus)
    arguments = ["--config.file=#{prometheus.write(@folder)}", "--storage.tsdb.path=#{@folder}/data", *prometheus.flags]
    File.join(@folder, 'prometheus_ctl').tap do |script|
      File.write(script, <<~SCRIPT, perm: 0o700)
        #!/usr/bin/env bash
        echo $$ >#{@folder}/pid
        exec #{program('prometheus')} #{arguments.map { |argument| "'#{argument}'" }.join(' ')} >>#{@folder}/log 2>&1
      SCRIPT
    end
  end

  # monit clears PATH.
  def program(name)
    ENV['PATH'].split(':').map { |path| File.join(path, name) }.find { |path| File.executable?(path) }
  end

  def monit_control_file(script)
    File.join(@folder, 'monitrc').tap do |file|
      File.write(file, <<~MONIT, perm: 0o600)
        set daemon 1
        set pidfile #{@folder}/monit.pid
        set idfile #{@folder}/monit.id
        set statefile #{@folder}/monit.state
        check process prometheus with pidfile #{@folder}/pid
          start program "#{script} start"
      MONIT
    end
  end

  def log_of_prometheus
    File.exist?("#{@folder}/log") ? File.read("#{@folder}/log") : ''
  end

  def pid_of_prometheus
    File.read("#{@folder}/pid").to_i if File.exist?("#{@folder}/pid")
  end

  def kill_prometheus
    Process.kill('KILL', pid_of_prometheus) if pid_of_prometheus
  rescue Errno::ESRCH
    # It has ended with monit.
  end

  around do |example|
    folder do |path|
      @folder = path
      example.run
    ensure
      kill_prometheus
    end
  end

  it 'is the name that monit has for its host' do
    command = ['monit', '-I', '-v', '-c', monit_control_file(write_control_script(settings))]
    ChildProcess.run(*command, log: "#{@folder}/monit.log") do |monit|
      address = monit.await('to start Prometheus') { log_of_prometheus[Prometheus::LISTENING, 1] }
      config = monit.await('Prometheus answers') { Http.get("http://#{address}/api/v1/status/config") }
      labels = YAML.safe_load(JSON.parse(config).dig('data', 'yaml')).dig('global', 'external_labels')
      name = File.read("/proc/#{pid_of_prometheus}/environ")[/\0?MONIT_HOST=([^\0]+)/, 1]
      expect(name).to eq(Socket.gethostname)
      expect(labels).to include('cluster' => 'cf.example.com', '__replica__' => name)
    end
  end
end
