# frozen_string_literal: true

require 'json'
require 'socket'
require_relative 'scratch_clone'
require_relative 'spec_helper'

# The pipeline's tasks that look after it: who is told, and what there is newer.
RSpec.describe 'ci/tasks' do
  include_context 'with a scratch clone'

  def try_task(name, environment)
    run_task(name, "source=#{@source.path}", environment: environment)
  end

  describe 'notify' do
    # Answers one request with `status`; gives what was asked, and what the task said.
    def notified(what, status: '200 OK')
      server = TCPServer.new('127.0.0.1', 0)
      asked = Thread.new do
        client = server.accept
        head = client.readpartial(4096) until head.to_s.include?("\r\n\r\n")
        lines, body = head.split("\r\n\r\n", 2)
        body << client.readpartial(4096) while body.bytesize < lines[/^content-length: (\d+)/i, 1].to_i
        client.write("HTTP/1.1 #{status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        client.close
        [lines.lines.first.strip, JSON.parse(body)]
      end
      url = "http://127.0.0.1:#{server.addr[1]}/hooks/secret"
      result = try_task('notify', 'NOTIFICATION_URL' => url, 'WHAT' => what, 'NO_PROXY' => '127.0.0.1')
      [asked.value, *result]
    ensure
      server&.close
    end

    it 'posts what happened, with the commit, as JSON whatever is in it' do
      @source.run('git', 'commit', '--quiet', '--allow-empty', '--message', %q(area: say "no" \ and more))
      (request, json), said, status = notified('the job test failed')
      expect(status).to be_success, said
      expect(request).to eq('POST /hooks/secret HTTP/1.1')
      expect(json).to match('text' => /\Aaiven-metrics: the job test failed, at \h{7,} \(area: say "no" \\ and more\)\z/)
      expect(said).not_to include('secret')
    end

    it 'fails when nobody takes it' do
      _, _, status = notified('the job test failed', status: '403 Forbidden')
      expect(status).not_to be_success
    end

    it 'notifies nobody where no address is given, and refuses to say nothing' do
      said, status = try_task('notify', 'WHAT' => 'the job test failed')
      expect(status).to be_success
      expect(said).to include('the job test failed')
      said, status = try_task('notify', {})
      expect([status.success?, said]).to match([false, /WHAT/])
    end
  end

  describe 'newer-versions' do
    # As registries would answer: programs in front of the real ones.
    def registries(crates: '', modules: {}, newest_go: nil)
      FileUtils.mkdir_p(at('bin'))
      pinned = File.read(File.join(@source.path, 'packages/caddy/module/toolchain')).strip.delete_prefix('go')
      program('cargo', <<~BASH)
        case $1 in
          tree) printf 'rustls v0.23.0\\nserde v1.0.0 (*)\\naiven-metrics v0.1.0 (/somewhere)\\n' ;;
          update) cat <<'LINES' >&2
        #{crates}
        LINES
        esac
      BASH
      program('go', <<~BASH)
        case "$*" in
          *go@latest*) echo #{newest_go || pinned} ;;
          *'scripts/tools/ '*' tool') echo github.com/cloudfoundry/bosh-cli/v7 ;;
          *' tool') ;;
          *' all') echo github.com/caddyserver/caddy/v2 ;;
          *' -u '*) #{modules.map { |name, change| "[[ \" $* \" != *' #{name} '* ]] || echo 'module #{name} #{change}'" }.join("\n")} ;;
          *) echo github.com/caddyserver/caddy/v2 ;;
        esac
      BASH
    end

    def program(name, script)
      File.write(at('bin', name), "#!/usr/bin/env bash\nset -euo pipefail\n#{script}")
      File.chmod(0o755, at('bin', name))
    end

    # A repository with these versions as tags.
    def prometheus_release(*versions)
      FileUtils.mkdir_p(at('prometheus-release'))
      @source.run('git', 'init', '--quiet', at('prometheus-release'))
      @source.run('git', '-C', at('prometheus-release'), 'commit', '--quiet', '--allow-empty', '--message', 'Release')
      versions.each { |version| @source.run('git', '-C', at('prometheus-release'), 'tag', "v#{version}") }
    end

    def pinned_release
      ops_file = YAML.load_file(File.join(@source.path, 'manifests/operations/add-tenant-prometheis.yml'))
      ops_file.map { |operation| operation['value'] }.grep(Hash).find { |value| value['name'] == 'prometheus' && value['url'] }['version']
    end

    def newer_versions
      # Without the tools of this clone, whose cargo and go would come first.
      FileUtils.rm_f(File.join(@source.path, 'build/tools'))
      FileUtils.mkdir_p(File.join(@source.path, 'build/tools'))
      try_task('newer-versions', 'PATH' => "#{at('bin')}:#{ENV.fetch('PATH')}", 'PROMETHEUS_RELEASE' => at('prometheus-release'))
    end

    it 'is content with the newest, and with newer ones of what nobody asked for' do
      registries(crates: "    Updating crates.io index\n   Unchanged hidden v1.0.0 (available: v2.0.0)\n    Updating deep v1.0.0 -> v1.0.1")
      prometheus_release('9.9.9', pinned_release)
      said, status = newer_versions
      expect([status.success?, said]).to match([true, /all is the newest\n\z/])
    end

    it 'names each newer one, and fails' do
      registries(crates: "    Updating serde v1.0.0 -> v1.0.1\n   Unchanged rustls v0.23.0 (available: v0.24.0, requires Rust 1.99)",
                 modules: { 'github.com/caddyserver/caddy/v2' => 'v2.11.9 -> v2.12.0', 'github.com/cloudfoundry/bosh-cli/v7' => 'v7.1.0 -> v7.2.0' },
                 newest_go: '1.99.0')
      prometheus_release(pinned_release, '99.10.0', '99.9.0')
      said, status = newer_versions
      expect(status).not_to be_success
      expect(said.lines(chomp: true)).to include(
        'crate serde v1.0.0 -> v1.0.1', 'crate rustls v0.23.0 -> v0.24.0',
        'module github.com/caddyserver/caddy/v2 v2.11.9 -> v2.12.0', 'module github.com/cloudfoundry/bosh-cli/v7 v7.1.0 -> v7.2.0',
        /\AGo go1\.\S+ -> go1\.99\.0\z/, "prometheus release #{pinned_release} -> 99.10.0", 'newer-versions: 6 newer'
      )
    end

    it 'fails when one of them cannot be asked, and names what the others know' do
      registries
      said, status = newer_versions
      expect([status.success?, said]).to match([false, /no answer about the prometheus release\n.*nothing newer, but not all could be asked/m])
      registries(newest_go: '1.99.0')
      said, status = newer_versions
      expect([status.success?, said]).to match([false, /no answer about the prometheus release\n.*Go \S+ -> go1\.99\.0\n.*1 newer/m])
    end
  end
end
