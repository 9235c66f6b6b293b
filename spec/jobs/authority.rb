# frozen_string_literal: true

require 'openssl'

# A CA's certificate in PEM, for properties that want one.
module Authority
  KEY = OpenSSL::PKey::EC.generate('prime256v1')

  PEM = OpenSSL::X509::Certificate.new.tap do |certificate|
    name = OpenSSL::X509::Name.parse('/CN=a CA')
    certificate.version = 2
    certificate.serial = 1
    certificate.subject = certificate.issuer = name
    certificate.not_before = Time.now - 60
    certificate.not_after = Time.now + 3600
    certificate.public_key = KEY
    factory = OpenSSL::X509::ExtensionFactory.new(certificate, certificate)
    certificate.add_extension(factory.create_extension('basicConstraints', 'CA:TRUE', true))
    certificate.sign(KEY, 'SHA256')
  end.to_pem.freeze
end
