# frozen_string_literal: true

require 'json'
require 'open3'
require_relative 'scratch_clone'
require_relative 'spec_helper'
require_relative 'tarball'

# scripts/build-release, with binaries of one line.
RSpec.describe 'The release tarball' do
  around do |example|
    folder do |work|
      @work = work
      example.run
    end
  end

  def clone(name = 'clone')
    path = File.join(@work, name)
    FileUtils.mkdir_p(path)
    ScratchClone.new(path)
  end

  def unpacked(clone, version)
    into = File.join(clone.path, 'build', 'unpacked')
    FileUtils.mkdir_p(into)
    Tarball.new(clone.tarball(version), into)
  end

  it 'holds every job and package of the repository, and their right checksums' do
    one = clone
    said = one.build_release('1.0.0+dev.1')
    tarball = unpacked(one, '1.0.0+dev.1')
    %w[jobs packages].each do |kind|
      tarball.names(kind).each { |name| expect(said).to match(%r{^#{name}/\h{64}\s}), "the bosh CLI does not list #{name}" }
      expect(tarball.names(kind)).to match_array(Dir.children(File.join(ReleaseSpec::ROOT, kind)))
      tarball.checksums(kind).each do |name, checksum|
        expect(checksum).to eq(tarball.actual_checksum(kind, name)), "#{kind}/#{name}"
      end
    end
    license = "sha256:#{Digest::SHA256.file(File.join(tarball.folder, 'license.tgz'))}"
    expect(tarball.manifest.fetch('license').fetch('sha1')).to eq(license)
    expect(File.read(File.join(tarball.folder, 'NOTICE'))).to eq("licences of all that is linked\n")
    %w[aiven-metrics caddy].each do |name|
      expect(JSON.parse(File.read(File.join(tarball.folder, "NOTICE-#{name}.cdx.json")))).to include('of' => name)
    end
    texts = Open3.capture2('tar', '-tzf', File.join(tarball.folder, 'license.tgz')).first.lines.map { |line| File.basename(line.strip) }
    expect(texts).to include('LICENSE', 'NOTICE', 'NOTICE-aiven-metrics.cdx.json', 'NOTICE-caddy.cdx.json')
  end

  it 'holds the ops files of its commit, so that who has the tarball needs no clone' do
    one = clone
    one.write('manifests/operations/add-user.yml', 'not committed')
    one.build_release('1.0.0+dev.1')
    manifests = File.join(unpacked(one, '1.0.0+dev.1').folder, 'manifests')
    own = File.join(ReleaseSpec::ROOT, 'manifests')
    files = Dir.glob('**/*.yml', base: own)
    expect(files.size).to be > 20
    expect(Dir.glob('**/*', base: manifests).select { |file| File.file?(File.join(manifests, file)) }).to match_array(files)
    expect(files.reject { |file| File.read(File.join(manifests, file)) == File.read(File.join(own, file)) }).to be_empty
  end

  it 'has the same bytes when built in two folders, at two times, with another umask' do
    one = clone
    two = File.join(@work, 'a-folder-with-a-longer-name')
    one.run('git', 'clone', '--quiet', one.path, two)
    one.build_release('1.0.0+dev.1')
    one.run('bash', '-c', "umask 077 && cd #{two} && scripts/setup && scripts/build-release 1.0.0+dev.1",
            environment: { 'TZ' => 'Asia/Tokyo', 'LC_ALL' => 'C' })
    expect(Digest::SHA256.file(File.join(two, 'build/aiven-metrics-1.0.0+dev.1.tgz')))
      .to eq(Digest::SHA256.file(one.tarball('1.0.0+dev.1')))
  end

  it 'holds what was committed, and says that the rest is not in it' do
    one = clone
    one.write('jobs/aiven-metrics/monit', 'not committed')
    one.write('Cargo.toml', File.read(File.join(one.path, 'Cargo.toml')).sub(/^version = .*/, 'version = "9.9.9"'))
    one.write('src/aiven-metrics/aiven-metrics', 'lies where the CLI looks')
    said = one.build_release('1.0.0+dev.1')
    expect(said).to include('uncommitted changes are NOT in the tarball')
    tarball = unpacked(one, '1.0.0+dev.1')
    expect(File.read(File.join(tarball.part('jobs', 'aiven-metrics'), 'monit'))).not_to include('not committed')
    binary = File.read(File.join(tarball.part('packages', 'aiven-metrics'), 'aiven-metrics/aiven-metrics'))
    expect(binary).not_to include('9.9.9')
    expect(binary).to start_with("#!/bin/sh\necho version = ")
    expect(tarball.manifest).to include('uncommitted_changes' => false)
    expect(one.run('git', 'rev-parse', 'HEAD')).to start_with(tarball.manifest.fetch('commit_hash'))
  end

  it 'installs each binary, executable, whatever mode the file arrives with' do
    one = clone
    one.build_release('1.0.0+dev.1')
    tarball = unpacked(one, '1.0.0+dev.1')
    { 'aiven-metrics' => 'aiven-metrics', 'caddy' => 'caddy' }.each do |package, binary|
      sources = tarball.part('packages', package)
      File.chmod(0o600, File.join(sources, package, binary))
      target = File.join(@work, 'installed', package)
      one.run('bash', '-c', "cd #{sources} && bash ./packaging", environment: { 'BOSH_INSTALL_TARGET' => target })
      expect(File.stat(File.join(target, 'bin', binary)).mode & 0o777).to eq(0o755)
      expect(Dir.glob('**/*', base: target)).to match_array(['bin', "bin/#{binary}"])
    end
  end

  it 'is refused when a binary was not built' do
    one = clone
    one.write('scripts/build-caddy', "#!/bin/sh\n", 0o755)
    one.commit('Forget a binary')
    said, status = one.try('scripts/build-release', '1.0.0+dev.1')
    expect(status).not_to be_success
    expect(said).to match(%r{cannot stat .*build/static/caddy})
    expect(File).not_to exist(one.tarball('1.0.0+dev.1'))
  end

  it 'is refused when its binaries are not those that were built elsewhere' do
    one = clone
    %w[build-static build-caddy].each { |script| one.run("scripts/#{script}") }
    one.build_release('--compare', '1.0.0+dev.1')
    one.write('build/static/caddy', 'another build')
    said, status = one.try('scripts/build-release', '--compare', '1.0.0+dev.2')
    expect(status).not_to be_success
    expect(said).to include('build/static/caddy is not what this commit gives in another folder')
    expect(File).not_to exist(one.tarball('1.0.0+dev.2'))
  end

  it 'is built twice on demand, and refused when the two differ' do
    one = clone
    expect(one.build_release('--twice', '1.0.0+dev.1')).to include('the same bytes')
    one.write('scripts/build-static', <<~BASH, 0o755)
      #!/usr/bin/env bash
      cd "$(dirname "$0")/.." && mkdir -p build/static && pwd >build/static/aiven-metrics
    BASH
    one.commit('Build what depends on the folder')
    said, status = one.try('scripts/build-release', '--twice', '1.0.0+dev.2')
    expect(status).not_to be_success
    expect(said).to include('built twice from one commit, the tarballs differ')
  end

  it 'has a version that sorts after the last final one, and tells the commit' do
    one = clone
    one.build_release
    commit = one.run('git', 'rev-parse', '--short=12', 'HEAD').chomp
    expect(Dir.children(File.join(one.path, 'build')).grep(/tgz/).join)
      .to match(/\Aaiven-metrics-0\+dev\.\d{14}\.g#{commit}\.tgz\z/)
    %w[x 1.0.0/2 1.0.0+dev+1+2].each do |version|
      said, status = one.try('scripts/build-release', version)
      expect(status).not_to be_success
      expect(said).to include("#{version} is no version that BOSH takes")
    end
  end

  describe 'its parts lists' do
    # The lists of both binaries, from two builds in folders of different length.
    def lists
      built = %w[a another-folder].map do |name|
        path = File.join(@work, name)
        system('git', 'clone', '--quiet', ReleaseSpec::ROOT, path) or raise 'cannot clone'
        FileUtils.cp(File.join(ReleaseSpec::ROOT, 'scripts/build-sbom'), File.join(path, 'scripts'))
        FileUtils.mkdir_p(File.join(path, 'build'))
        File.symlink(File.join(ReleaseSpec::ROOT, 'build/tools'), File.join(path, 'build/tools'))
        said, status = Open3.capture2e(File.join(path, 'scripts/build-sbom'))
        raise said unless status.success?

        %w[aiven-metrics caddy].to_h { |binary| [binary, File.read(File.join(path, "build/static/NOTICE-#{binary}.cdx.json"))] }
      end
      expect(built.first).to eq(built.last)
      built.first.transform_values { |text| JSON.parse(text) }
    end

    # Those of NOTICE, which come from cargo and go in another way.
    def parts_in_notice
      said, status = Open3.capture2e(File.join(ReleaseSpec::ROOT, 'scripts/build-notice'))
      raise said unless status.success?

      rust, go = File.read(File.join(ReleaseSpec::ROOT, 'build/static/NOTICE')).split(/^={80}$/, 2).first.split('In bin/caddy:')
      { 'aiven-metrics' => rust.scan(/^  (\S+ \d\S*) \(/).flatten, 'caddy' => go.scan(/^  (\S+ v\S+)/).flatten }
    end

    it 'have each part with version and licence, and the same bytes from any folder' do
      parts = parts_in_notice
      lists.each do |binary, list|
        expect(list).to include('bomFormat' => 'CycloneDX')
        components = list['components'].to_h { |one| ["#{one['name']} #{one['version']}", one] }
        expect(parts[binary].size).to be > 40
        expect(components.keys).to include(*parts[binary])
        expect(components.values.reject { |one| one['licenses'] || one['name'] == 'std' }).to be_empty
        expect(JSON.generate(list)).not_to include(@work)
      end
    end
  end

  it 'names everything that is linked into its binaries, with its licence' do
    said, status = Open3.capture2e(File.join(ReleaseSpec::ROOT, 'scripts/build-notice'))
    expect(status).to be_success, said
    parts, texts = File.read(File.join(ReleaseSpec::ROOT, 'build/static/NOTICE')).split(/^={80}$/, 2)
    names = parts.scan(/^  (\S.*?)(?: \(.*\))?$/).flatten
    expect(names).to include('The Rust standard library', 'musl libc', 'jemalloc', 'The Go standard library',
                             a_string_matching(/^rustls \d/), a_string_matching(%r{^github\.com/caddyserver/caddy/v2 v}))
    owned = texts.split(/^={80}$/).each_slice(2).map { |owners, _| owners.tr("\n", ' ').squeeze(' ') }.join(',')
    expect(names.reject { |name| owned.include?(name) }).to be_empty
    expect(texts).to include('Permission is hereby granted', 'Mozilla Public License', 'Jason Evans')
  end
end
