# frozen_string_literal: true

require 'fileutils'
require 'tmpdir'

require_relative 'boards'
require_relative 'comparison'
require_relative 'past'
require_relative 'promql'
require_relative 'tenant_rules'

# A past that the tenants' rules have seen, and everything that their boards ask at its end.
class Evaluated
  # Seconds for which rules have run when a trouble begins.
  LEAD = 600

  # Evaluated once for each state and moment.
  def self.in_state(state, entered: Past::USUAL_AGE[state])
    (@known ||= {})[[state, entered]] ||= new(state, entered)
  end

  # `report` is that of Promql.
  attr_reader :past, :report

  def initialize(state, entered)
    Dir.mktmpdir('aiven-metrics-past') do |folder|
      @past = Past.new(folder, state, entered: entered)
      @report = Promql.run(
        history: [past.file],
        rules: { files: TenantRules.write(folder), from: ruled_from, to: Past::END_AT, every: Past::STEP },
        questions: at_the_end + since_it_began
      )
    end
  end

  # What is wrong with the numbers that boards show.
  def complaints
    compared.flat_map { |query| Comparison.new(query, report[query.plain], past.truth[query.id]).complaints }
  end

  # A panel's query from a minute before the state began on: labels and values over time.
  def course(query) = report[[:course, query].to_s].series

  # Panels of the overview, and the services that had a worrying colour there at any time.
  def worries_of_the_overview
    Boards.telling.select { |target| target.board == 'aiven-overview' }.flat_map do |target|
      worried = course(target.query).select { |_, points| points.any? { |_, value| target.severity(value).positive? } }
      worried.map { |labels, _| [target.panel, labels.values_at('aiven_service_name', 'reason')] }
    end
  end

  private

  # Rules cost most of all: in a trouble only its own time is looked at.
  def ruled_from = past.quiet? ? past.began_at : past.seen_from - LEAD

  def compared
    Signals.of_boards.uniq(&:plain).select { |query| past.truth[query.id] && comparable?(query) }
  end

  # What rules make of weeks is looked at where they have seen all of the past; and a rate, where all that it
  # looks back on is of the state: the truth is that of the moment.
  def comparable?(query)
    return past.quiet? if query.looks_back > Past::HOURS * 3600

    query.looks_back <= past.age || query.looks_back >= Comparison::LONG
  end

  def at_the_end
    Signals.of_boards.map(&:plain).uniq.map { |query| { id: query, query: query, at: Past::END_AT } }
  end

  def since_it_began
    from = past.seen_from - Past::STEP
    Boards.telling.map(&:query).uniq.map do |query|
      { id: [:course, query].to_s, query: query, from: from, to: Past::END_AT, step: Past::STEP }
    end
  end
end
