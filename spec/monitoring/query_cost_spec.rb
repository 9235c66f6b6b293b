# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'query_cost'

# That the boards spare the Prometheus that all tenants share. scripts/bench --queries
# measures the same at full size.
RSpec.describe 'What the boards\' queries read' do
  tenth = QueryCost.max_samples / 10

  def at_most(costs, limit)
    costs.select { |cost| [cost.samples, cost.peak].max > limit }
  end

  it "is below #{tenth} samples each, about a service over six hours" do
    families = Boards.targets.map(&:board).uniq - [QueryCost::OVERVIEW]
    measured = QueryCost.new(copies: 1, boards: families, ruled: 600)
    expect([measured.errors, at_most(measured.costs, tenth)]).to eq([[], []])
  end

  # Copies read alike, so that few of them say what many read.
  it "is below #{tenth} samples each, on the overview of 10,000 services" do
    measured = QueryCost.new(copies: 1, boards: [QueryCost::OVERVIEW], every: 600)
    expect([measured.errors, at_most(measured.costs, tenth / (10_000 / QueryCost::SERVICES))]).to eq([[], []])
  end

  it 'grows with the services, and not faster' do
    one, two = [1, 2].map { |copies| QueryCost.new(copies: copies, boards: [QueryCost::OVERVIEW], ruled: 1200, every: 600) }
    expect(two.costs.map(&:samples)).to eq(one.costs.map { |cost| cost.samples * 2 })
    expect(two.costs.sum(&:samples)).to be_positive
  end
end
