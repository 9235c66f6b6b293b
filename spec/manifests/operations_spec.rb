# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'manifest'

# Every ops file, applied by the real bosh to a base manifest.
RSpec.describe 'The ops files' do
  def applied(*operations)
    Manifest.of(*operations, base: Manifest.base_of(operations.last))
  end

  # The platform's Prometheus has rules of others, so ours are added to the list. Prometheus reads a file once, however often it is named.
  def with_each_rule_file_once(manifest)
    files = manifest.prometheus_properties['prometheus']['rule_files']
    files&.uniq!
    manifest
  end

  it 'are the table of the README, row by row' do
    files = Dir.children(File.join(Operations::FOLDER, 'operations'))
    expect(Operations.all.map { |operation| "#{operation.name}.yml" }).to match_array(files)
    expect(Operations.all.map(&:link)).to eq(Operations.all.map { |operation| "operations/#{operation.name}.yml" })
  end

  it 'have a purpose in the table, and in their first lines' do
    expect(Operations.all.map(&:purpose)).to all(match(/\w.*\.\z/))
    expect(Operations.all.map { |operation| File.read(operation.file) }).to all(start_with('# '))
  end

  it 'link the vars files that exist, and no others' do
    linked = File.read(Operations::README).scan(%r{\(vars/([a-z0-9-]+\.yml)\)}).flatten
    expect(linked).to match_array(Dir.children(File.join(Operations::FOLDER, 'vars')))
  end

  Operations.all.each do |operation|
    describe "#{operation.name}.yml" do
      needed = Operations.with_needs(operation)

      it 'applies, with no variable left over on either side' do
        known = needed.map(&:vars).reduce(operation.for_platform? ? {} : Manifest::CF_VARS, :merge)
        manifest = Manifest.interpolate(
          Manifest.base_of(operation), needed.map(&:file), known, '--var-errs', '--var-errs-unused'
        )
        expect(manifest.document).not_to be_empty
      end

      it 'changes something' do
        before = needed[0...-1]
        unchanged = Manifest.of(*before, base: Manifest.base_of(operation))
        expect(applied(*needed)).not_to eq(unchanged)
      end

      it 'does twice what it does once' do
        next if operation.last?

        once, twice = [needed, [*needed, operation]].map { |operations| with_each_rule_file_once(applied(*operations)) }
        expect(twice).to eq(once)
      end

      it 'fails without what it needs' do
        next if operation.needs.empty?

        expect { Manifest.of(operation) }.to raise_error(Manifest::Refused, /to find|variables/)
      end
    end
  end

  Operations.additions.combination(2).each do |one, other|
    names = "#{one.name}.yml and #{other.name}.yml"
    needed = (Operations.with_needs(one) + Operations.with_needs(other)).uniq - [one, other]

    if Operations.compatible?(one, other)
      it "combine in any order: #{names}" do
        # What one of them needs is no longer free to move.
        orders = [[one, other], [other, one]].reject { |first, second| first.needs.include?(second.name) || first.last? }
        results = orders.map { |order| applied(*needed, *order) }
        expect(results.uniq(&:document).size).to eq(1)
      end
    elsif Operations.overriding?(one, other)
      it "override each other, the later one the earlier: #{names}" do
        expect(applied(*needed, one, other)).not_to eq(applied(*needed, other, one))
      end
    else
      it "are refused together: #{names}" do
        expect { applied(*needed, one, other) }.to raise_error(Manifest::Refused, /Expected to find variables/)
      end
    end
  end

  Operations.largest_combinations.each do |operations|
    it "combine as far as the table allows: #{operations.map(&:name).join(', ')}" do
      last, others = operations.partition(&:last?)
      expect(applied(*others, *others.drop(1), *last)).to eq(applied(*operations))
    end
  end

  it 'say no to what comes after the last one' do
    last = Operations.fetch(Operations::LAST)
    before = Operations.with_needs(last)
    [last, Operations.fetch('set-retention')].each do |operation|
      expect { applied(*before, operation) }.to raise_error(Manifest::Refused, /name=prometheus/)
    end
  end
end
