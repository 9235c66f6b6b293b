# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'evaluated'

# Every number on the tenants' boards is the one that was seeded, in every state.
RSpec.describe 'The numbers on the boards' do
  def expect_right(evaluated)
    expect(evaluated.complaints).to be_empty, evaluated.complaints.join("\n")
  end

  Past::STATES.each do |state|
    it("are right: #{state}") { expect_right(Evaluated.in_state(state)) }
  end

  # While both nodes are there, and both report what only one should.
  { 'node-replaced' => 300, 'primary-moved' => 30, 'elected-moved' => 30 }.each do |state, seconds|
    it("are right: #{state} for #{seconds} seconds") { expect_right(Evaluated.in_state(state, entered: seconds)) }
  end

  it 'are known to the simulator, but for what counts services and what the reader chooses' do
    unknown = Signals.of_boards.map(&:id).uniq - Evaluated.in_state('healthy').past.truth.keys
    expect(unknown.grep_v(/\Aoverview_/)).to eq(['pg_connections_allowed'])
  end
end
