# frozen_string_literal: true

require 'socket'

# Stands for Prometheus: answers 200 to whatever reaches it, says who it is, and
# remembers what it was asked. It works on a query for HELD until it may answer.
class Backend
  Request = Struct.new(:verb, :target, :headers, :body)
  HELD = 'held_query'

  attr_reader :name, :address

  def initialize(name)
    @name = name
    @server = TCPServer.new('127.0.0.1', 0)
    @address = "127.0.0.1:#{@server.addr[1]}"
    @requests = Queue.new
    @held = Queue.new
    @release = Queue.new
    @connections = []
    @thread = Thread.new { loop { Thread.new(accept) { |socket| serve(socket) } } }
    @thread.report_on_exception = false
  end

  # What it was asked since the last time, but for health checks.
  def requests
    Array.new(@requests.size) { @requests.pop }
  end

  # Waits until it works on one more query for HELD, and returns its connection.
  def await_held
    @held.pop
  end

  def holds?
    !@held.empty?
  end

  def release(number = 1)
    number.times { @release << true }
  end

  # As if it died: open connections end, too.
  def stop
    @thread.kill
    [@server, *@connections].each(&:close)
  end

  private

  def accept
    @server.accept.tap { |socket| @connections << socket }
  end

  def serve(socket)
    while (line = socket.gets)
      answer(socket, read(socket, line))
    end
  rescue IOError, SystemCallError
    # The request broke off.
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
    Request.new(method, target, headers, body(socket, headers))
  end

  def health_check?(request)
    request.target == '/-/ready' && request.headers['user-agent'].to_s.start_with?('Go-http-client')
  end

  def hold(socket)
    @held << socket
    @release.pop
  end

  # Like Prometheus it reads a body to its end before it answers.
  def body(socket, headers)
    return socket.read(headers['content-length'].to_i) unless headers['transfer-encoding'] == 'chunked'

    whole = +''
    until (length = (socket.gets || raise(EOFError)).to_i(16)).zero?
      whole << socket.read(length)
      socket.gets
    end
    whole.tap { socket.gets }
  end

  def answer(socket, request)
    @requests << request unless health_check?(request)
    hold(socket) if request.target.include?(HELD)
    body = "#{name}\n"
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: backend\r\n" \
                 "Access-Control-Allow-Origin: *\r\nContent-Length: #{body.size}\r\n\r\n#{body}")
  end
end
