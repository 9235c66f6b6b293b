# frozen_string_literal: true

require_relative 'fault'
require_relative 'shared_prometheus'

# docs/diagnosis.md: of each fault what was seen, in the words that are declared, and when.
module DiagnosisDocument
  FILE = File.expand_path('../../docs/diagnosis.md', __dir__)
  BEGINNING = "<!-- Made by scripts/diagnosis: begin -->\n"
  ENDING = '<!-- end -->'
  # When a fault was named: a sentence of its section, and a cell of the table.
  NAMED = /Named \*\*.*?\.(?= |$)/
  CELL = / \d+ s \|$/
  UNKNOWN = 'Named **? s** later.'
  # Seconds.
  LATER = 20
  # Characters of a cause in the table.
  WIDEST = 100
  NAMES = { status: '`status`', explain: '`explain`', page: 'the page', log: 'the log', doctor: '`doctor`' }.freeze
  HEAD = "| fault | cause, as it is told | alert | named after |\n|---|---|---|---:|\n"

  module_function

  # What stands between the marks. `times` has for each fault, by its key, the sentence that says when it was named.
  def of(faults, times = {})
    areas = faults.group_by(&:area).map { |area, some| "## #{area}\n\n#{some.map { |fault| section(fault, times[fault.key]) }.join("\n")}" }
    ["#{HEAD}#{faults.map { |fault| row(fault, times[fault.key]) }.join}", *areas].join("\n")
  end

  # Without the times, which differ from run to run.
  def words(text) = text.gsub(NAMED, UNKNOWN).gsub(CELL, ' ? |')

  def committed = between(File.read(FILE)).at(1)

  # As it is declared, with the times that stand there already.
  def write_words(faults)
    known = committed.split(/^### /).drop(1).to_h { |section| [section.lines.first.chomp, section[NAMED]] }
    insert(of(faults, faults.to_h { |fault| [fault.key, known[fault.title]] }), FILE)
  end

  # `seen` is what was seen of each fault, by its key.
  def write(faults, seen, file)
    insert(of(faults, seen.transform_values { |one| named(one) }), file)
  end

  # Puts it between the marks in `file`.
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

  # By the first place that named it, and by `status`, where that is much later.
  def named(seen)
    place, first = seen.seconds.min_by(&:last)
    by_status = seen.seconds[:status]
    return unless first
    return "Named **#{first.round} s** later." unless by_status && by_status > first + LATER

    "Named **#{first.round} s** later by #{NAMES.fetch(place)}, **#{by_status.round} s** later by `status`."
  end

  def row(fault, time)
    alerts = fault.alerts.map { |name| "`#{name}`" }
    cause = fault.problems.any? ? "`#{short(fault.problems.first.cause)}`" : 'nothing'
    cells = ["[#{fault.title}](##{anchor(fault.title)})", cause, alerts.join(', '), fault.well? ? '' : (time || UNKNOWN)[/\d+ s|\?/]]
    "| #{cells.map { |cell| cell.gsub('|', '\|') }.join(' | ')} |\n"
  end

  # Whole words of the beginning.
  def short(text) = text.size > WIDEST ? "#{text[0, WIDEST][/\A.*(?=[ ,:;(])/]}…" : text

  # As GitHub makes it of a heading.
  def anchor(title) = title.downcase.gsub(/[^\w\- ]/, '').tr(' ', '-')

  def section(fault, time)
    facts = [sentence("Done: #{fault.done}"), (time || UNKNOWN unless fault.well?), alert(fault)].compact.join(' ')
    block = fault.places.map { |place| place_lines(fault, place) }.join("\n")
    "### #{fault.title}\n\n#{facts}\n\n```text\n#{block}\n```\n#{unseen(fault)}"
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
