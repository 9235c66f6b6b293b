# frozen_string_literal: true

# Prints the table "What the boards read" of docs/performance.md: scripts/bench --queries runs it.

require 'rspec'
$stdout.sync = true

require_relative '../spec_helper'
require_relative 'query_cost'

def thousands(number) = number.to_s.gsub(/(\d)(?=(\d{3})+\z)/, '\1,')

# A row for each board: how many queries, and the one that reads most.
def rows(services, costs)
  costs.group_by(&:board).map do |board, own|
    most = own.max_by(&:samples)
    cells = [services, board, own.size, most.panel, thousands(most.samples), thousands(own.map(&:peak).max), thousands(own.sum(&:samples))]
    "| #{cells.join(' | ')} |"
  end
end

puts '| services | board | queries | reads most | samples | most at once | the whole board |'
puts '|---:|---|---:|---|---:|---:|---:|'
# Rules are evaluated, and what they read is scraped, every ten and five minutes: it would take an hour.
[67, 667].each do |copies|
  cost = QueryCost.new(copies: copies, boards: [QueryCost::OVERVIEW], step: 300, every: 600)
  puts rows(thousands(cost.services), cost.costs)
end
families = Boards.targets.map(&:board).uniq - [QueryCost::OVERVIEW]
cost = QueryCost.new(copies: 67, boards: families, ruled: 600)
puts rows("1 of #{thousands(cost.services)}", cost.costs)
puts rows("all of its types, of #{thousands(cost.services)}", cost.costs_of_all)
