# frozen_string_literal: true

require 'ipaddr'
require 'socket'

require_relative '../support/waiting'

# An address that drops connections, as a firewall does: a listener that accepts nobody and whose queue is full.
# Linux then ignores further attempts.
class Firewalled
  include Waiting

  attr_reader :ip

  # `port` is where the daemon connects to.
  def initialize(port, ip = '127.0.77.1')
    @ip = ip
    @socket = Socket.new(:INET, :STREAM).tap { |socket| socket.bind(Addrinfo.tcp(ip, port)) }
    @socket.listen(0)
    @queued = Socket.tcp(ip, port)
    await('the queue to be full') { queued == 1 }
  end

  def kill = [@queued, @socket].each(&:close)

  private

  # Connections that were not accepted, as /proc/net/tcp tells: address, state LISTEN, the receive queue.
  def queued
    local = format('%<ip>08X:%<port>04X', ip: IPAddr.new(ip).hton.unpack1('L'), port: @socket.local_address.ip_port)
    row = File.readlines('/proc/net/tcp').map(&:split).find { |one| one[1] == local && one[3] == '0A' }
    row[4].split(':').last.hex
  end
end
