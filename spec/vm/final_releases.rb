# frozen_string_literal: true

require_relative '../scratch_clone'
require_relative '../spec_helper'
require_relative '../tarball'

# Final releases 1.0.0 and 1.1.0, made in a scratch clone by the pipeline's tasks, the second from the first.
class FinalReleases
  def initialize(folder, binary:, earlier:)
    @folder = folder
    FileUtils.mkdir_p(at('source'))
    @clone = ScratchClone.new(at('source'))
    ship('source', File.join(ReleaseSpec::ROOT, 'jobs'), binary)
    ship('source', File.join(earlier, 'jobs'), File.join(earlier, 'build/static/aiven-metrics')) if earlier
    make('source', 'first', 'major')
    ship('first', File.join(ReleaseSpec::ROOT, 'jobs'), binary)
    make('first', 'second', 'minor')
    @versions = { '1.0.0' => 'first', '1.1.0' => 'second' }.to_h { |version, name| [version, unpacked(name, version)] }
  end

  def at(*names) = File.join(@folder, *names)

  # The job as the Director has it, and the binary as its package installs it.
  def job(version) = Rendering::Job.new(File.join(@versions.fetch(version).part('jobs', 'aiven-metrics')))

  def binary(version)
    target = at("installed-#{version}")
    binary = File.join(target, 'bin/aiven-metrics')
    return binary if File.file?(binary)

    sources = @versions.fetch(version).part('packages', 'aiven-metrics')
    @clone.run('bash', '-c', "cd #{sources} && bash ./packaging", environment: { 'BOSH_INSTALL_TARGET' => target })
    binary
  end

  private

  # A commit with this job and this binary, without what a debugger wants: it would be packed, too.
  def ship(name, jobs, binary)
    FileUtils.rm_rf(at(name, 'jobs/aiven-metrics'))
    FileUtils.cp_r(File.join(jobs, 'aiven-metrics'), at(name, 'jobs'))
    File.write(at(name, 'scripts/build-static'), <<~BASH)
      #!/usr/bin/env bash
      set -euo pipefail
      cd "$(dirname "${BASH_SOURCE[0]}")/.."
      mkdir -p build/static
      strip --strip-debug -o build/static/aiven-metrics #{binary}
    BASH
    @clone.run('git', '-C', at(name), 'add', '--all', 'jobs', 'scripts')
    @clone.run('git', '-C', at(name), 'commit', '--quiet', '--allow-empty', '--message', 'Ship what was built before')
  end

  def make(from, name, raise)
    task('bump-version', "source=#{at(from)}", "bumped=#{at("bumped-#{name}")}", 'RAISE' => raise)
    task('final-release', "bumped=#{at("bumped-#{name}")}", "released=#{at(name)}", "artefacts=#{at("artefacts-#{name}")}",
         'DOWNLOAD_URL' => 'https://example.invalid')
  end

  def task(name, *folders, environment)
    @clone.run(File.join(@clone.path, 'ci/run-task'), name, *folders, environment: environment)
  end

  def unpacked(name, version)
    into = at("unpacked-#{version}")
    FileUtils.mkdir_p(into)
    Tarball.new(at("artefacts-#{name}", "aiven-metrics-#{version}.tgz"), into).tap do |tarball|
      job = tarball.part('jobs', 'aiven-metrics')
      FileUtils.cp(File.join(job, 'job.MF'), File.join(job, 'spec'))
    end
  end
end
