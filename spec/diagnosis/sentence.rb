# frozen_string_literal: true

# A line as a program prints it, with holes for what differs from run to run: `node <address>: connection refused`.
class Sentence
  HOLES = {
    'address' => /(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):\d+/,
    'ip' => /\d{1,3}(?:\.\d{1,3}){3}/,
    'port' => /\d+/,
    'id' => /\h{8}-\h{4}-\h{4}-\h{4}-\h{12}/,
    'moment' => /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/,
    'day' => /\d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    # `3s`, `12m 5s`, `1.5 s`, `31.97ms`; also a time that is too short to be told.
    'time' => /(?:\d+(?:\.\d+)? ?(?:µs|ms|s|min|m|h|d))(?: \d+ ?(?:s|min|m|h))*/,
    'count' => /\d+/,
    'number' => /-?\d+(?:\.\d+)?/,
    'folder' => %r{/[\w./-]+/[\w-]+},
    'some' => /.+?/
  }.freeze
  HOLE = /<(#{HOLES.keys.join('|')})>/

  # What to put in the place of what is seen, the first that fits, to make a sentence of a line.
  SEEN = %w[id moment day address ip].freeze

  # The line of `text` with holes; what is left to make by hand are times and counts.
  def self.of(text, folder: nil)
    text = text.gsub(folder, '<folder>') if folder
    SEEN.reduce(text) { |line, hole| line.gsub(HOLES.fetch(hole), "<#{hole}>") }
  end

  attr_reader :text

  def initialize(text)
    @text = text
    parts = text.split(HOLE).each_with_index.map { |part, index| index.odd? ? HOLES.fetch(part).source : Regexp.escape(part) }
    @pattern = /\A#{parts.join}\z/
  end

  def match?(line) = @pattern.match?(line)
  def in?(lines) = lines.any? { |line| match?(line) }
  def to_s = text
end
