# frozen_string_literal: true

require 'json'
require 'open3'
require 'tmpdir'

# One run of spec/promql: what the engine of the very Prometheus that is shipped answers over a
# simulated past. Its keys and times (seconds since 1970) are those of spec/promql/main.go.
class Promql
  # From scripts/setup promql.
  PROGRAM = File.expand_path('../../build/tools/bin/promql', __dir__)

  class Failed < StandardError; end

  # An answer to a question: `series` is a list of [labels, value], or [labels, [[time, value], …]].
  Answer = Struct.new(:id, :series, :notes, :error, :samples, :peak, keyword_init: true)

  # A stretch of time in which an alert's expression held. `firing_at` is nil if it never fired,
  # `ended_at` while it lasts.
  Alert = Struct.new(:name, :labels, :annotations, :pending_at, :firing_at, :ended_at, keyword_init: true)

  # `job` has the keys of spec/promql/main.go, as symbols.
  def self.run(**job)
    Dir.mktmpdir('aiven-metrics-promql') do |folder|
      file = File.join(folder, 'job.json')
      File.write(file, JSON.generate(job))
      said, complaint, status = Open3.capture3({ 'TMPDIR' => folder }, PROGRAM, file)
      raise Failed, complaint unless status.success?

      new(JSON.parse(said))
    end
  end

  def initialize(report)
    @report = report
  end

  # Series and samples of the history, after relabelling.
  def series = @report.dig('history', 'series')
  def samples = @report.dig('history', 'samples')
  def rule_errors = @report.dig('rules', 'errors')
  def rule_notes = @report.dig('rules', 'notes')

  def alerts
    @alerts ||= @report.dig('rules', 'alerts').map do |alert|
      Alert.new(**alert.transform_keys(&:to_sym), firing_at: time(alert['firing_at']), ended_at: time(alert['ended_at']))
    end
  end

  def firing = alerts.select(&:firing_at)

  # By the question's id.
  def answers
    @answers ||= @report.fetch('answers').to_h { |answer| [answer['id'], answer_of(answer)] }
  end

  def [](id) = answers.fetch(id)

  private

  def answer_of(answer)
    series = (answer['result'] || []).map { |one| [one['labels'], value(one)] }
    Answer.new(id: answer['id'], series: series, notes: answer['notes'], error: answer['error'],
               samples: answer.dig('cost', 'samples'), peak: answer.dig('cost', 'peak'))
  end

  def value(one) = one['value'] ? number(one['value']) : one['values'].map { |at, value| [at, number(value)] }

  # JSON has no number for these.
  def number(value)
    { 'NaN' => Float::NAN, '+Inf' => Float::INFINITY, 'Inf' => Float::INFINITY, '-Inf' => -Float::INFINITY }.fetch(value, value)
  end

  def time(seconds) = seconds.zero? ? nil : seconds
end
