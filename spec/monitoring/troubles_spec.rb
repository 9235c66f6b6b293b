# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'troubles'

# Alerts fire in every trouble that the simulator can seed, and in no other state; and a panel shows
# why.
RSpec.describe 'The tenants\' alerts' do
  Past::QUIET.each do |state|
    it "are silent: #{state}" do
      report = Evaluated.in_state(state).report
      expect([report.firing, report.rule_errors]).to eq([[], []])
    end

    it "leave the overview calm: #{state}" do
      expect(Evaluated.in_state(state).worries_of_the_overview).to eq([])
    end
  end

  Trouble::SEEDED.each_key do |state|
    it "fire, and panels turn: #{state}" do
      trouble = Trouble.new(state)
      expect([trouble.premature, trouble.rule_errors]).to eq([[], []])
      expect(trouble.alerts.empty?).to be(Trouble::WITHOUT_ALERT.key?(state))
      expect(trouble.panels).not_to be_empty
      expect(trouble.turns_the_overview?).to be(!Trouble::WITHOUT_ALERT.key?(state))
    end
  end

  it 'have a table of all troubles (WRITE_GENERATED=1 writes it)' do
    File.write(TroublesDocument::FILE, TroublesDocument.text) if ENV['WRITE_GENERATED']
    expect(File.read(TroublesDocument::FILE)).to eq(TroublesDocument.text)
  end

  it 'know every trouble of the simulator' do
    expect(Trouble::SEEDED.keys).to match_array(Past::TROUBLES)
  end
end
