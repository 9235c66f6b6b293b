# frozen_string_literal: true

require 'socket'

# Stands for Prometheus: answers 200 to whatever reaches it, says who it is, and
# remembers what it was asked.
class Backend
  Request = Struct.new(:method, :target, :headers, :body)

  attr_reader :name, :address

  def initialize(name)
    @name = name
    @server = TCPServer.new('127.0.0.1', 0)
    @address = "127.0.0.1:#{@server.addr[1]}"
    @requests = Queue.new
    @thread = Thread.new { loop { Thread.new(@server.accept) { |socket| serve(socket) } } }
    @thread.report_on_exception = false
  end

  # What it was asked since the last time, but for health checks.
  def requests
    Array.new(@requests.size) { @requests.pop }
  end

  def stop
    @thread.kill
    @server.close
  end

  private

  def serve(socket)
    while (line = socket.gets)
      answer(socket, read(socket, line))
    end
  rescue IOError, SystemCallError
    nil
  ensure
    socket.close
  end

  def read(socket, line)
    method, target, = line.split
    headers = {}
    while (header = socket.gets.chomp) && !header.empty?
      name, value = header.split(': ', 2)
      headers[name.downcase] = value
    end
    Request.new(method, target, headers, socket.read(headers['content-length'].to_i))
  end

  def answer(socket, request)
    @requests << request unless request.target == '/-/ready' && request.headers['user-agent'].to_s.start_with?('Go-http-client')
    body = "#{name}\n"
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: backend\r\n" \
                 "Access-Control-Allow-Origin: *\r\nContent-Length: #{body.size}\r\n\r\n#{body}")
  end
end
