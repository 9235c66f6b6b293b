# frozen_string_literal: true

require 'yaml'

# The ops files as manifests/README.md lists them: the table says what each
# needs, what it cannot be combined with, and which manifest it is for.
module Operations
  FOLDER = File.expand_path('../../manifests', __dir__)
  README = File.join(FOLDER, 'README.md')
  BASE = 'add-tenant-prometheis'
  # What lets the platform's own Prometheus scrape, for either of its jobs.
  SCRAPING = 'monitor-from-platform-prometheus'
  # Renames the job that the others name.
  LAST = 'use-prometheus2'
  ROW = /^\| \[`([a-z0-9-]+)\.yml`\]\(([^)]*)\) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/

  WINS = /`([a-z0-9-]+)\.yml` \(the later one wins\)/

  # One row of the table.
  # `excludes`: bosh refuses the two together. `overrides`: of the two the later one wins.
  Operation = Struct.new(:name, :link, :purpose, :needs, :excludes, :overrides, :brings, keyword_init: true) do
    def file = File.join(FOLDER, 'operations', "#{name}.yml")
    def vars_file = File.join(FOLDER, 'vars', "#{name}.yml")

    def vars
      File.exist?(vars_file) ? YAML.load_file(vars_file) : {}
    end

    def last? = name == LAST

    # Whether it is for the platform's own Prometheus instead of cf-deployment.
    def for_platform? = Operations.with_needs(self).none? { |needed| needed.name == BASE }

    # Whether the platform's own Prometheus scrapes the daemons with it.
    def scrapes? = Operations.with_needs(self).any? { |needed| needed.name.start_with?(SCRAPING) }
  end

  module_function

  def all
    @all ||= File.read(README).scan(ROW).map do |name, link, purpose, needs, excludes, brings|
      Operation.new(name: name, link: link, purpose: purpose.strip, brings: brings.strip,
                    needs: names_in(needs), excludes: names_in(excludes.gsub(WINS, '')), overrides: excludes.scan(WINS).flatten)
    end
  end

  def fetch(name)
    all.find { |operation| operation.name == name } || raise(KeyError, "#{name}.yml is not in #{README}")
  end

  # Those that change cf-deployment beside the base one, in an order in which all apply.
  def additions
    all.reject { |operation| operation.name == BASE || operation.for_platform? }.partition { |operation| !operation.last? }.flatten
  end

  # What has to be applied before `operation`, in order, and `operation`.
  def with_needs(operation)
    operation.needs.flat_map { |name| with_needs(fetch(name)) }.uniq + [operation]
  end

  def compatible?(one, other) = !refused?(one, other) && !overriding?(one, other)

  def refused?(one, other)
    one.excludes.include?(other.name) || other.excludes.include?(one.name)
  end

  def overriding?(one, other)
    one.overrides.include?(other.name) || other.overrides.include?(one.name)
  end

  # Sets of additions as large as the table allows, gathered from its top and
  # from its bottom, each in the table's order and after what it needs.
  def largest_combinations
    [additions, additions.reverse].map do |candidates|
      chosen = candidates.each_with_object([]) do |operation, kept|
        kept << operation if kept.all? { |other| compatible?(operation, other) }
      end
      additions.select { |operation| chosen.include?(operation) }
               .flat_map { |operation| with_needs(operation) }.uniq
    end.uniq
  end

  def names_in(cell)
    cell.scan(/`([a-z0-9-]+)\.yml`/).flatten
  end
end
