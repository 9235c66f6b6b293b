# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'evaluated'

# Every number on the tenants' boards is the one that was seeded, in every state.
RSpec.describe 'The numbers on the boards' do
  Past::STATES.each do |state|
    it "are right: #{state}" do
      complaints = Evaluated.in_state(state).complaints
      expect(complaints).to be_empty, complaints.join("\n")
    end
  end
end
