# frozen_string_literal: true

require 'fileutils'
require 'tmpdir'

require_relative '../manifests/manifest'
require_relative '../manifests/prometheus_job'
require_relative 'boards'
require_relative 'past'
require_relative 'promql'
require_relative 'tenant_rules'

# What the boards' queries read of a platform of many services: the fifteen of the simulator's
# scenario, copied.
class QueryCost
  OVERVIEW = 'aiven-overview'
  # As a board opens: six hours, a point at each scrape.
  RANGE = 6 * 3600
  STEP = 30
  COPIED = %w[aiven_service_name service_instance_name instance host service].freeze
  # The scenario's services and their types.
  TYPES = {
    'search' => 'opensearch', 'old-search' => 'elasticsearch', 'orders' => 'pg', 'shop' => 'mysql', 'cache' => 'valkey',
    'sessions' => 'redis', 'events' => 'kafka', 'measurements' => 'influxdb', 'flags' => 'dragonfly', 'sinks' => 'kafka_connect',
    'mirror' => 'kafka_mirrormaker', 'clicks' => 'clickhouse', 'graphs' => 'grafana', 'ledger' => 'cassandra', 'jobs' => 'flink'
  }.freeze
  SERVICES = TYPES.size

  # Of one target: samples read, and the most that were held at once.
  Cost = Struct.new(:board, :panel, :samples, :peak, keyword_init: true)

  # What the tenants' Prometheus allows a query to hold.
  def self.max_samples
    PrometheusJob.new(Manifest.of(Operations.fetch(Operations::BASE)).prometheus_properties)['query.max_samples']
  end

  attr_reader :services

  # `copies` of each service, scraped every `step` seconds. `boards` are those whose queries are asked. Rules are evaluated for
  # the last `ruled` seconds, every so many.
  def initialize(copies:, boards:, step: STEP, ruled: RANGE, every: 60)
    @services = copies * SERVICES
    @targets = Boards.targets.select { |target| boards.include?(target.board) }
    Dir.mktmpdir('aiven-metrics-cost') do |folder|
      past = Past.new(folder, 'healthy', step: step)
      @report = Promql.run(
        history: [past.file], clones: { count: copies, labels: COPIED }, max_samples: self.class.max_samples,
        rules: { files: TenantRules.write(folder), from: Past::END_AT - ruled, to: Past::END_AT, every: every },
        questions: @targets.flat_map { |target| questions(target) }
      )
    end
  end

  # Each target as the board opens: about one service, on the overview about all.
  def costs = cost_of { |target| as_it_opens(target) }

  # Each target, were every service chosen that its board offers.
  def costs_of_all = cost_of { |target| about_all(target) }

  # What a query is refused for, and the like.
  def errors = @report.answers.values.filter_map(&:error).uniq

  private

  def cost_of
    @targets.map do |target|
      answer = @report[id(target, yield(target))]
      Cost.new(board: target.title, panel: target.panel, samples: answer.samples, peak: answer.peak)
    end
  end

  def questions(target)
    [as_it_opens(target), about_all(target)].uniq.map do |query|
      { id: id(target, query), query: query, **time_of(target) }
    end
  end

  def time_of(target)
    return { at: Past::END_AT } if target.instant

    { from: Past::END_AT - RANGE, to: Past::END_AT, step: [STEP, RANGE / (target.points || RANGE)].max }
  end

  def id(target, query) = [target.instant, query].to_s

  def as_it_opens(target)
    target.board == OVERVIEW ? target.query : target.about("#{names(target).first}-0")
  end

  def about_all(target)
    target.board == OVERVIEW ? target.query : target.about(*names(target).map { |name| "#{name}-[0-9]+" })
  end

  def names(target) = TYPES.keys.select { |name| target.about?(TYPES[name]) }
end
