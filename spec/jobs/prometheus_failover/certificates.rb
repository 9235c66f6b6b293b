# frozen_string_literal: true

require 'openssl'

# The certificates that CredHub makes for the job.
module FailoverCertificates
  # A CA, and what it signs.
  class Authority
    attr_reader :certificate

    def initialize(name)
      @key = OpenSSL::PKey::EC.generate('prime256v1')
      @certificate = blank(name, @key)
      @certificate.issuer = @certificate.subject
      extend_with(@certificate, @certificate, ['basicConstraints', 'CA:TRUE', true], ['keyUsage', 'keyCertSign', true])
      @certificate.sign(@key, 'SHA256')
    end

    # Certificate and key, both PEM.
    def sign(name, usages, key: OpenSSL::PKey::EC.generate('prime256v1'))
      signed = blank(name, key)
      signed.issuer = certificate.subject
      extend_with(signed, certificate, ['subjectAltName', "DNS:#{name}"], ['extendedKeyUsage', usages])
      signed.sign(@key, 'SHA256')
      { 'certificate' => signed.to_pem, 'private_key' => key.private_to_pem }
    end

    private

    def blank(name, key)
      OpenSSL::X509::Certificate.new.tap do |blank|
        blank.version = 2
        blank.serial = OpenSSL::BN.rand(60)
        blank.subject = OpenSSL::X509::Name.parse("/CN=#{name}")
        blank.public_key = key
        blank.not_before = Time.now - 60
        blank.not_after = Time.now + (30 * 86_400)
      end
    end

    def extend_with(certificate, issuer, *extensions)
      factory = OpenSSL::X509::ExtensionFactory.new(issuer, certificate)
      extensions.each { |extension| certificate.add_extension(factory.create_extension(*extension)) }
    end
  end

  PUBLIC_NAME = 'prometheus-failover.service.cf.internal'
  PLATFORM = Authority.new('service_cf_internal_ca')
  PEERS = Authority.new('prometheus_failover_ca')
  PUBLIC = PLATFORM.sign(PUBLIC_NAME, 'serverAuth').freeze
  PEER = PEERS.sign('prometheus-failover', 'serverAuth,clientAuth').freeze
end
