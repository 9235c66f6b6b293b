# frozen_string_literal: true

require 'openssl'
require 'securerandom'

# Stands in for CredHub: generates what a manifest declares, once, and knows nothing else. Its keys are of
# elliptic curves, which takes no time.
class CredHub
  class Unknown < StandardError; end

  # `prefix`: /DIRECTOR/DEPLOYMENT.
  def initialize(prefix)
    @prefix = prefix
    @declared = {}
    @values = {}
  end

  # Variables of a manifest.
  def declare(variables)
    @declared.merge!(variables.to_h { |variable| [variable['name'], variable] })
  end

  # A value by its name in the manifest, or by its whole path.
  def get(name, key = nil)
    plain = name.delete_prefix("#{@prefix}/")
    raise Unknown, "Failed to find variable '#{path(plain)}' from config server: HTTP Code '404'" unless @declared.key?(plain)

    value = @values[plain] ||= generate(@declared[plain])
    return value unless key

    (value.is_a?(Hash) && value[key]) or raise Unknown, "Failed to fetch variable '#{path(plain)}' from config server: it has no #{key}"
  end

  # A copy of `document` with each ((variable)) replaced.
  def fill(document)
    case document
    when Hash then document.transform_values { |value| fill(value) }
    when Array then document.map { |value| fill(value) }
    when /\A\(\(([^)]+)\)\)\z/ then named(Regexp.last_match(1))
    when String then document.gsub(/\(\(([^)]+)\)\)/) { named(Regexp.last_match(1)) }
    else document
    end
  end

  # One line for each variable that `document` uses and nobody has.
  def missing(document)
    YAML.dump(document).scan(/\(\(!?([^).]+)[^)]*\)\)/).flatten.uniq.filter_map do |name|
      "Failed to find variable '#{path(name)}' from config server: HTTP Code '404'" unless @declared.key?(name)
    end
  end

  private

  def named(reference) = get(*reference.split('.', 2))
  def path(name) = name.start_with?('/') ? name : "#{@prefix}/#{name}"

  def generate(variable)
    case variable['type']
    when 'password' then SecureRandom.alphanumeric(30)
    when 'certificate' then certificate(variable['options'])
    else raise Unknown, "#{variable['name']}: this CredHub makes no #{variable['type']}"
    end
  end

  def certificate(options)
    key = OpenSSL::PKey::EC.generate('prime256v1')
    authority = options['ca'] && get(options['ca'])
    signed = signed(key, options, authority)
    { 'ca' => authority ? authority['certificate'] : signed.to_pem, 'certificate' => signed.to_pem, 'private_key' => key.to_pem }
  end

  def signed(key, options, authority)
    OpenSSL::X509::Certificate.new.tap do |one|
      one.version = 2
      one.serial = SecureRandom.random_number(2**64)
      one.subject = OpenSSL::X509::Name.new([['CN', options['common_name']]])
      one.not_before = Time.now - 60
      one.not_after = Time.now + 86_400
      one.public_key = key
      issuer = authority ? OpenSSL::X509::Certificate.new(authority['certificate']) : one
      one.issuer = issuer.subject
      extend_by(one, options, issuer)
      one.sign(authority ? OpenSSL::PKey.read(authority['private_key']) : key, 'SHA256')
    end
  end

  def extend_by(certificate, options, issuer)
    factory = OpenSSL::X509::ExtensionFactory.new(issuer, certificate)
    names = (options['alternative_names'] || []).map { |name| "#{name.match?(/\A[\d.]+\z/) ? 'IP' : 'DNS'}:#{name}" }
    certificate.add_extension(factory.create_extension('basicConstraints', "CA:#{options['is_ca'] ? 'TRUE' : 'FALSE'}", true))
    certificate.add_extension(factory.create_extension('subjectAltName', names.join(','))) if names.any?
  end
end
