# frozen_string_literal: true

require 'fileutils'
require 'open3'
require 'tmpdir'

require_relative '../render/job'
require_relative 'drawing'
require_relative 'findings'
require_relative 'history'
require_relative 'operation'

# Draws the release's dashboards in the states of the simulator, and says what is wrong with them; scripts/look runs it.
class Look
  ROOT = File.expand_path('../..', __dir__)
  JOBS = File.join(ROOT, 'jobs')
  HEALTHY = 'healthy'
  OVERVIEW = 'aiven-overview'
  OPERATORS = 'aiven-metrics-operators'
  # The state that shows most on each board.
  TELLING = {
    OVERVIEW => 'red', 'aiven-search' => 'red', 'aiven-postgresql' => 'pg-replica-lagging',
    'aiven-mysql' => 'mysql-connections-full', 'aiven-valkey' => 'valkey-evicting', 'aiven-kafka' => 'kafka-lag-growing',
    'aiven-clickhouse' => 'clickhouse-readonly', 'aiven-influxdb' => 'influxdb-dropping', 'aiven-node' => 'node-replaced'
  }.freeze
  DAY = 86_400
  UNITS = { 'm' => 60, 'h' => 3600, 'd' => DAY, 'w' => 7 * DAY }.freeze

  # The block gets it; what it started has ended when this returns.
  def self.open(**options)
    Dir.mktmpdir('aiven-metrics-look') do |folder|
      look = new(folder, **options)
      yield look
    ensure
      look&.stop
    end
  end

  # `simulator` and `signals` are programs, `packages` is a node_modules.
  def initialize(folder, simulator:, signals:, packages:)
    @folder = folder
    @simulator = simulator
    @uses = uses_of(signals)
    @boards = rendered('aiven-metrics-dashboards', /\.json\z/).to_h { |_, text| JSON.parse(text).then { |board| [board['uid'], board] } }
    @drawing = Drawing.new(folder, packages)
    @histories = {}
  end

  # Every board and state of which a picture is kept, those of a state one after the other.
  def all = TELLING.to_a.sort_by(&:last) + [*TELLING.keys, OPERATORS].product([HEALTHY])

  # Draws a board into `file`, and returns what is wrong, as lines.
  def draw(uid, state, file)
    board = @boards.fetch(uid) { raise Drawing::Failed, "no board #{uid}; there are #{@boards.keys.sort.join(', ')}" }
    return draw_operators(board, file) if uid == OPERATORS

    past = history(state, alone: uid != OVERVIEW)
    from = History::FINISH - [span(board), History::LENGTH].min
    found(board, file, past, range: { from: from, to: History::FINISH }, caption: "#{uid}: #{state}")
  end

  def stop
    @drawing&.stop
    @histories&.each_value(&:stop)
  end

  private

  # The daemon's own metrics have no simulated past.
  def draw_operators(board, file)
    Operation.run(File.join(@folder, 'operation')) do |operation|
      finish = operation.finish
      found(board, file, operation, range: { from: finish - Operation::LENGTH, to: finish }, caption: OPERATORS)
    end
  end

  def found(board, file, past, **order)
    report = @drawing.draw(board, file, url: past.url, **order)
    Findings.new(board['uid'], report, @uses, past.truth).to_a
  end

  # The overview shows services that are in another state, too.
  def history(state, alone:)
    @histories[[state, alone]] ||= History.new(File.join(@folder, "#{state}-#{alone}"), state, alone: alone,
                                                                                               simulator: @simulator, names: names, rules: rule_files)
  end

  # All words of the boards' expressions and of the rules: whatever is a metric's name is among them.
  def names
    texts = JSON.generate(@boards.values) + rule_files.map { |file| File.read(file) }.join
    texts.gsub('\n', ' ').scan(/[a-zA-Z_:][a-zA-Z0-9_:]+/).uniq
  end

  def rule_files
    @rule_files ||= Dir[File.join(JOBS, 'aiven-metrics-rules/templates/*.rules.yml')]
  end

  # The job's files whose names match.
  def rendered(job, pattern)
    Rendering::Job.new(File.join(JOBS, job)).render.select { |name, _| name.match?(pattern) }
  end

  def uses_of(signals)
    said, complaint, status = Open3.capture3(signals, 'queries')
    raise Drawing::Failed, complaint unless status.success?

    said.lines.map { |line| JSON.parse(line) }
  end

  # Of `now-6h`, in seconds.
  def span(board)
    number, unit = board.fetch('time', {})['from'].to_s.match(/\Anow-(\d+)([mhdw])\z/)&.captures
    number ? number.to_i * UNITS[unit] : UNITS['h'] * 6
  end
end
