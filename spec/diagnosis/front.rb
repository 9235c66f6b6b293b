# frozen_string_literal: true

require 'openssl'
require 'socket'
require 'uri'

# Stands before a simulated Aiven, as the network does: takes connections and passes them on, until it is told to do
# something else. What is told holds for everybody: connections that are there are closed.
class Front
  attr_reader :server

  # `url` is what stands behind it.
  def initialize(url)
    @behind = URI(url)
    @server = TCPServer.new('127.0.0.1', 0)
    @open = []
    @lock = Mutex.new
    @thread = Thread.new { loop { serve(server.accept) } }
    @thread.report_on_exception = false
  end

  def port = server.local_address.ip_port
  def address = "127.0.0.1:#{port}"
  def url = "http://#{address}"

  # From now on nothing listens here.
  def kill
    @thread.kill
    server.close unless server.closed?
    close_all
  end

  private

  def close_all = @lock.synchronize { @open.shift(@open.size) }.each { |socket| quietly { socket.close } }

  def serve(client)
    @lock.synchronize { @open << client }
    Thread.new { quietly { answer(client) } }
  end

  def answer(client) = pass_on(client, @behind.host, @behind.port)

  def pass_on(client, host, port)
    behind = TCPSocket.new(host, port)
    @lock.synchronize { @open << behind }
    back = Thread.new { quietly { IO.copy_stream(behind, client) } && quietly { client.close } }
    IO.copy_stream(client, behind)
    behind.close_write
    back.join
  end

  # Whoever closes a connection has done nothing wrong.
  def quietly
    yield
    true
  rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
    true
  end
end

# The same with TLS, for `localhost`.
class TlsFront < Front
  # A CA, and what it has signed for `localhost`.
  class Authority
    attr_reader :context

    def initialize(name)
      key = OpenSSL::PKey::EC.generate('prime256v1')
      @certificate = certificate(name, key, name, key, ['basicConstraints', 'CA:TRUE', true])
      own_key = OpenSSL::PKey::EC.generate('prime256v1')
      own = certificate('localhost', own_key, name, key, ['subjectAltName', 'DNS:localhost', false])
      @context = OpenSSL::SSL::SSLContext.new.tap { |context| context.add_certificate(own, own_key) }
    end

    def pem = @certificate.to_pem

    private

    def certificate(subject, key, issuer, issuer_key, extension)
      OpenSSL::X509::Certificate.new.tap do |made|
        made.version = 2
        made.serial = rand(1..(2**64))
        made.subject = OpenSSL::X509::Name.new([['CN', subject]])
        made.issuer = OpenSSL::X509::Name.new([['CN', issuer]])
        made.public_key = key
        made.not_before = Time.now - 3600
        made.not_after = Time.now + (30 * 86_400)
        made.add_extension(OpenSSL::X509::ExtensionFactory.new.create_extension(*extension))
        made.sign(issuer_key, 'SHA256')
      end
    end
  end

  def initialize(url)
    @authority = Authority.new('CA of the tests')
    super
  end

  def ca = @authority.pem
  def url = "https://localhost:#{port}"

  # Shows a certificate of another CA from now on.
  def inspect_traffic
    @authority = Authority.new('Corporate TLS inspection')
    close_all
  end

  private

  def answer(client)
    super(OpenSSL::SSL::SSLSocket.new(client, @authority.context).tap { |one| one.sync_close = true }.accept)
  end
end

# An HTTP proxy that connects (CONNECT) wherever it is asked to.
class HttpProxy < Front
  def initialize = super('http://nowhere.test')

  # Answers with this line to every CONNECT from now on, such as `403 Filtered`.
  def refuse(status)
    @refusal = status
    close_all
  end

  private

  def answer(client)
    place = client.gets("\r\n\r\n").to_s[/\ACONNECT (\S+) /, 1]
    refusal = place ? @refusal : '400 Bad Request'
    if refusal
      client.write("HTTP/1.1 #{refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
      return client.close
    end
    client.write("HTTP/1.1 200 Connection established\r\n\r\n")
    host, _, port = place.rpartition(':')
    pass_on(client, host, port)
  end
end
