# frozen_string_literal: true

require_relative 'operations'

# add-second-group.yml as it follows from add-tenant-prometheis.yml: the same
# group but for its name, its route, its projects and the names of its links.
module SecondGroup
  NAME = 'prometheus-second'
  FILE = File.join(Operations::FOLDER, 'operations/add-second-group.yml')
  START = "- type: replace\n  path: /instance_groups/name=prometheus?\n"
  CHANGES = {
    /name=prometheus\?$/ => "name=#{NAME}?",
    /\A(.*?)^    name: prometheus$/m => "\\1    name: #{NAME}",
    'tenant-prometheus.((system_domain))' => 'second-tenant-prometheus.((system_domain))',
    /(as|from): (tenant-[a-z-]+)\}/ => '\1: second-\2}',
    '((aiven_projects))' => '((second_aiven_projects))',
    /^ +#.*\n/ => ''
  }.freeze

  module_function

  # The file's own first lines, and below them what the first group's are here.
  def text
    first = File.read(Operations.fetch(Operations::BASE).file)
    block = CHANGES.reduce(first[first.index(START)..]) { |text, (from, to)| text.gsub(from, to) }
    File.read(FILE)[/\A(?:#.*\n)+/] + "\n#{block}"
  end
end
