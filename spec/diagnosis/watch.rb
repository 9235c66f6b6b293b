# frozen_string_literal: true

require_relative 'fault'
require_relative 'sentence'

# What was seen of a fault: after how many seconds each place named it, and the alert fired; and what is not as it
# should be, each empty or nil where all is well.
Seen = Struct.new(:key, :seconds, :alerted, :missing, :disagreements, :unexpected_alerts, :turns_to_aiven, keyword_init: true)

# Looks at one world again and again, until each place has said what its fault declares.
class Watch
  # Names Aiven as the one to turn to.
  TURNS_TO_AIVEN = /\bask Aiven|Aiven's support/
  # What is left to do about a name that another network's servers answer as ours do, and about a listing that
  # differs from what Aiven's console shows.
  ONCE_OURS_IS_RULED_OUT = Regexp.union(
    "; if the other network gives it, too, after an hour, send service, address and time to Aiven's support",
    ": if it stays so for an hour, send project and time to Aiven's support",
    "; if it runs and no server knows its name after an hour, send service and name to Aiven's support"
  )

  attr_reader :world, :fault, :seconds, :heard, :alerts

  def initialize(world)
    @world = world
    @fault = world.fault
    @seconds = {}
    @said = {}
    @heard = {}
    @alerts = []
  end

  # From now on times count.
  def start_clock = @began = now

  def began? = !@began.nil?

  # Looks whether all is as it should be, before the fault comes.
  def look_whether_well
    @said[:page] = read(:page, nil)
    @well = @said[:page].first.start_with?('All is well') && world.settled?
  end

  def well? = @well

  # Looks at all places that have not yet said what is due. The doctor is asked once the others have.
  def look(prometheus)
    places = fault.places - @seconds.keys
    (places - [:doctor]).each { |place| look_at(place) { read(place, prometheus) } }
    ask_doctor(prometheus) if places == [:doctor]
  end

  # Looks at all places, to show what they say.
  def look_everywhere(prometheus) = Diagnosis::PLACES.each { |place| @said[place] = read(place, prometheus) }

  # These alerts fire now.
  def firing(names)
    @alerts |= names
    @alerted ||= now - @began if (fault.alerts - @alerts).empty?
  end

  def done? = @seconds.size == fault.places.size && (fault.alerts - @alerts).empty?

  # All of it, to be told to another process.
  def seen
    Seen.new(key: fault.key, seconds: seconds.slice(*fault.naming_places), alerted: @alerted, missing: missing, disagreements: disagreements,
             unexpected_alerts: @alerts - fault.allowed_alerts, turns_to_aiven: turns_to_aiven)
  end

  # What was declared and not seen, with what was said instead; nil if all was.
  def missing
    return if done?

    places = fault.places - @seconds.keys
    (places.map { |place| "#{lacking_at(place)}\n#{place} says:\n#{said(place)}" } + silent_alerts).join("\n\n")
  end

  # The same without what was said.
  def lacking = (fault.places - @seconds.keys).map { |place| lacking_at(place) } + silent_alerts

  # Sentences that turn to Aiven, before what is ours is ruled out.
  def turns_to_aiven = @heard.values.flatten.map { |line| line.gsub(ONCE_OURS_IS_RULED_OUT, '') }.grep(TURNS_TO_AIVEN)

  # What `place` said last, with holes: to be declared.
  def said(place)
    lines = @said[place] || ['(nothing)']
    # Only of a log do the last lines count.
    lines = lines.last(30) if place == :log
    lines.map { |line| Sentence.of(line, folder: world.folder) }.join("\n")
  end

  # Causes that the page names, and that are not in `status` in the same words, or (of the first) in `explain`.
  def disagreements
    causes = { status: @problems.to_a.map(&:cause), explain: @problems.to_a.first(1).map(&:cause) }
    causes.delete(:explain) unless fault.explained?
    causes.flat_map do |place, all|
      told = countless(@heard.fetch(place, []).join("\n"))
      all.reject { |cause| told.include?(countless(cause)) }.map { |cause| "#{place} does not say: #{cause}" }
    end
  end

  private

  # Numbers count on between two looks. The page may have cut the text.
  def countless(text) = text.delete_suffix('…').gsub(/\d+/, '0')

  # Beside all else: it may take half a minute.
  def ask_doctor(prometheus)
    return if @doctor && !@doctor.join(0)

    @doctor = Thread.new { look_at(:doctor) { read(:doctor, prometheus) } }
  end

  def read(place, prometheus)
    case place
    when :explain then world.explain(fault.asked)
    when :doctor then world.doctor(prometheus.url)
    when :page then page_lines(world.page)
    else world.public_send(place)
    end
  end

  def page_lines(page)
    @problems_now = page.problems
    [page.answer, *@problems_now.flat_map { |one| [one.title, one.services, "Cause: #{one.cause}", "Do: #{one.remedy}"].compact }]
  end

  def look_at(place)
    lines = yield
    @said[place] = lines
    return unless fault.expected(place).all? { |sentence| sentence.in?(lines) } && no_others?(place, lines)

    @seconds[place] = now - @began
    @heard[place] = lines
    @problems = @problems_now if place == :page
  end

  # Whether there are just the problems that are declared.
  def no_others?(place, lines)
    case place
    when :page then @problems_now.size == fault.problems.size
    when :status then lines.grep(/\A(?:PROBLEM|NOTE ) /).size == fault.problems.size
    else true
    end
  end

  def lacking_at(place)
    lines = @said[place] || []
    lacking = fault.expected(place).reject { |sentence| sentence.in?(lines) }
    lacking = ['(nothing, but it has other problems, too; or the others had to be first)'] if lacking.empty?
    ["#{place} lacks:", *lacking].join("\n")
  end

  def silent_alerts
    silent = fault.alerts - @alerts
    silent.empty? ? [] : ["these alerts do not fire: #{silent.join(', ')}; these do: #{@alerts.join(', ')}"]
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
