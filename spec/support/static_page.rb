# frozen_string_literal: true

require 'socket'
require 'zlib'

# A node on loopback that answers every request with the same page, compressed.
class StaticPage
  # The block gets it, and it has ended when this returns.
  def self.run(page)
    node = new(page)
    yield node
  ensure
    node&.stop
  end

  # `ip:port`
  attr_reader :address

  def initialize(page)
    body = Zlib.gzip(page)
    @answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Encoding: gzip\r\n" \
              "Connection: close\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}"
    @server = TCPServer.new('127.0.0.1', 0)
    @address = "127.0.0.1:#{@server.addr[1]}"
    @thread = Thread.new { loop { serve(@server.accept) } }
    @thread.report_on_exception = false
  end

  def stop
    @thread.kill
    @server.close
  end

  private

  def serve(socket)
    socket.gets("\r\n\r\n")
    socket.write(@answer)
  rescue SystemCallError
    # Prometheus had enough of it.
    nil
  ensure
    socket.close
  end
end
