# frozen_string_literal: true

require_relative 'certificates'

# What the Director would render the job with.
module FailoverContext
  USERS = [
    { 'name' => 'grafana', 'password' => 'Xq7hVbnT2sLk9mRfYw3cZp' },
    { 'name' => 'al', 'password' => '8dKs0PqLz6vTnWc4RyGb1e' }
  ].freeze

  module_function

  # Only what has no default.
  def required
    { 'users' => USERS,
      'public' => FailoverCertificates::PUBLIC.dup,
      'peer' => FailoverCertificates::PEER.merge('ca' => FailoverCertificates::PEERS.certificate.to_pem) }
  end

  # Instances with these indexes, listed in another order than theirs.
  def instances(*indexes)
    indexes.sort.reverse.map do |index|
      { 'name' => 'prometheus', 'id' => id(index), 'index' => index, 'bootstrap' => index.zero?,
        'az' => "z#{index + 1}", 'address' => "10.0.16.#{index + 10}" }
    end
  end

  def id(index)
    format('00000000-0000-4000-8000-%012d', index)
  end

  # As instance `index` of `instances` gets it.
  def context(properties = required, index: 0, instances: instances(0, 1))
    port = properties.dig('peer', 'listen').to_s[/\d+\z/] || '8444'
    { 'properties' => properties,
      'links' => { 'peers' => { 'instances' => instances, 'properties' => { 'peer' => { 'listen' => "0.0.0.0:#{port}" } } } },
      'spec' => { 'index' => index, 'id' => id(index) } }
  end
end
