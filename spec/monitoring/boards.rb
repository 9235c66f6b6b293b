# frozen_string_literal: true

require 'json'

require_relative '../render/job'
require_relative 'signals'

# The tenants' boards as Grafana gets them: which query stands on which panel, and what colour
# Grafana gives to a value there.
module Boards
  # How bad a colour is; every other one is no worry.
  SEVERITY = { 'yellow' => 1, 'orange' => 1, 'red' => 2 }.freeze

  # A query on a panel. `steps` are Grafana's thresholds, `words` its value mappings.
  # `types` is a pattern of the types of service that the board is about.
  # `query` is about all services; `points` are the most that a line has, if the panel says so.
  Target = Struct.new(:board, :title, :types, :panel, :instant, :points, :query, :steps, :words, keyword_init: true) do
    def about?(type) = type.match?(/\A(?:#{types})\z/)

    # The query about services of these names.
    def about(*services) = query.gsub('aiven_service_name=~".+"', "aiven_service_name=~\"#{services.join('|')}\"")

    def severity(value) = SEVERITY.fetch(word_for(value) || step_for(value), 0)

    # Whether it can turn a worrying colour at all.
    def warns? = (words.map { |word| word['color'] } + steps.map { |step| step['color'] }).intersect?(SEVERITY.keys)

    private

    def step_for(value) = steps.select { |step| step['value'].nil? || step['value'] <= value }.last['color']

    def word_for(value)
      words.find { |word| value.between?(word['from'], word['to']) }&.fetch('color', nil)
    end
  end

  # A node does not say how many connections it allows, so this graph has no colours: the line nears that of what
  # the reader says is allowed.
  WITHOUT_COLOUR = [%w[aiven-postgresql Connections]].freeze
  # By how much a line has grown then.
  GROWN = 1.5

  module_function

  # Those that can show that something is wrong.
  def telling = targets.select { |target| target.warns? || WITHOUT_COLOUR.include?([target.board, target.panel]) }

  # Every target of every panel that a tenant sees.
  def targets
    @targets ||= rendered.flat_map do |board|
      board['panels'].flat_map { |panel| (panel['targets'] || []).map { |target| made(board, panel, target) } }
    end
  end

  def rendered
    job = Rendering::Job.new(File.expand_path('../../jobs/aiven-metrics-dashboards', __dir__))
    boards = job.render({ 'properties' => {} }).select { |file, _| file.end_with?('.json') }.map { |_, text| JSON.parse(text) }
    boards.reject { |board| board['uid'] == Signals::OPERATORS }
  end

  def made(board, panel, target)
    properties = properties_of(panel, target)
    Target.new(board: board['uid'], title: board['title'], types: types(board), panel: panel['title'],
               instant: target['instant'], points: panel['maxDataPoints'], query: plain(target['expr'], board),
               steps: properties.dig('thresholds', 'steps') || [], words: words(properties['mappings'] || []))
  end

  # Its variables offer services of these.
  def types(board)
    board.dig('templating', 'list').filter_map { |variable| variable['query'].to_s[/aiven_service_type=~\\*"([a-z_|]+)\\*"/, 1] }.first || '.*'
  end

  # Those of the panel, unless a table's column has its own.
  def properties_of(panel, target)
    own = panel.dig('fieldConfig', 'overrides').find { |one| one.dig('matcher', 'options') == "Value ##{target['refId']}" }
    own ? own['properties'].to_h { |property| property.values_at('id', 'value') } : panel.dig('fieldConfig', 'defaults')
  end

  # A range of values, of one or of many, with its colour.
  def words(mappings)
    mappings.flat_map do |mapping|
      case mapping['type']
      when 'value' then mapping['options'].map { |value, result| { 'from' => value.to_f, 'to' => value.to_f, **result } }
      when 'range' then [{ **mapping['options'].slice('from', 'to'), **mapping.dig('options', 'result') }]
      else []
      end
    end
  end

  # The query with what Grafana's variables are when nothing was chosen; of the services all are, where the
  # board would begin with the first.
  def plain(expression, board)
    values = board.dig('templating', 'list').to_h { |variable| [variable['name'], variable['allValue'] || variable.dig('current', 'value')] }
    known = values.compact.merge('service' => '.+', '__rate_interval' => '2m')
    known.keys.sort_by { |name| -name.size }.reduce(expression) { |text, name| text.gsub("$#{name}", known[name].to_s) }
  end
end
