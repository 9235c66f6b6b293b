# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'

require_relative '../monitoring/promql'
require_relative '../support/prometheus'

# A real Prometheus with a state's past in it: what simulated nodes would have exposed, as scrapes would have stored it,
# and what the tenants' rules recorded of it.
class History
  class Failed < StandardError; end

  # In seconds. The end is arbitrary and always the same, so that a picture changes only with what it shows; no line of
  # a plot's grid stands at its edge.
  FINISH = Time.utc(2026, 12, 1, 12, 10).to_i
  # What looks back has something at the beginning of a picture of six hours.
  LENGTH = 7 * 3600
  SCRAPE_INTERVAL = 30
  RULE_INTERVAL = 60

  # What each signal must be at the end, by its id: a list of `{"labels": …, "value": …}`.
  attr_reader :truth

  # `names` of metrics are all that it has; `rules` are files. `alone` leaves out services that nothing happens to.
  def initialize(folder, state, simulator:, names:, rules:, alone: false)
    FileUtils.mkdir_p(folder)
    @truth = simulate(folder, state, simulator, names, alone ? %w[--alone] : [])
    data = File.join(folder, 'data')
    Promql.run(history: [text(folder)], keep: data,
               rules: { files: rules, from: FINISH - LENGTH, to: FINISH, every: RULE_INTERVAL })
    File.delete(text(folder))
    @prometheus = Prometheus.new(folder, flags: ["--web.listen-address=#{Prometheus::ANY_PORT}", '--storage.tsdb.retention.time=100y'])
  end

  def url = @prometheus.url

  def stop = @prometheus.stop

  private

  def simulate(folder, state, simulator, names, flags)
    only = File.join(folder, 'names').tap { |file| File.write(file, names.join("\n")) }
    said, complaint, status = Open3.capture3(
      simulator, 'history', '--state', state, '--hours', (LENGTH / 3600).to_s, '--step', SCRAPE_INTERVAL.to_s,
      '--end', FINISH.to_s, '--only', only, '--out', text(folder), *flags
    )
    raise Failed, "no history of #{state}: #{complaint}" unless status.success?

    JSON.parse(said)
  end

  def text(folder) = File.join(folder, 'history.om')
end
