# frozen_string_literal: true

require 'fileutils'
require 'tmpdir'

require_relative 'comparison'
require_relative 'past'
require_relative 'promql'
require_relative 'tenant_rules'

# A past that the tenants' rules have seen, and everything that their boards ask at its end.
class Evaluated
  # Evaluated once for each state and moment.
  def self.in_state(state, entered: Past::USUAL_AGE[state])
    (@known ||= {})[[state, entered]] ||= new(state, entered)
  end

  attr_reader :past, :report

  def initialize(state, entered)
    Dir.mktmpdir('aiven-metrics-past') do |folder|
      @past = Past.new(folder, state, entered: entered)
      rules = TenantRules.write(folder)
      @report = Promql.run(
        history: [past.file],
        rules: { files: rules, from: past.began_at, to: Past::END_AT, every: Past::STEP },
        questions: questions.values
      )
    end
  end

  # What is wrong with the numbers that boards show.
  def complaints
    queries = Signals.of_boards.uniq(&:plain).select { |query| past.truth[query.id] }
    queries.flat_map { |query| Comparison.new(query, report[query.plain], past.truth[query.id]).complaints }
  end

  private

  def questions
    Signals.of_boards.to_h { |query| [query.plain, { id: query.plain, query: query.plain, at: Past::END_AT }] }
  end
end
