# frozen_string_literal: true

require 'json'

require_relative 'child'

# A real VictoriaMetrics.
class VictoriaMetrics
  # With `deduplicate`, in milliseconds, it keeps one sample of each such
  # interval; without, all that it was ever sent. Both on what is in `folder`.
  def self.run(folder, deduplicate: nil)
    address = "127.0.0.1:#{Child.free_port}"
    command = ['victoria-metrics', "-storageDataPath=#{folder}/victoria-metrics", "-httpListenAddr=#{address}",
               '-memory.allowedBytes=64MB']
    command << "-dedup.minScrapeInterval=#{deduplicate}ms" if deduplicate
    Child.run(*command, log: File.join(folder, 'victoria-metrics.log')) do |child|
      child.await('to be ready') { Child.get("http://#{address}/health") }
      yield new(address, child)
    end
  end

  def initialize(address, child)
    @address = address
    @child = child
  end

  def await(...) = @child.await(...)

  def write_url = "http://#{@address}/api/v1/write"

  # Labels => timestamps in milliseconds.
  def samples(metric)
    Child.get("http://#{@address}/internal/force_flush")
    query = { 'match[]' => "#{metric}{job=\"aiven\"}" }
    lines = Child.get("http://#{@address}/api/v1/export", query).lines.map { |line| JSON.parse(line) }
    lines.to_h { |series| [series['metric'], series['timestamps'].sort] }
  end
end
