# frozen_string_literal: true

require 'digest'
require 'open3'
require 'yaml'

# A release tarball, unpacked.
class Tarball
  attr_reader :folder

  def initialize(file, folder)
    @folder = folder
    unpack(file, folder)
  end

  def manifest
    @manifest ||= YAML.load_file(File.join(folder, 'release.MF'))
  end

  def names(kind)
    manifest.fetch(kind).map { |part| part.fetch('name') }
  end

  # Name => checksum, as release.MF has it.
  def checksums(kind)
    manifest.fetch(kind).to_h { |part| [part.fetch('name'), part.fetch('sha1')] }
  end

  def actual_checksum(kind, name)
    "sha256:#{Digest::SHA256.file(File.join(folder, kind, "#{name}.tgz"))}"
  end

  # Where the files of a job or package are after unpacking.
  def part(kind, name)
    into = File.join(folder, 'parts', kind, name)
    FileUtils.mkdir_p(into)
    unpack(File.join(folder, kind, "#{name}.tgz"), into)
    into
  end

  private

  def unpack(file, into)
    output, status = Open3.capture2e('tar', '-xzf', file, '-C', into)
    raise "#{file}: #{output}" unless status.success?
  end
end
