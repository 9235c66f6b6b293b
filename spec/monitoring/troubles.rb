# frozen_string_literal: true

require_relative 'boards'
require_relative 'evaluated'

# What a tenant sees of a trouble, and how long after it began: the alert that fires, and the panels
# that turn yellow or red.
class Trouble
  # What happens to whom: the service that is looked at, in the scenario `states` of the simulator.
  SEEDED = {
    'yellow' => ['search', 'copies of shards have no node'],
    'red' => ['search', 'shards have no node at all, and one node\'s process is gone'],
    'shards-rejecting' => ['search', 'writes and searches are rejected'],
    'breakers-tripping' => ['search', 'requests are stopped for lack of memory'],
    'disk-filling' => ['orders', 'the disk jumps, and will be full in three days'],
    'disk-nearly-full' => ['orders', 'the disk is at 92 %'],
    'database-dead' => ['orders', 'the database is dead, its machines live'],
    'node-down' => ['events', 'one of three nodes does not answer'],
    'service-down' => ['cache', 'no node answers'],
    'cpu-busy' => ['shop', 'every processor is busy'],
    'memory-low' => ['search', 'hardly any memory is left'],
    'clients-refused' => ['cache', 'new connections are refused'],
    'pg-connections-full' => ['orders', 'nearly all connections are taken'],
    'pg-long-query' => ['orders', 'a query runs for hours'],
    'pg-replica-lagging' => ['orders', 'the standby is far behind'],
    'mysql-connections-full' => ['shop', 'nearly all connections are taken'],
    'mysql-replica-late' => ['shop', 'the replica is late, and gets later'],
    'valkey-memory-full' => ['cache', 'memory is nearly at its limit, and no key is evicted'],
    'valkey-evicting' => ['cache', 'keys are evicted'],
    'kafka-under-replicated' => ['events', 'partitions lack a copy'],
    'kafka-offline-partitions' => ['events', 'partitions have no leader'],
    'kafka-lag-growing' => ['events', 'one consumer group falls behind'],
    'kafka-broker-missing' => ['events', 'one broker is dead, its machine lives'],
    'connect-task-failing' => ['sinks', 'a connector\'s task fails'],
    'clickhouse-readonly' => ['clicks', 'tables are read-only, inserts slowed down'],
    'influxdb-dropping' => ['measurements', 'points are dropped']
  }.freeze

  # In which no alert fires with the defaults, and why.
  WITHOUT_ALERT = { 'valkey-evicting' => 'none: a cache evicts by design, so `AivenValkeyEvicting` is off' }.freeze

  TYPES = {
    'search' => 'opensearch', 'orders' => 'pg', 'events' => 'kafka', 'cache' => 'valkey', 'shop' => 'mysql',
    'sinks' => 'kafka_connect', 'clicks' => 'clickhouse', 'measurements' => 'influxdb'
  }.freeze

  # What fills slowly has to begin within the past.
  SEEN_BEGINNING = Hash.new { |_, state| Past::USUAL_AGE[state] }.merge('disk-filling' => 18_000)

  Sight = Struct.new(:what, :seconds, keyword_init: true)

  attr_reader :state, :service, :words

  def self.all = SEEDED.keys.map { |state| new(state) }

  def initialize(state)
    @state = state
    @service, @words = SEEDED.fetch(state)
    @evaluated = Evaluated.in_state(state, entered: SEEN_BEGINNING[state])
  end

  # Alerts about the service, the first that fires first.
  def alerts
    @evaluated.report.firing.select { |alert| alert.labels['aiven_service_name'] == service }
              .map { |alert| Sight.new(what: alert.name, seconds: alert.firing_at - @evaluated.past.entered_at) }
              .group_by(&:what).map { |_, sights| sights.min_by(&:seconds) }.sort_by { |sight| [sight.seconds, sight.what] }
  end

  # Alerts about the service that fired before anything happened to it.
  def premature = alerts.select { |sight| sight.seconds.negative? }

  # Panels that turned worse, the first to do so first: `[board's title, panel's title]`.
  def panels
    shown = Boards.telling.select { |target| target.about?(TYPES.fetch(service)) }
    seen = shown.group_by { |target| [target.title, target.panel] }.filter_map do |panel, targets|
      seconds = targets.filter_map { |target| worse_after(target) }.min
      Sight.new(what: panel, seconds: seconds) if seconds
    end
    seen.sort_by(&:seconds)
  end

  def rule_errors = @evaluated.report.rule_errors

  def turns_the_overview? = panels.any? { |sight| sight.what.first == TroublesDocument::OVERVIEW }

  private

  # Seconds until it is worse than it had been.
  def worse_after(target)
    points = @evaluated.course(target.query).select { |labels, _| labels['aiven_service_name'] == service }.flat_map(&:last)
    before, after = points.partition { |at, _| at < @evaluated.past.seen_from }
    bound = before.map { |_, value| badness(target, value) }.max || 0
    turned = after.select { |_, value| badness(target, value) > bound }.map(&:first).min
    turned && (turned - @evaluated.past.entered_at).to_i
  end

  # Where there is no colour, what counts is how many times it has grown by GROWN.
  def badness(target, value)
    return target.severity(value) if target.warns?

    value.positive? ? Math.log(value, Boards::GROWN).floor : 0
  end
end

# docs/troubles.md, of what was seen.
module TroublesDocument
  FILE = File.expand_path('../../docs/troubles.md', __dir__)
  OVERVIEW = 'Aiven overview'
  EVERY_TYPE = 'Aiven nodes'
  INTRODUCTION = <<~TEXT
    # Troubles, and how a tenant sees them

    Made by `WRITE_GENERATED=1 ./scripts/test-release spec/monitoring/troubles_spec.rb`; do not edit.

    Each of these was seeded in a simulated service. The rules of `aiven-metrics-rules` were
    then evaluated minute by minute, with their defaults, by the engine of the Prometheus that is shipped,
    and every panel's query was asked each minute. Times count from the moment at which the
    trouble began; add up to 30 seconds until the next scrape, and up to a minute until the next evaluation.
    A panel counts once it turns yellow or red.

    | service | what happens | alert | after | panel | after | overview after |
    |---|---|---|---:|---|---:|---:|
  TEXT

  module_function

  def text = INTRODUCTION + Trouble.all.map { |trouble| "#{row(trouble)}\n" }.join

  def row(trouble)
    alerts = trouble.alerts.empty? ? [Trouble::WITHOUT_ALERT.fetch(trouble.state), ''] : told(trouble.alerts.first)
    overview, others = trouble.panels.partition { |sight| sight.what.first == OVERVIEW }
    # Of boards that show it at the same time, its own.
    panel = others.min_by { |sight| [sight.seconds, sight.what.first == EVERY_TYPE ? 1 : 0] } || overview.first
    cells = [Trouble::TYPES.fetch(trouble.service), trouble.words, *alerts, panel.what.join(': '), time(panel),
             overview.any? ? time(overview.first) : 'not shown']
    "| #{cells.join(' | ')} |"
  end

  def told(alert) = ["`#{alert.what}`", time(alert)]

  def time(sight)
    minutes = sight.seconds / 60
    return 'at once' if minutes.zero?

    minutes < 120 ? "#{minutes} min" : "#{format('%.1f', minutes / 60.0)} h"
  end
end
