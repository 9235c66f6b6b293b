# frozen_string_literal: true

require 'json'
require 'open3'

# Every expression of boards, recording rules, alerts and guide, as the one table has them
# (crates/signals/README.md).
module Signals
  # `place` is the place's kind (`board`, `rule`, `alert`, …) and `where` what it says of it;
  # `plain` is what a Prometheus can be asked.
  Query = Struct.new(:id, :place, :where, :expression, :plain, :instant, :metrics, keyword_init: true) do
    def board? = place == 'board'
    def board = where['uid']
    def panel = where['panel']
    # One that only the tenants' own Prometheus can answer, of what nodes expose.
    def tenants? = !(board? && board == OPERATORS)

    # How far it looks back, in seconds, itself or by what it reads of the recording rules; 0 if it takes the last
    # values alone.
    def looks_back
      own = plain.scan(/\[(\d+)([smhdw])[\]:]/).map { |count, unit| count.to_i * UNITS.fetch(unit) }
      (own + metrics.filter_map { |name| Signals.rules[name]&.looks_back }).max || 0
    end
  end

  OPERATORS = 'aiven-metrics-operators'
  UNITS = { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, 'w' => 604_800 }.freeze

  module_function

  # As the program says, which scripts/test-release builds with the others.
  def all
    @all ||= begin
      said, status = Open3.capture2(program, 'queries')
      raise "#{program} queries failed" unless status.success?

      said.lines.map { |line| query(JSON.parse(line)) }
    end
  end

  # What the tenants' boards ask.
  def of_boards = all.select { |query| query.board? && query.tenants? }

  # By what they record.
  def rules = @rules ||= all.select { |query| query.place == 'rule' }.to_h { |query| [query.where['record'], query] }

  # Names of every series that tenants' expressions read.
  def metrics = all.select(&:tenants?).flat_map(&:metrics).uniq.sort

  def query(line)
    place, where = line.fetch('place').first
    Query.new(place: place, where: where, **line.except('place').transform_keys(&:to_sym))
  end

  def program
    ENV.fetch('SIGNALS_BIN') { File.join(File.dirname(ENV.fetch('AIVEN_SIM_BIN') { File.expand_path('../../target/debug/x', __dir__) }), 'signals') }
  end
end
