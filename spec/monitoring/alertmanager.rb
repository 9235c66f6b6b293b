# frozen_string_literal: true

require 'json'

require_relative '../support/loopback_server'

# What Prometheus takes for an Alertmanager: it remembers the alerts that it is sent.
class Alertmanager < LoopbackServer
  def initialize
    @received = Queue.new
    super
  end

  # The labels of every alert that came since this was asked before.
  def received = Array.new(@received.size) { @received.pop }.flatten

  private

  def serve(socket)
    length = socket.gets("\r\n\r\n")[/^content-length: (\d+)/i, 1].to_i
    @received.push(JSON.parse(socket.read(length)).map { |alert| alert['labels'] })
    socket.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
  end
end
