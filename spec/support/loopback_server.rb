# frozen_string_literal: true

require 'socket'

# Something on loopback that Prometheus asks: one request a connection, each answered by `serve`,
# which whoever inherits defines.
class LoopbackServer
  # The block gets it, and it has ended when this returns.
  def self.run(...)
    server = new(...)
    yield server
  ensure
    server&.stop
  end

  # `ip:port`
  attr_reader :address

  def initialize
    @server = TCPServer.new('127.0.0.1', 0)
    @address = "127.0.0.1:#{@server.addr[1]}"
    @thread = Thread.new { loop { answer(@server.accept) } }
    @thread.report_on_exception = false
  end

  def stop
    @thread.kill
    @server.close
  end

  private

  def answer(socket)
    serve(socket)
  rescue SystemCallError
    # Prometheus had enough of it.
    nil
  ensure
    socket.close
  end
end
