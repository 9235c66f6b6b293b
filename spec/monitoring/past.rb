# frozen_string_literal: true

require 'json'
require 'open3'

require_relative '../manifests/simulated_platform'
require_relative 'signals'

# Six hours of a simulated platform: one service of each type, put into a state before the
# end, and what every signal must be at the end. The simulator tells that by what it seeded,
# without a look at the pages that it made.
class Past
  # A full hour, at which rules of every interval are evaluated.
  END_AT = Time.utc(2026, 6, 1, 12).to_i
  HOURS = 6
  STEP = 60

  # Nothing is wrong in these.
  QUIET = %w[healthy node-replaced primary-moved elected-moved].freeze
  # What the simulator can seed.
  TROUBLES = %w[
    yellow red disk-filling disk-nearly-full database-dead node-down service-down cpu-busy memory-low clients-refused
    shards-rejecting breakers-tripping pg-connections-full pg-long-query pg-replica-lagging mysql-connections-full
    mysql-replica-late valkey-memory-full valkey-evicting kafka-under-replicated kafka-offline-partitions kafka-lag-growing
    kafka-broker-missing connect-task-failing clickhouse-readonly influxdb-dropping
  ].freeze
  STATES = (QUIET + TROUBLES).freeze
  # Seconds that a state lasts: longer than any alert waits; and what fills slowly was there all the time.
  USUAL_AGE = Hash.new(5400).merge('disk-filling' => 86_400).freeze

  # What happens to all types alike happens to one service; else to all that it can happen to.
  TO_ONE = { 'disk-nearly-full' => 'orders', 'service-down' => 'cache', 'cpu-busy' => 'shop', 'memory-low' => 'search',
             'clients-refused' => 'cache' }.freeze

  # `truth` has for each signal a list of labels and values.
  attr_reader :state, :file, :truth, :entered_at

  # Writes it to `folder`. `entered` is how many seconds before the end the state began.
  def initialize(folder, state, entered: USUAL_AGE[state], step: STEP)
    @state = state
    @entered_at = END_AT - entered
    @file = File.join(folder, "#{state}-#{entered}.txt")
    command = [simulator, 'history', '--state', state, '--end', END_AT, '--hours', HOURS, '--step', step, '--entered', entered,
               '--only', names_file(folder), '--alone', '--out', file]
    command.push('--service', TO_ONE[state]) if TO_ONE[state]
    said, status = Open3.capture2(*command.map(&:to_s))
    raise "#{command.join(' ')} failed" unless status.success?

    @truth = JSON.parse(said)
  end

  # Seconds since the state began.
  def age = END_AT - entered_at

  def quiet? = QUIET.include?(state)

  def began_at = END_AT - (HOURS * 3600)

  # When the state begins, or what can be seen of it.
  def seen_from = entered_at > began_at ? entered_at : END_AT - USUAL_AGE.default

  private

  def simulator = SimulatedPlatform.program('aiven-sim', 'AIVEN_SIM_BIN')

  # What nobody asks for need not be written.
  def names_file(folder)
    File.join(folder, 'names.txt').tap { |file| File.write(file, Signals.metrics.join("\n")) }
  end
end
