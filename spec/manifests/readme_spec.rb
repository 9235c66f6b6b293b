# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'simulated_platform'

# What the documents tell an operator to do, and where they point to.
RSpec.describe 'The documents for operators' do
  documents = Dir.glob('{*.md,ci/*.md,manifests/*.md,docs/**/*.md,crates/*/*.md}', base: ReleaseSpec::ROOT).sort

  def read(document) = File.read(File.join(ReleaseSpec::ROOT, document))

  documents.each do |document|
    it "#{document}: links lead to files, and to headings in them" do
      links = read(document).scan(/\]\(([^):]+)\)/).flatten
      broken = links.reject do |link|
        path, heading = link.split('#')
        target = path.empty? ? document : File.join(File.dirname(document), path)
        file = File.expand_path(target, ReleaseSpec::ROOT)
        File.exist?(file) && (heading.nil? || headings(file).include?(heading))
      end
      expect(broken).to be_empty
    end

    it "#{document}: ops and vars files of commands exist" do
      named = read(document).scan(%r{(?:-o|-l) (?:manifests/)?((?:operations|vars)/[a-z0-9-]+\.yml)}).flatten
      expect(named.reject { |file| File.exist?(File.join(Operations::FOLDER, file)) }).to be_empty
    end
  end

  def headings(file)
    File.read(file).scan(/^#+ (.*)$/).flatten.map { |title| title.downcase.delete('^a-z0-9 _-').tr(' ', '-') }
  end

  it 'migration: the rehearsal is with a configuration that the daemon takes' do
    json = read('docs/migration.md')[/<<'EOF'\n(.*?)EOF/m, 1].gsub('PROJECT', 'project').gsub(/THE-OLD[A-Z-]*/, 'an-id')
    folder do |path|
      file = File.join(path, 'config.json').tap { |name| File.write(name, json) }
      output, status = Open3.capture2e(SimulatedPlatform.program('aiven-metrics', 'AIVEN_METRICS_BIN'), 'check-config', '--config', file)
      expect(status).to be_success, output
    end
  end
end
