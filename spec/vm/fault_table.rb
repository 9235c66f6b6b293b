# frozen_string_literal: true

# The table of docs/operating.md, which scripts/faults makes.
module FaultTable
  BEGINNING = "<!-- Made by scripts/faults: begin -->\n"
  ENDING = '<!-- end -->'
  HEAD = <<~MARKDOWN
    | fault | GETs lost | POSTs lost | slow ones lost | without new samples | an operator sees | heals |
    |---|---|---|---|---|---|---|
  MARKDOWN

  module_function

  def of(faults)
    HEAD + faults.map { |fault| "| #{fault.row.join(' | ')} |\n" }.join
  end

  # Puts `table` between the marks in `file`.
  def insert(table, file)
    before, rest = File.read(file).split(BEGINNING, 2)
    after = rest.to_s.split(ENDING, 2)[1] or raise "#{file} lacks #{BEGINNING.strip} and #{ENDING}"
    File.write(file, before + BEGINNING + table + ENDING + after)
  end
end
