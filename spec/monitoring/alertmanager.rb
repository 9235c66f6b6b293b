# frozen_string_literal: true

require 'json'
require 'socket'

# What Prometheus takes for an Alertmanager: it remembers the alerts that it is sent.
class Alertmanager
  # The block gets it, and it has ended when this returns.
  def self.run
    manager = new
    yield manager
  ensure
    manager&.stop
  end

  # `ip:port`
  attr_reader :address

  def initialize
    @server = TCPServer.new('127.0.0.1', 0)
    @address = "127.0.0.1:#{@server.addr[1]}"
    @received = Queue.new
    @thread = Thread.new { loop { serve(@server.accept) } }
    @thread.report_on_exception = false
  end

  def stop
    @thread.kill
    @server.close
  end

  # The labels of every alert that came since this was asked before.
  def received = Array.new(@received.size) { @received.pop }.flatten

  private

  def serve(socket)
    length = socket.gets("\r\n\r\n")[/^content-length: (\d+)/i, 1].to_i
    @received.push(JSON.parse(socket.read(length)).map { |alert| alert['labels'] })
    socket.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
  rescue SystemCallError
    # Prometheus had enough of it.
    nil
  ensure
    socket.close
  end
end
