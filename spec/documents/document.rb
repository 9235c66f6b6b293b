# frozen_string_literal: true

# A Markdown document, and what it names as code.
class Document
  ROOT = File.expand_path('../..', __dir__)

  # Those that tell how things are. What was decided or changed once may name what is gone.
  def self.all
    @all ||= Dir.glob('{*.md,ci/*.md,manifests/*.md,docs/*.md}', base: ROOT).reject { |path| path == 'CHANGELOG.md' }
                .map { |path| new(path) }
  end

  attr_reader :path, :text

  def initialize(path)
    @path = path
    @text = File.read(File.join(ROOT, path))
  end

  # Whom it is for: developers also read of tests.
  def for_developers? = %w[CONTRIBUTING.md docs/architecture.md docs/performance.md ci/README.md docs/operating.md].include?(path)

  # What stands in fences, as it stands.
  def blocks = text.scan(/^ *```[^\n]*\n(.*?)^ *```$/m).flatten

  # What stands between backticks in sentences and tables.
  def spans = text.gsub(/^ *```[^\n]*\n.*?^ *```$/m, '').scan(/`([^`\n]+)`/).flatten.map { |span| span.gsub('\|', '|') }

  def named = spans + blocks.flat_map { |block| block.gsub("\\\n", ' ').lines(chomp: true) }
end
