# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'document'
require_relative 'machine'
require_relative 'watch'

# Every fault of docs/diagnosis.md, seeded for real: each place says what is declared of it, in these words.
# scripts/diagnosis sets DIAGNOSIS, a file: then everything runs at the pace that is shipped, and the document is
# written there, with times.
RSpec.describe 'A fault' do
  written_to = ENV.fetch('DIAGNOSIS', nil)
  faults = Diagnosis.load

  before(:context) do
    lacking = Machine.lacking and skip "needs #{lacking}"

    Dir.mktmpdir('aiven-metrics-release') do |folder|
      file = File.join(folder, 'seen')
      run = File.join(__dir__, 'run.rb')
      system(*Machine::NEW, 'ruby', run, written_to ? 'shipped' : 'quick', file, exception: true)
      # Of a program of ours, which has ended.
      @seen = Marshal.load(File.binread(file)).to_h { |one| [one.key, one] } # rubocop:disable Security/MarshalLoad
    end
  end

  after(:context) do
    DiagnosisDocument.write(faults, @seen, written_to) if written_to && @seen&.values&.none?(&:missing)
  end

  faults.each do |fault|
    describe "(#{fault.key}): #{fault.title}" do
      let(:seen) { @seen.fetch(fault.key) }

      it 'is named in every place that is to name it, and by its alert' do
        expect(seen.missing).to be_nil, seen.missing
      end

      it 'is called the same everywhere' do
        expect(seen.disagreements).to be_empty
      end

      it 'makes no alert fire that is not its own' do
        expect(seen.unexpected_alerts).to be_empty
      end

      next unless fault.blame == :ours

      it 'sends nobody to Aiven, since the cause is ours' do
        expect(seen.turns_to_aiven).to be_empty
      end
    end
  end

  it 'is declared whole: what is done, whose it is, and an alert or why there is none' do
    expect(faults).to all(be_whole)
    expect(faults.map(&:key)).to eq(faults.map(&:key).uniq)
  end

  # It is written after this.
  next if written_to

  it 'is in docs/diagnosis.md, in the words in which it is declared' do
    expect(DiagnosisDocument.words(DiagnosisDocument.committed)).to eq(DiagnosisDocument.words(DiagnosisDocument.of(faults)))
  end
end
