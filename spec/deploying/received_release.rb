# frozen_string_literal: true

require 'fileutils'

require_relative '../render/job'
require_relative '../tarball'

# A tarball as the Director takes it in (bosh: director/jobs/update_release.rb): what release.MF names has to be in
# it, with its checksum; a job's spec, monit and templates have to be there, and the packages that it names.
class ReceivedRelease
  class Refused < StandardError; end

  attr_reader :name, :version, :jobs

  def initialize(file, folder)
    @tarball = Tarball.new(file, folder)
    @name, @version = @tarball.manifest.values_at('name', 'version')
    %w[jobs packages].each { |kind| compare(kind) }
    @jobs = @tarball.names('jobs').to_h { |job| [job, job(job)] }
  rescue RuntimeError => e
    raise Refused, "Extracting release archive failed: #{e.message}"
  end

  private

  def compare(kind)
    @tarball.checksums(kind).each do |part, checksum|
      raise Refused, "#{kind}/#{part}: the checksum is not that of release.MF" unless checksum == @tarball.actual_checksum(kind, part)
    end
  end

  def job(name)
    folder = @tarball.part('jobs', name)
    FileUtils.cp(File.join(folder, 'job.MF'), File.join(folder, 'spec'))
    Rendering::Job.new(folder).tap { |job| check(job) }
  rescue Errno::ENOENT
    raise Refused, "Missing job manifest for '#{name}'"
  end

  def check(job)
    missing = (job.spec['templates'] || {}).keys.reject { |file| File.file?(File.join(job.folder, 'templates', file)) }
    raise Refused, "Missing template files #{missing.join(', ')} for job '#{job.name}'" if missing.any?
    raise Refused, "Missing monit file for job '#{job.name}'" unless File.file?(File.join(job.folder, 'monit'))

    strange = (job.spec['packages'] || []) - @tarball.names('packages')
    raise Refused, "Job '#{job.name}' references missing package '#{strange.first}'" if strange.any?
  end
end
