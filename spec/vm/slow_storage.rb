# frozen_string_literal: true

# A remote storage that answers when it is told to: so a query that Prometheus
# asks it for is slow in Prometheus itself, for as long as a test wants, and costs
# no processor time. Prints `asked` for each request; SIGUSR1 answers all.
#
#   ruby slow_storage.rb ADDRESS PORT

require 'socket'

# A protobuf ReadResponse with one empty result, in snappy's block format.
NOTHING_FOUND = [2, 4, 0x0a, 0].pack('C*')
ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n" \
         "Content-Length: #{NOTHING_FOUND.size}\r\nConnection: close\r\n\r\n#{NOTHING_FOUND}".b

$stdout.sync = true
held = Queue.new
answers = Queue.new
trap(:USR1) { answers << true }
Thread.new do
  loop do
    answers.pop
    held.size.times do
      connection = held.pop
      connection.write(ANSWER)
      connection.close
    rescue SystemCallError
      # Prometheus has died meanwhile.
      nil
    end
  end
end

server = TCPServer.new(*ARGV)
puts 'ready'
loop do
  connection = server.accept
  connection.gets("\r\n\r\n")
  held << connection
  puts 'asked'
end
