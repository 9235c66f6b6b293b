# frozen_string_literal: true

require 'openssl'
require 'socket'

require_relative 'certificates'

# Stands for Gorouter: ends TLS with a certificate of its own and hands each
# request to the next instance of a rig.
class Router
  AUTHORITY = FailoverCertificates::Authority.new('router_ca')
  UNKNOWN = "HTTP/1.1 404 Not Found\r\nX-Cf-Routererror: unknown_route\r\nConnection: close\r\n\r\n" \
            "404 Not Found: Requested route does not exist.\n"
  NO_BACKEND = "HTTP/1.1 502 Bad Gateway\r\nX-Cf-Routererror: endpoint_failure\r\nConnection: close\r\n\r\n502 Bad Gateway\n"
  OTHER = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"status\":\"success\"}\n"

  # What it does with requests, one after the other: an instance's index, or an answer of its own.
  attr_writer :turns

  def initialize(rig)
    @rig = rig
    @turns = [0, 1]
    @served = 0
    @listener = TCPServer.new('127.0.0.1', 0)
    @port = @listener.addr[1]
    server = OpenSSL::SSL::SSLServer.new(@listener, tls)
    # Handshakes are the business of `serve`: one that fails must not end the others.
    server.start_immediately = false
    @thread = Thread.new { loop { serve(server.accept) } }
    @thread.report_on_exception = false
  end

  def url
    "https://localhost:#{@port}"
  end

  def stop
    @thread.kill
    @thread.join
    @listener.close unless @listener.closed?
  end

  private

  def tls
    pair = AUTHORITY.sign('localhost', 'serverAuth')
    OpenSSL::SSL::SSLContext.new.tap do |context|
      context.cert = OpenSSL::X509::Certificate.new(pair['certificate'])
      context.key = OpenSSL::PKey.read(pair['private_key'])
    end
  end

  def serve(client)
    client.accept
    head = client.gets("\r\n\r\n")
    client.write(head ? answer(head) : '')
  rescue OpenSSL::SSL::SSLError, SystemCallError, IOError
    # The client did not trust it, or went away.
    nil
  ensure
    client.close
  end

  def answer(head)
    turn = @turns[@served % @turns.size]
    @served += 1
    return turn if turn.is_a?(String)

    instance = @rig.connect(turn)
    instance.write(head.sub(/\r\n\z/, "Connection: close\r\n\r\n"))
    instance.read
  ensure
    instance&.close
  end
end
