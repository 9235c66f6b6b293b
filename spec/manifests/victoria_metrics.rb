# frozen_string_literal: true

require 'json'

require_relative '../support/child_process'
require_relative '../support/http'

# A real VictoriaMetrics.
class VictoriaMetrics
  # What it has to be told, and docs/scaling.md tells.
  DEDUPLICATE = '-dedup.minScrapeInterval'

  # With `deduplicate`, in milliseconds, it keeps one sample of each such
  # interval; without, all that it was ever sent. Both on what is in `folder`.
  def self.run(folder, deduplicate: nil)
    command = ['victoria-metrics', "-storageDataPath=#{folder}/victoria-metrics", '-httpListenAddr=127.0.0.1:0',
               # Or queries would not see what came in the last 30 s.
               '-search.latencyOffset=0s', '-memory.allowedBytes=64MB']
    command << "#{DEDUPLICATE}=#{deduplicate}ms" if deduplicate
    ChildProcess.run(*command, log: File.join(folder, 'victoria-metrics.log')) do |child|
      address = "127.0.0.1:#{child.await_port}"
      child.await('to be ready') { Http.get("http://#{address}/health") }
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
    Http.get("http://#{@address}/internal/force_flush")
    query = { 'match[]' => "#{metric}{job=\"aiven\"}" }
    lines = Http.get("http://#{@address}/api/v1/export", query).lines.map { |line| JSON.parse(line) }
    lines.to_h { |series| [series['metric'], series['timestamps'].sort] }
  end

  # How many series the answer has at each second between two moments.
  def counts(metric, moments)
    answer = Http.get("http://#{@address}/api/v1/query_range",
                      query: "count(#{metric}{job=\"aiven\"})", step: '1s', nocache: 1, max_lookback: '1m',
                      start: moments.begin / 1000.0, end: moments.end / 1000.0)
    JSON.parse(answer).dig('data', 'result').first['values'].map { |_, count| Integer(count) }
  end
end
