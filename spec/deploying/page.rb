# frozen_string_literal: true

require_relative '../spec_helper'

# docs/deploying.md as the script that a person makes of it: everything in fences, from top to bottom,
# with values of their own in the one block that says which.
class Page
  FILE = File.join(ReleaseSpec::ROOT, 'docs/deploying.md')
  ASSIGNMENT = /^(export )?([A-Z][A-Z_]*)=(\S+)/

  class Unclear < StandardError; end

  attr_reader :text

  def initialize(text = File.read(FILE))
    @text = text
  end

  # The same page with something else written in it, to see it fail.
  def but(written, instead)
    raise Unclear, "the page has no #{written}" unless text.include?(written)

    Page.new(text.sub(written) { instead })
  end

  # What a person puts values in for: those of the first block.
  def wanted = lines(blocks.first).filter_map { |line| line[ASSIGNMENT, 2] }

  # Line n of the script is line n of the page, so bash names the place of an error.
  def script(values)
    unknown = (wanted - values.keys) | (values.keys - wanted)
    raise Unclear, "the page and its test differ in what is a person's own: #{unknown.join(', ')}" if unknown.any?

    text.lines.each_with_index.map do |line, number|
      block = blocks.find { |range| range.cover?(number) }
      next "\n" unless block
      next line unless block == blocks.first

      line.sub(ASSIGNMENT) { "#{$1}#{$2}=#{values.fetch($2).shellescape}" } # rubocop:disable Style/PerlBackrefs
    end.join
  end

  private

  # The lines, from 0, between each pair of fences.
  def blocks
    @blocks ||= text.lines.each_index.select { |number| text.lines[number].start_with?('```') }
                    .each_slice(2).map { |first, last| (first + 1..last - 1) }
  end

  def lines(range) = text.lines[range]
end
