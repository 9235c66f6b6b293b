# frozen_string_literal: true

require 'fileutils'
require 'socket'

# A real Prometheus that scrapes nothing, to stand behind a Caddy.
class Prometheus
  attr_reader :address

  def initialize(folder)
    FileUtils.mkdir_p(folder)
    config = File.join(folder, 'prometheus.yml')
    FileUtils.touch(config)
    @log = File.join(folder, 'prometheus.log')
    @address = "127.0.0.1:#{TCPServer.open('127.0.0.1', 0) { |listener| listener.addr[1] }}"
    @pid = Process.spawn('prometheus', "--config.file=#{config}", "--storage.tsdb.path=#{folder}/data",
                         "--web.listen-address=#{@address}", out: @log, err: %i[child out])
  end

  def stop
    Process.kill('TERM', @pid)
    Process.wait(@pid)
  end
end
