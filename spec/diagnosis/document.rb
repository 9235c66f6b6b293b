# frozen_string_literal: true

require_relative 'fault'
require_relative 'shared_prometheus'
require_relative 'watch'

# docs/diagnosis.md: of each fault what was seen, in the words that are declared, and when.
module DiagnosisDocument
  FILE = File.expand_path('../../docs/diagnosis.md', __dir__)
  BEGINNING = "<!-- Made by scripts/diagnosis: begin -->\n"
  ENDING = '<!-- end -->'
  # Times, and who was the first.
  TIME = /Named \*\*.*?\.(?= |$)/
  # Seconds.
  LATER = 20
  NAMES = { status: '`status`', explain: '`explain`', page: 'page', log: 'log', doctor: '`doctor`' }.freeze

  module_function

  # What stands between the marks. `seen` is what was seen of each fault, by its key.
  def of(faults, seen)
    areas = faults.group_by(&:area)
    areas.map { |area, some| "## #{area}\n\n#{some.map { |fault| section(fault, seen.fetch(fault.key)) }.join("\n")}" }.join("\n")
  end

  # Without the times, which differ from run to run.
  def words(text) = text.gsub(TIME, 'Named … later.')

  def committed = between(File.read(FILE)).at(1)

  # The sections as they are declared, with the times that stand there already.
  def write_words(faults)
    times = committed.split(/^### /).drop(1).to_h { |section| [section.lines.first.chomp, section[TIME]] }
    text = of(faults, faults.to_h { |fault| [fault.key, Seen.new(seconds: { status: 0 })] })
    kept = text.split(/^(?=### )/).map { |section| section.sub(TIME) { times[section[/\A### (.*)$/, 1]] || 'Named **? s** later.' } }
    insert(kept.join, FILE)
  end

  # Puts it between the marks in `file`.
  def write(faults, seen, file) = insert(of(faults, seen), file)

  def insert(text, file)
    before, _, after = between(File.read(file))
    File.write(file, before + BEGINNING + text + ENDING + after)
  end

  def between(document)
    before, rest = document.split(BEGINNING, 2)
    text, after = rest.to_s.split(ENDING, 2)
    raise "#{FILE} lacks #{BEGINNING.strip} and #{ENDING}" unless after

    [before, text, after]
  end

  def section(fault, seen)
    facts = [sentence("Done: #{fault.done}"), named(fault, seen), alert(fault)].compact.join(' ')
    block = fault.places.map { |place| place_lines(fault, place) }.join("\n")
    "### #{fault.title}\n\n#{facts}\n\n```text\n#{block}\n```\n#{unseen(fault)}"
  end

  # By the first place that named it, and by `status`, where that is much later.
  def named(fault, seen)
    return if fault.well?

    first = seen.named_after
    by_status = seen.seconds[:status]
    return "Named **#{first.round} s** later." unless by_status && by_status > first + LATER

    "Named **#{first.round} s** later by #{NAMES.fetch(seen.first)}, **#{by_status.round} s** later by `status`."
  end

  # The name of a place is before its first line.
  def place_lines(fault, place)
    width = Diagnosis::PLACES.map(&:size).max + 2
    fault.expected(place).each_with_index.map { |line, index| (index.zero? ? place.to_s : '').ljust(width) + line.to_s }.join("\n")
  end

  def alert(fault)
    return sentence("No alert: #{fault.why_no_alert}") if fault.alerts.empty?

    fault.alerts.map do |name|
      known = SharedPrometheus.alert_defaults.fetch(name)
      bound = known[:bound] && ", above #{known[:bound].join(' ')}"
      "Alert: `#{name}` (#{known[:severity]}), after #{known[:for]}#{bound}."
    end.join(' ')
  end

  def unseen(fault) = fault.unseen_places.map { |place, why| "\n#{sentence("Not in #{NAMES.fetch(place)}: #{why}")}\n" }.join

  def sentence(text) = text.end_with?('.') ? text : "#{text}."
end
