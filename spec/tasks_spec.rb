# frozen_string_literal: true

require 'digest'
require 'securerandom'
require_relative 'scratch_clone'
require_relative 'spec_helper'
require_relative 'tarball'

# The pipeline's tasks, run as on a desk, in a scratch clone: from the binaries
# to a second final release. Only `test` is not run here: it is what runs this.
RSpec.describe 'The tasks of ci/tasks' do
  around do |example|
    folder do |work|
      @work = work
      FileUtils.mkdir_p(at('source'))
      @source = ScratchClone.new(at('source'))
      example.run
    end
  end

  def at(*names) = File.join(@work, *names)

  # task('build-static', 'source', 'binaries', environment: {}): each folder
  # under its own name, or another: 'source=released'.
  def try_task(name, *folders, environment: {})
    pairs = folders.map do |folder|
      input, path = folder.split('=')
      "#{input}=#{at(path || input)}"
    end
    @source.try(File.join(@source.path, 'ci/run-task'), name, *pairs, environment: environment)
  end

  def task(name, *folders, environment: {})
    said, status = try_task(name, *folders, environment: environment)
    raise "#{name} failed:\n#{said}" unless status.success?

    said
  end

  def unpack(file)
    into = "#{file}.unpacked"
    FileUtils.mkdir_p(into)
    Tarball.new(file, into)
  end

  def git(folder, *arguments) = @source.run('git', '-C', at(folder), *arguments).strip

  it 'build the binaries, and from them the dev release' do
    task('build-static', 'source', 'binaries')
    expect(Dir.children(at('binaries'))).to match_array(%w[aiven-metrics caddy])
    task('build-release', 'source', 'binaries', 'tarball')
    files = Dir.glob(at('tarball/*'))
    expect(files.map { |file| File.basename(file) }).to match([/\Aaiven-metrics-0\+dev\..*\.tgz\z/])
    expect(unpack(files.first).names('packages')).to match_array(%w[aiven-metrics caddy])
  end

  it 'refuse binaries that the commit does not give' do
    task('build-static', 'source', 'binaries')
    File.write(at('binaries/aiven-metrics'), 'of another commit')
    said, status = try_task('build-release', 'source', 'binaries', 'tarball')
    expect(status).not_to be_success
    expect(said).to include('aiven-metrics is not what this commit gives in another folder')
    expect(Dir.children(at('tarball'))).to be_empty
  end

  it 'raise each part of the version, in a commit of its own, and nothing else' do
    { 'patch' => '0.1.1', 'minor' => '0.2.0', 'major' => '1.0.0' }.each do |raise, version|
      task('bump-version', 'source', "bumped=#{raise}", environment: { 'RAISE' => raise, 'GIT_NAME' => 'Somebody' })
      expect(git(raise, 'log', '-1', '--format=%an: %s')).to eq("Somebody: Raise the version to #{version}")
      changed = git(raise, 'diff', '--unified=0', 'HEAD~1').lines.grep(/^[-+][^-+]/).map(&:chomp)
      expect(changed.uniq).to match_array([%(-version = "0.1.0"), %(+version = "#{version}")])
      expect(git(raise, 'diff', '--name-only', 'HEAD~1').lines(chomp: true)).to eq(%w[Cargo.lock Cargo.toml])
    end
    said, status = try_task('bump-version', 'source', 'bumped', environment: { 'RAISE' => 'all' })
    expect(status).not_to be_success
    expect(said).to include('RAISE is all, and not patch, minor or major')
  end

  describe 'final-release' do
    let(:url) { 'https://example.invalid/releases' }

    def release(from, name, raise, credentials: '')
      task('bump-version', "source=#{from}", "bumped=bumped-#{name}", environment: { 'RAISE' => raise })
      task('final-release', "bumped=bumped-#{name}", "released=#{name}", "artefacts=artefacts-#{name}",
           environment: { 'DOWNLOAD_URL' => url, 'BLOBSTORE_CREDENTIALS' => credentials })
    end

    it 'leaves what is pushed and what is published' do
      release('source', 'first', 'patch')
      expect(git('first', 'log', '-1', '--format=%s')).to eq('Release 0.1.1')
      expect(git('first', 'describe', '--tags', '--exact-match')).to eq('v0.1.1')
      expect(git('first', 'status', '--porcelain', '--ignored')).to be_empty
      expect(git('first', 'diff', '--name-only', 'HEAD~1').lines.map { |path| path.split('/').first }.uniq)
        .to match_array(%w[.final_builds blobstore releases])

      tarball = at('artefacts-first/aiven-metrics-0.1.1.tgz')
      sha256 = Digest::SHA256.file(tarball).hexdigest
      expect(Dir.children(at('artefacts-first')))
        .to match_array(%w[aiven-metrics-0.1.1.tgz SHA256SUMS notes.md tag use-aiven-metrics-0.1.1.yml])
      expect(File.read(at('artefacts-first/tag'))).to eq("v0.1.1\n")
      expect(File.read(at('artefacts-first/SHA256SUMS'))).to eq("#{sha256}  aiven-metrics-0.1.1.tgz\n")
      ops_file = File.read(at('artefacts-first/use-aiven-metrics-0.1.1.yml'))
      expect(File.read(at('artefacts-first/notes.md'))).to eq(<<~MARKDOWN)
        ## Changes

        - Scratch

        ## Deploy

        ```yaml
        #{ops_file.strip}
        ```

        SHA-256 of `aiven-metrics-0.1.1.tgz`: `#{sha256}`
      MARKDOWN
      binary = File.read(File.join(unpack(tarball).part('packages', 'aiven-metrics'), 'aiven-metrics/aiven-metrics'))
      expect(binary).to include('0.1.1')
    end

    it 'hands the blobstore its credentials, and lets them go nowhere else' do
      bucket = at('bucket')
      secret = SecureRandom.hex
      release('source', 'first', 'patch',
              credentials: "blobstore: {options: {blobstore_path: #{bucket}, secret_access_key: #{secret}}}")
      expect(Dir.children(bucket)).not_to be_empty
      expect(Dir.children(at('first'))).not_to include('blobstore')
      expect(git('first', 'log', '--all', '--patch', '--text')).not_to include(secret)
      found, = @source.try('grep', '--recursive', '--files-with-matches', secret, at('first'), at('artefacts-first'))
      expect(found).to be_empty

      @source.run(at('first/scripts/setup'))
      File.write(at('first/config/private.yml'), "blobstore: {options: {blobstore_path: #{bucket}}}")
      @source.run(at('first/scripts/build-release'), '--existing', '0.1.1')
      expect(File.binread(at('first/build/aiven-metrics-0.1.1.tgz')))
        .to eq(File.binread(at('artefacts-first/aiven-metrics-0.1.1.tgz')))
    end

    it 'publishes an ops file that the real CLI applies after add-tenant-prometheis.yml' do
      release('source', 'first', 'minor')
      add = File.join(ReleaseSpec::ROOT, 'manifests/operations/add-tenant-prometheis.yml')
      manifest = at('manifest.yml')
      File.write(manifest, "releases: []\nvariables: []\ninstance_groups: []\n")
      applied = YAML.safe_load(@source.run(at('source/build/tools/bin/bosh'), 'int', manifest, '-o', add,
                                           '-o', at('artefacts-first/use-aiven-metrics-0.2.0.yml')))
      sha256 = Digest::SHA256.file(at('artefacts-first/aiven-metrics-0.2.0.tgz')).hexdigest
      expect(applied['releases'].select { |one| one['name'] == 'aiven-metrics' }).to eq(
        [{ 'name' => 'aiven-metrics', 'version' => '0.2.0', 'sha1' => "sha256:#{sha256}",
           'url' => "#{url}/v0.2.0/aiven-metrics-0.2.0.tgz" }]
      )
    end

    it 'reuses what did not change, and either version can be made again from another clone' do
      release('source', 'first', 'patch')
      git('first', 'commit', '--quiet', '--allow-empty', '--message', 'Mend something')
      release('first', 'second', 'minor')
      first = unpack(at('artefacts-first/aiven-metrics-0.1.1.tgz'))
      second = unpack(at('artefacts-second/aiven-metrics-0.2.0.tgz'))

      expect(second.checksums('packages')['caddy']).to eq(first.checksums('packages')['caddy'])
      expect(second.checksums('jobs')).to eq(first.checksums('jobs'))
      expect(second.checksums('packages')['aiven-metrics']).not_to eq(first.checksums('packages')['aiven-metrics'])
      expect(Dir.glob(at('second/.final_builds/packages/*/index.yml')).to_h do |index|
        [index.split('/')[-2], YAML.load_file(index).fetch('builds').size]
      end).to eq('aiven-metrics' => 2, 'caddy' => 1)
      expect(File.read(at('artefacts-second/notes.md'))).to start_with("## Changes since v0.1.1\n\n- Mend something\n\n##")

      @source.run('git', 'clone', '--quiet', at('second'), at('clone'))
      @source.run(at('clone/scripts/setup'))
      %w[0.1.1 0.2.0].zip(%w[first second]).each do |version, name|
        @source.run(at('clone/scripts/build-release'), '--existing', version)
        expect(Digest::SHA256.file(at('clone/build', "aiven-metrics-#{version}.tgz")))
          .to eq(Digest::SHA256.file(at("artefacts-#{name}", "aiven-metrics-#{version}.tgz")))
      end
      expect(@source.run(at('clone/scripts/build-release'))).to match(/aiven-metrics-0\.2\.0\+dev\.\d+\.g/)
    end

    it 'does not make a version twice, nor from what is not committed' do
      release('source', 'first', 'patch')
      @source.run(at('first/scripts/setup'))
      said, status = @source.try(at('first/scripts/build-release'), '--final')
      expect(status).not_to be_success
      expect(said).to include('0.1.1 is released already')
      File.write(at('first/README.md'), 'changed')
      said, status = @source.try(at('first/scripts/build-release'), '--final')
      expect(status).not_to be_success
      expect(said).to include('uncommitted changes')
    end
  end

  describe 'deploy' do
    # Has a manifest as a Director has; notes what it is told; what it is to
    # deploy, the real CLI interpolates.
    def director(smoke_tests: 0)
      real = File.join(ReleaseSpec::ROOT, 'build/tools/bin/bosh')
      FileUtils.rm(at('source/build/tools'))
      @source.write('build/tools/bin/bosh', <<~BASH, 0o755)
        #!/usr/bin/env bash
        set -euo pipefail
        : "${BOSH_ENVIRONMENT:?}" "${BOSH_CLIENT:?}" "${BOSH_CLIENT_SECRET:?}" "${BOSH_DEPLOYMENT:?}" "${BOSH_NON_INTERACTIVE:?}"
        printf '%s %s\\n' "$1" "$(basename "${2:-}")" >>#{at('told')}
        case $1 in
          manifest) cat #{ReleaseSpec::ROOT}/spec/manifests/base.yml ;;
          deploy) shift && #{real} int "$@" >#{at('deployed.yml')} ;;
          run-errand) (($# == 2)) && exit #{smoke_tests}; exit 9 ;;
        esac
      BASH
    end

    let(:environment) do
      { 'BOSH_ENVIRONMENT' => 'https://192.0.2.1:25555', 'BOSH_CLIENT' => 'ci', 'BOSH_CLIENT_SECRET' => 'secret',
        'VARIABLES' => "aiven_api_token: token\naiven_projects: [platform]\n" }
    end

    before do
      FileUtils.mkdir_p(at('tarball'))
      FileUtils.touch(at('tarball/aiven-metrics-dev.tgz'))
    end

    it 'uploads, adds the ops file to the manifest that is deployed, and runs the errand' do
      director
      task('deploy', 'source', 'tarball', environment: environment)
      expect(File.readlines(at('told'), chomp: true))
        .to eq(['upload-release aiven-metrics-dev.tgz', 'manifest ', 'deploy manifest.yml', 'run-errand aiven-metrics-smoke-tests'])
      deployed = YAML.load_file(at('deployed.yml'))
      base = YAML.load_file(File.join(ReleaseSpec::ROOT, 'spec/manifests/base.yml'))
      names = ->(manifest) { manifest.fetch('instance_groups').map { |group| group.fetch('name') } }
      expect(names.call(deployed)).to eq(names.call(base) + ['prometheus'])
      job = deployed['instance_groups'].last['jobs'].find { |one| one['name'] == 'aiven-metrics' }
      expect(job.dig('properties', 'aiven')).to eq('api_token' => 'token', 'projects' => ['platform'])
    end

    it 'fails when the errand does' do
      director(smoke_tests: 1)
      _, status = try_task('deploy', 'source', 'tarball', environment: environment)
      expect(status).not_to be_success
      expect(File.read(at('told'))).to end_with("run-errand aiven-metrics-smoke-tests\n")
    end

    it 'tells which param is missing before it does anything' do
      director
      %w[BOSH_ENVIRONMENT BOSH_CLIENT BOSH_CLIENT_SECRET].each do |param|
        said, status = try_task('deploy', 'source', 'tarball', environment: environment.except(param))
        expect(status).not_to be_success
        expect(said).to include(param)
      end
      expect(File).not_to exist(at('told'))
    end
  end

  it 'are refused by ci/run-task without all folders, with unknown ones, and under unknown names' do
    { %w[build-static source] => 'build-static also needs binaries=FOLDER',
      %w[build-static source binaries tarball] => 'build-static has no input or output tarball',
      %w[build-all source] => 'no task build-all' }.each do |arguments, problem|
      said, status = try_task(*arguments)
      expect(status).not_to be_success
      expect(said).to include(problem)
    end
  end
end
