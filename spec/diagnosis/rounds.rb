# frozen_string_literal: true

require 'tmpdir'

require_relative '../support/waiting'
require_relative 'fault'
require_relative 'pace'
require_relative 'shared_prometheus'
require_relative 'watch'
require_relative 'world'

# All faults at once, each in a world of its own: all worlds are well, then all faults come, then somebody looks round
# and round until each is named.
class Rounds
  include Waiting

  # Worlds that are started, and looked at, at the same time.
  THREADS = 4
  # Seconds between two rounds: each costs some processes for each world that is left.
  PAUSE = 0.5

  attr_reader :watches

  # What was seen of each of these faults.
  def self.of(faults, pace, patience = pace.patience) = new(faults, pace, patience).tap(&:run).watches

  # `patience` is for how many seconds something is waited for.
  def initialize(faults, pace, patience)
    @faults = faults
    @pace = pace
    @patience = patience
    @watches = []
  end

  def run
    Dir.mktmpdir('aiven-metrics-diagnosis') do |folder|
      # Whoever is unprivileged comes through.
      FileUtils.chmod(0o755, folder)
      start_all(folder)
      SharedPrometheus.run(folder, worlds, @pace) { |prometheus| break_all(prometheus) }
    ensure
      each_side_by_side(worlds, &:stop)
    end
  end

  private

  def worlds = @watches.map(&:world)

  def start_all(folder)
    @watches = @faults.map { |fault| Watch.new(World.new(fault, File.join(folder, fault.key), @pace)) }
    # Those in which something is wrong from the start come last: their time counts already.
    each_side_by_side(@watches.partition { |watch| !watch.fault.from_the_start? }.flatten) do |watch|
      watch.world.start_aiven
      watch.start_clock if watch.fault.from_the_start?
      watch.world.start_daemon
    end
  end

  def break_all(prometheus)
    @prometheus = prometheus
    later = @watches.reject(&:began?)
    await_well(later)
    each_side_by_side(later) do |watch|
      watch.start_clock
      watch.fault.hooks[:inject]&.call(watch.world)
    end
    look_round
  end

  def await_well(watches)
    left = watches
    ill = @watches - watches
    await('all is well', within: @patience) do
      each_side_by_side(ill.reject(&:done?)) { |watch| watch.look(@prometheus) }
      each_side_by_side(left, &:look_whether_well)
      left = left.reject(&:well?)
      @unwell = left
      left.empty? && @prometheus.alerts.slice(*watches.map { |watch| watch.fault.key }).empty?
    end
  end

  def evidence = @unwell.to_a.map { |watch| "\n#{watch.fault.key}: #{watch.said(:page)}" }.join

  # Also the worlds that are done: no alert may come later that nobody expects.
  def look_round
    deadline = now + @patience
    until (left = @watches.reject(&:done?)).empty? || now > deadline
      each_side_by_side(left) { |watch| watch.look(@prometheus) }
      note_alerts
      sleep(PAUSE)
    end
    each_side_by_side(left) { |watch| watch.look_everywhere(@prometheus) }
  end

  def note_alerts
    firing = @prometheus.alerts
    @watches.each { |watch| watch.firing(firing.fetch(watch.fault.key, [])) }
  end

  def each_side_by_side(all, &block)
    queue = all.each_with_object(Queue.new) { |one, waiting| waiting << one }.close
    threads = Array.new([THREADS, all.size].min) do
      Thread.new do
        while (one = queue.pop)
          block.call(one)
        end
      end
    end
    threads.each(&:value)
  end
end
