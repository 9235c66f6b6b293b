# frozen_string_literal: true

require 'fileutils'
require 'open3'
require 'tmpdir'

# A repository of its own that holds the files of this one, as they are now, in
# one commit. What takes minutes is replaced: the binaries are scripts of one
# line, and scripts/setup lends the tools of this clone. All else is the real thing.
class ScratchClone
  ROOT = File.expand_path('..', __dir__)
  IDENTITY = %w[AUTHOR COMMITTER].flat_map do |role|
    [["GIT_#{role}_NAME", 'Scratch'], ["GIT_#{role}_EMAIL", 'scratch@localhost']]
  end.to_h.freeze

  SETUP = <<~BASH.freeze
    #!/usr/bin/env bash
    set -euo pipefail
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    mkdir -p build
    [[ -e build/tools ]] || ln -s #{ROOT}/build/tools build/tools
  BASH

  # What the binary prints says what it was built from.
  BUILD = <<~BASH
    #!/usr/bin/env bash
    set -euo pipefail
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    mkdir -p build/static
    printf '#!/bin/sh\\necho %%s\\n' "$(%<from>s)" >build/static/%<binary>s
    chmod 755 build/static/%<binary>s
  BASH

  NOTICE = <<~BASH
    #!/usr/bin/env bash
    set -euo pipefail
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    mkdir -p build/static
    echo 'licences of all that is linked' >build/static/NOTICE
  BASH

  SBOM = <<~BASH
    #!/usr/bin/env bash
    set -euo pipefail
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    mkdir -p build/static
    for binary in aiven-metrics caddy; do
      printf '{"bomFormat": "CycloneDX", "of": "%s"}\\n' $binary >build/static/NOTICE-$binary.cdx.json
    done
  BASH

  attr_reader :path

  def initialize(path)
    @path = path
    copy_files
    write('scripts/setup', SETUP, 0o755)
    write('scripts/build-static', format(BUILD, binary: 'aiven-metrics', from: %q(grep -m 1 ^version Cargo.toml | tr -d '"')), 0o755)
    write('scripts/build-caddy', format(BUILD, binary: 'caddy', from: 'cat packages/caddy/module/go.sum | sha256sum'), 0o755)
    write('scripts/build-notice', NOTICE, 0o755)
    write('scripts/build-sbom', SBOM, 0o755)
    run('git', 'init', '--quiet', '--initial-branch=main')
    commit('Scratch')
    run('scripts/setup')
  end

  def write(name, text, mode = 0o644)
    file = File.join(path, name)
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, text)
    File.chmod(mode, file)
  end

  def commit(message)
    run('git', 'add', '--all')
    run('git', 'commit', '--quiet', '--message', message)
  end

  # What the command printed; an error, with that, if it failed.
  def run(*command, environment: {})
    output, status = try(*command, environment: environment)
    raise "#{command.join(' ')} failed:\n#{output}" unless status.success?

    output
  end

  def try(*command, environment: {})
    Open3.capture2e(IDENTITY.merge('CARGO_TARGET_DIR' => nil).merge(environment), *command, chdir: path)
  end

  def build_release(*arguments)
    run('scripts/build-release', *arguments)
  end

  def tarball(version)
    File.join(path, 'build', "aiven-metrics-#{version}.tgz")
  end

  private

  def copy_files
    files = IO.popen(%w[git ls-files -z --cached --others --exclude-standard], chdir: ROOT, &:read).split("\0")
    files.each do |file|
      from = File.join(ROOT, file)
      next unless File.file?(from)

      to = File.join(path, file)
      FileUtils.mkdir_p(File.dirname(to))
      FileUtils.cp(from, to, preserve: true)
    end
  end
end

# One for each example, in the folder `source`; `at` names what is beside it.
RSpec.shared_context 'with a scratch clone' do
  around do |example|
    folder do |work|
      @work = work
      FileUtils.mkdir_p(at('source'))
      @source = ScratchClone.new(at('source'))
      example.run
    end
  end

  def at(*names) = File.join(@work, *names)

  # What the task says, and whether it succeeded; each of `pairs` is INPUT=FOLDER.
  def run_task(name, *pairs, environment: {})
    @source.try(File.join(@source.path, 'ci/run-task'), name, *pairs, environment: environment)
  end
end
