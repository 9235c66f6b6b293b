# frozen_string_literal: true

require 'fileutils'
require 'json'

# What prometheus-boshrelease's job prometheus makes of its properties: the
# configuration file and the flags, as far as our manifests use it.
#
# A property that is not in its spec would be dropped by the Director without a
# word; here it is an error.
class PrometheusJob
  # The spec of prometheus-boshrelease 31.2.1, without the prefix `prometheus.`.
  PROPERTIES = %w[
    log_level log_format scrape_interval scrape_timeout evaluation_interval external_labels
    query_log_file rule_files custom_rules scrape_configs alert_relabel_configs alertmanagers
    remote_write remote_read enable_features
    alertmanager.notification_queue_capacity alertmanager.timeout
    query.max_concurrency query.max_samples query.lookback_delta query.timeout
    rules.alert.for_outage_tolerance rules.alert.for_grace_period rules.alert.resend_delay
    storage.tsdb.allow_overlapping_blocks storage.tsdb.retention.time storage.tsdb.retention.size
    storage.tsdb.min_block_duration storage.tsdb.max_block_duration storage.tsdb.no_lockfile
    storage.tsdb.wal_compression storage.remote.flush_deadline storage.remote.read_sample_limit
    storage.remote.read_concurrent_limit storage.remote.read_max_bytes_in_frame
    web.console.libraries web.console.templates web.cors_origin web.enable_lifecycle
    web.enable_admin_api web.enable_remote_write_receiver web.external_url web.listen_address
    web.remote-write-receiver.accepted-protobuf-messages
    web.port web.max_connections web.page_title web.read_timeout web.route_prefix web.user_assets
  ].freeze

  # Those that become `--NAME`, with every _ a -.
  FLAGS = PROPERTIES.grep(/\A(query|storage|web)\.(?!listen_address|port|console|enable)/).freeze
  GLOBAL = %w[scrape_interval scrape_timeout evaluation_interval external_labels].freeze
  CONTENTS = %w[ca_contents cert_contents key_contents].freeze

  def initialize(properties)
    @properties = flatten(properties.fetch('prometheus'))
    unknown = @properties.keys - PROPERTIES
    raise KeyError, "the job prometheus has no #{unknown.join(', ')}" if unknown.any?
  end

  def [](name) = @properties[name]

  # prometheus.yml.
  def configuration
    {
      'global' => GLOBAL.to_h { |name| [name, self[name]] }.compact,
      'scrape_configs' => (self['scrape_configs'] || []).map { |job| without_contents(job) },
      'remote_write' => self['remote_write'] || []
    }
  end

  # The arguments, but for the paths.
  def flags
    given = FLAGS.select { |name| self[name] }
    given.map { |name| "--#{name.tr('_', '-')}=#{self[name]}" } +
      ["--web.listen-address=#{self['web.listen_address']}:#{self['web.port'] || 9090}"] +
      (self['enable_features'] || []).map { |feature| "--enable-feature=#{feature}" }
  end

  # Writes the configuration to `folder`, and as pre-start does the
  # certificates that it names, there too; returns its path.
  def write(folder)
    text = JSON.generate(configuration)
    certificates.each do |path, pem|
      file = File.join(folder, File.basename(path))
      File.write(file, pem)
      text = text.gsub(path, file)
    end
    File.join(folder, 'prometheus.yml').tap { |file| File.write(file, text) }
  end

  private

  def certificates
    tls = (self['scrape_configs'] || []).map { |job| job['tls_config'] || {} }
    tls.flat_map { |config| CONTENTS.map { |key| [config[key.sub('contents', 'file')], config[key]] } }
       .select(&:last)
  end

  # Every job gets the key, as in the original.
  def without_contents(job)
    job.merge('tls_config' => job['tls_config']&.except(*CONTENTS))
  end

  def flatten(hash, path = nil)
    hash.each_with_object({}) do |(key, value), flat|
      name = [path, key].compact.join('.')
      # Below a property everything is its value: labels are no properties.
      nested = value.is_a?(Hash) && !PROPERTIES.include?(name)
      nested ? flat.merge!(flatten(value, name)) : flat[name] = value
    end
  end
end
