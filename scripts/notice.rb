# frozen_string_literal: true

# What scripts/notice runs. The texts are those in the sources of each crate and
# module, as the registries serve them; equal texts appear once, with all that
# they belong to.

require 'English'

TARGET = 'x86_64-unknown-linux-musl'
RULE = '=' * 80

HEADER = <<~TEXT
  aiven-metrics
  Licensed under the Apache License, Version 2.0; see LICENSE.

  The binaries in this release are linked from other people's work, too. First
  what is in them, then the licence texts, each with those that it belongs to.
  Where a licence may be chosen, it is MIT if that is one of them.
TEXT

MIT = <<~TEXT
  Permission is hereby granted, free of charge, to any person obtaining a copy of
  this software and associated documentation files (the "Software"), to deal in
  the Software without restriction, including without limitation the rights to
  use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
  the Software, and to permit persons to whom the Software is furnished to do so,
  subject to the following conditions:

  The above copyright notice and this permission notice shall be included in all
  copies or substantial portions of the Software.

  THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
  IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
  FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
  COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
  IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
  CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
TEXT

# C sources that a crate carries, with a licence of their own.
BUNDLED = { 'tikv-jemalloc-sys' => %w[jemalloc BSD-2-Clause] }.freeze

# Something that is linked into a binary.
Part = Struct.new(:name, :licence, :texts)

def run(*command, environment: {})
  output = IO.popen(environment, command, &:read)
  abort "notice: #{command.first(2).join(' ')} failed" unless $CHILD_STATUS.success?
  output.force_encoding('UTF-8')
end

def texts_in(folder, name, licence = '')
  files = Dir.children(folder).grep(/\A(licen[sc]e|copying|notice|copyright|patents|unlicense)/i)
             .select { |file| File.file?(File.join(folder, file)) }.sort
  chosen = files.grep(/\Alicen[sc]e.mit/i)
  files = chosen + files.grep(/\Anotice/i) if chosen.any? && licence.match?(%r{ OR |/}) && !licence.include?(' AND ')
  abort "notice: #{name} has no licence text in #{folder}" if files.empty?
  files.map { |file| File.read(File.join(folder, file), encoding: 'UTF-8').scrub.delete("\r\f") }
end

def rust_parts
  registry = File.join(ENV.fetch('CARGO_HOME') { File.join(Dir.home, '.cargo') }, 'registry/src/*')
  tree = run('cargo', 'tree', '--quiet', '--locked', '--package', 'aiven-metrics', '--target', TARGET,
             '--edges', 'normal,no-proc-macro', '--no-dedupe', '--prefix', 'none', '--format', '{p}|{l}')
  crates = tree.lines(chomp: true).reject(&:empty?).uniq.sort.flat_map do |line|
    crate, licence = line.split('|')
    name, version = crate.split
    next [] if name == 'aiven-metrics'

    folder = Dir.glob(File.join(registry, "#{name}-#{version.delete_prefix('v')}")).min
    abort "notice: cargo's registry has no source of #{name} #{version}" unless folder
    crate = Part.new("#{name} #{version.delete_prefix('v')}", licence, texts_in(folder, name, licence))
    [crate, *bundled_in(folder, name)]
  end
  rust_runtime + crates
end

def bundled_in(folder, crate)
  name, licence = BUNDLED[crate]
  name ? [Part.new(name, licence, texts_in(File.join(folder, name), name))] : []
end

# The toolchain need not have these two texts on disk.
def rust_runtime
  [Part.new('The Rust standard library', 'MIT OR Apache-2.0', ["Copyright (c) The Rust Project Contributors\n\n#{MIT}"]),
   Part.new('musl libc', 'MIT', ["Copyright © 2005-2020 Rich Felker, et al.\n\n#{MIT}"])]
end

def go_parts
  settings = { 'GOENV' => 'off', 'GOWORK' => 'off', 'GOFLAGS' => '-modcacherw',
               'GOOS' => 'linux', 'GOARCH' => 'amd64', 'CGO_ENABLED' => '0' }
  format = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"
  list = run('go', 'list', '-C', 'packages/caddy/module', '-mod=readonly', '-deps', '-f', format, '.', environment: settings)
  modules = list.lines(chomp: true).reject(&:empty?).uniq.sort.map do |line|
    path, version, folder = line.split("\t")
    Part.new("#{path} #{version}", nil, texts_in(folder, path))
  end
  root = run('go', 'env', 'GOROOT').chomp
  [Part.new('The Go standard library', nil, texts_in(root, 'Go'))] + modules
end

def list(title, parts)
  ["\n#{title}\n\n", *parts.map { |part| "  #{[part.name, part.licence && "(#{part.licence})"].compact.join(' ')}\n" }]
end

# Texts that differ in white space only are one.
def texts(parts)
  owned = parts.flat_map { |part| part.texts.map { |text| [text, part.name] } }
  owned.group_by { |text, _| text.split.join(' ') }.values.flat_map do |group|
    owners = group.map(&:last).uniq.join(', ').gsub(/(.{1,78})(?: |\z)/, "\\1\n")
    ["\n#{RULE}\n#{owners}#{RULE}\n\n", group.first.first.strip, "\n"]
  end
end

def notice
  rust = rust_parts
  go = go_parts
  [HEADER, *list('In bin/aiven-metrics:', rust), *list('In bin/caddy:', go), *texts(rust + go)].join
end

case ARGV
when []
  File.write('NOTICE', notice)
when ['--check']
  File.read('NOTICE', encoding: 'UTF-8') == notice ||
    abort('notice: NOTICE is not what is shipped: run scripts/notice and commit the file')
else
  abort "notice: unknown arguments #{ARGV.join(' ')}"
end
