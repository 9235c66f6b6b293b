# frozen_string_literal: true

require 'zlib'

require_relative 'loopback_server'

# A node on loopback that answers every request with the same page, compressed.
class StaticPage < LoopbackServer
  def initialize(page)
    body = Zlib.gzip(page)
    @answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Encoding: gzip\r\n" \
              "Connection: close\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}"
    super()
  end

  private

  def serve(socket)
    socket.gets("\r\n\r\n")
    socket.write(@answer)
  end
end
