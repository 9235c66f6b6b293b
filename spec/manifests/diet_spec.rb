# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'diets'

# One real Prometheus scrapes every kind of simulated node three times: as the base ops
# file has it, and with each diet.
RSpec.describe 'A diet of metrics' do
  before(:context) do
    folder do |path|
      Diets.run(path) do |diets|
        @nodes = diets.series_a_node
        @read = diets.series_by_selector(self.class.expressions)
      end
    end
  end

  # Of every board, rule and alert, and of the guide.
  def self.expressions
    program = SimulatedPlatform.program('signals', 'SIGNALS_BIN')
    said, status = Open3.capture2(program, 'queries', chdir: ReleaseSpec::ROOT)
    raise "#{program} queries: #{status}" unless status.success?

    said.lines.map { |line| JSON.parse(line).fetch('plain') }
  end

  it 'saves what the table in manifests/README.md says (WRITE_GENERATED=1 writes it)' do
    text = File.read(Operations::README)
    written = text.sub(/^\| service type \|.*?\n\n/m, "#{Diets.table(@nodes)}\n")
    File.write(Operations::README, written) if ENV['WRITE_GENERATED']
    expect(File.read(Operations::README)).to eq(written)
  end

  it 'is asked about series of every service type' do
    read = @read.values.flat_map { |counts| counts[Diets::ALL].keys }.uniq
    expect(read).to match_array(@nodes.keys)
  end

  Diets.names.each do |diet|
    # Every series, and not only some: so no panel loses anything in any state.
    it "of #{diet}.yml takes no series that a board, a rule, an alert or the guide reads" do
      lost = @read.filter_map { |selector, counts| [selector, counts[Diets::ALL], counts[diet]] if counts[diet] != counts[Diets::ALL] }
      expect(lost).to be_empty
    end

    it "of #{diet}.yml takes something of every type" do
      expect(@nodes.transform_values { |counts| counts[diet] < counts[Diets::ALL] }.values).to all(be(true))
    end
  end
end
