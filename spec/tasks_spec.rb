# frozen_string_literal: true

require 'digest'
require 'json'
require 'securerandom'
require_relative 'scratch_clone'
require_relative 'spec_helper'
require_relative 'tarball'

# The pipeline's tasks, run as on a desk, in a scratch clone: from the binaries
# to a second final release. Only `test` is not run here: it is what runs this.
RSpec.describe 'The tasks of ci/tasks' do
  include_context 'with a scratch clone'

  # task('build-static', 'source', 'binaries', environment: {}): each folder
  # under its own name, or another: 'source=released'.
  def try_task(name, *folders, environment: {})
    pairs = folders.map do |folder|
      input, path = folder.split('=')
      "#{input}=#{at(path || input)}"
    end
    run_task(name, *pairs, environment: environment)
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

  # The binary that a package of the tarball installs.
  def binary(tarball, name) = File.join(unpack(tarball).part('packages', name), name, name)

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
        .to match_array(%w[aiven-metrics-0.1.1.tgz SHA256SUMS notes.md tag use-aiven-metrics-0.1.1.yml
                           aiven-metrics-0.1.1.cdx.json caddy-0.1.1.cdx.json])
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

        ## Check

        | file | SHA-256 |
        |---|---|
        | `aiven-metrics-0.1.1.tgz` | `#{sha256}` |
        | `/var/vcap/packages/aiven-metrics/bin/aiven-metrics` | `#{Digest::SHA256.file(binary(tarball, 'aiven-metrics')).hexdigest}` |
        | `/var/vcap/packages/caddy/bin/caddy` | `#{Digest::SHA256.file(binary(tarball, 'caddy')).hexdigest}` |

        On Debian 12 with Rust by rustup, `git checkout v0.1.1 && scripts/setup release && scripts/build-static &&
        scripts/build-caddy` gives both binaries again, byte for byte, and `scripts/build-release --existing 0.1.1`
        the tarball. What is linked into them, with versions and licences: `aiven-metrics-0.1.1.cdx.json` and
        `caddy-0.1.1.cdx.json` (CycloneDX), and NOTICE in the tarball.
      MARKDOWN
      expect(File.read(binary(tarball, 'aiven-metrics'))).to include('0.1.1')
      %w[aiven-metrics caddy].each do |name|
        expect(JSON.parse(File.read(at('artefacts-first', "#{name}-0.1.1.cdx.json")))).to include('of' => name)
      end
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
      # The tarball has the ops files of its version, also when it is made again later.
      File.write(at('first/manifests/operations/add-user.yml'), "[]\n")
      git('first', 'commit', '--quiet', '--all', '--message', 'Mend something')
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
    # Has the manifest that was deployed last, as a Director has; notes what it is told; what
    # it is to deploy, the real CLI interpolates. What needs no Director, that CLI does.
    def director(source: 'source', smoke_tests: 0)
      real = File.join(ReleaseSpec::ROOT, 'build/tools/bin/bosh')
      FileUtils.cp(File.join(ReleaseSpec::ROOT, 'spec/manifests/base.yml'), at('deployed.yml'))
      FileUtils.rm_f(at(source, 'build/tools'))
      FileUtils.mkdir_p(at(source, 'build/tools/bin'))
      File.write(at(source, 'build/tools/bin/bosh'), <<~BASH)
        #!/usr/bin/env bash
        set -euo pipefail
        case $1 in --non-interactive | inspect-local-release) exec #{real} "$@" ;; esac
        : "${BOSH_ENVIRONMENT:?}" "${BOSH_CLIENT:?}" "${BOSH_CLIENT_SECRET:?}" "${BOSH_DEPLOYMENT:?}" "${BOSH_NON_INTERACTIVE:?}"
        printf '%s %s\\n' "$1" "$(basename "${2:-}")" >>#{at('told')}
        case $1 in
          manifest) cat #{at('deployed.yml')} ;;
          deploy)
            #{real} int "${@:2}" >#{at('new.yml')}
            cp #{at('new.yml')} #{at('deployed.yml')}
            cp #{at('new.yml')} "#{at('deployed')}-$(grep -c ^deploy #{at('told')}).yml" ;;
          run-errand) (($# == 2)) && exit #{smoke_tests}; exit 9 ;;
        esac
      BASH
      File.chmod(0o755, at(source, 'build/tools/bin/bosh'))
    end

    def told = File.readlines(at('told'), chomp: true)
    def groups(manifest) = manifest.fetch('instance_groups').map { |group| group.fetch('name') }
    def version(manifest) = manifest['releases'].find { |one| one['name'] == 'aiven-metrics' }['version']

    let(:environment) do
      { 'BOSH_ENVIRONMENT' => 'https://192.0.2.1:25555', 'BOSH_CLIENT' => 'ci', 'BOSH_CLIENT_SECRET' => 'secret',
        'VARIABLES' => "aiven_api_token: token\naiven_projects: [platform]\n" }
    end

    before do
      FileUtils.mkdir_p(at('tarball'))
      File.write(at('release.MF'), "name: aiven-metrics\nversion: 0.1.1+dev.1\n")
      @source.run('tar', '-czf', at('tarball/aiven-metrics-dev.tgz'), '-C', @work, 'release.MF')
    end

    it 'uploads, adds the ops file to the manifest that is deployed, and runs the errand' do
      director
      said = task('deploy', 'source', 'tarball', environment: environment)
      expect(said).to include('no final release to upgrade from')
      expect(told).to eq(['upload-release aiven-metrics-dev.tgz', 'manifest ', 'deploy manifest.yml', 'run-errand aiven-metrics-smoke-tests'])
      deployed = YAML.load_file(at('deployed.yml'))
      base = YAML.load_file(File.join(ReleaseSpec::ROOT, 'spec/manifests/base.yml'))
      expect(groups(deployed)).to eq(groups(base) + ['prometheus'])
      expect(version(deployed)).to eq('0.1.1+dev.1')
      job = deployed['instance_groups'].last['jobs'].find { |one| one['name'] == 'aiven-metrics' }
      expect(job.dig('properties', 'aiven')).to eq('api_token' => 'token', 'projects' => ['platform'])
    end

    describe 'where there is a final release' do
      before do
        task('bump-version', 'source', 'bumped', environment: { 'RAISE' => 'patch' })
        task('final-release', 'bumped', 'released', 'artefacts', environment: { 'DOWNLOAD_URL' => 'https://example.invalid' })
        # The ops file of today asks for something new, and there are more commits since.
        ops_file = at('released/manifests/operations/add-tenant-prometheis.yml')
        File.write(ops_file, "#{File.read(ops_file)}\n- type: replace\n  path: /new?\n  value: of today\n")
        git('released', 'commit', '--quiet', '--all', '--message', 'Ask for something new')
        git('released', 'tag', '--delete', 'v0.1.1')
        director(source: 'released')
      end

      it 'deploys that one first, as published and with its own ops file, then the tarball over it' do
        task('deploy', 'source=released', 'tarball', environment: environment)
        expect(told).to eq(['upload-release aiven-metrics-0.1.1.tgz', 'manifest ', 'deploy manifest.yml', 'run-errand aiven-metrics-smoke-tests',
                            'upload-release aiven-metrics-dev.tgz', 'manifest ', 'deploy manifest.yml', 'run-errand aiven-metrics-smoke-tests'])
        expect(File.binread(at('released/build/aiven-metrics-0.1.1.tgz'))).to eq(File.binread(at('artefacts/aiven-metrics-0.1.1.tgz')))
        first, second = [1, 2].map { |number| YAML.load_file(at("deployed-#{number}.yml")) }
        expect([version(first), first['new']]).to eq(['0.1.1', nil])
        expect([version(second), second['new']]).to eq(['0.1.1+dev.1', 'of today'])
        expect(groups(second)).to eq(groups(first))
      end

      it 'does not deploy the tarball when the errand fails before' do
        director(source: 'released', smoke_tests: 1)
        _, status = try_task('deploy', 'source=released', 'tarball', environment: environment)
        expect(status).not_to be_success
        expect(told.grep(/upload/)).to eq(['upload-release aiven-metrics-0.1.1.tgz'])
      end
    end

    it 'fails when the errand does' do
      director(smoke_tests: 1)
      _, status = try_task('deploy', 'source', 'tarball', environment: environment)
      expect(status).not_to be_success
      expect(told.last).to eq('run-errand aiven-metrics-smoke-tests')
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
