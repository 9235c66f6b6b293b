#!/usr/bin/env bash
# Fails if there is something newer than what the release is made of, and names it:
# crates that Cargo.toml names, Caddy, Go, the tools of scripts/tools, the prometheus release.
#
# What those bring along is not looked at: scripts/lint knows its security advisories.

set -euo pipefail
shopt -s inherit_errexit

: "${PROMETHEUS_RELEASE:?such as https://github.com/cloudfoundry/prometheus-boshrelease}"

source/scripts/setup compiler go
PATH=$PWD/source/build/tools/bin:$PATH

main() {
  local tools
  : >newer.log
  ask "crates" crates
  ask "Caddy" modules packages/caddy/module directly_needed
  for tools in scripts/tools/ $(cd source && printf '%s\n' scripts/tools/*/); do
    ask "$tools" modules "$tools" tools_of
  done
  ask "Go" go_itself
  ask "the prometheus release" prometheus_release
  cat newer.log
  [[ ! -s newer.log ]] || die "$(wc -l <newer.log) newer"
  [[ -z $unasked ]] || die "nothing newer, but not all could be asked"
  echo "newer-versions: all is the newest"
}

# ask WHAT COMMAND...: one that cannot be asked does not hide what the others know. In a shell of
# its own, where -e holds in spite of the `||`.
ask() {
  local what=$1
  shift
  ("$@") >>newer.log &
  wait "$!" || {
    echo "newer-versions: no answer about $what" >&2
    unasked=yes
  }
}

die() {
  echo "newer-versions: $*" >&2
  exit 1
}

# Compatible ones (Updating A v1 -> v2) and others (Unchanged A v1 (available: v2)).
crates() {
  local named line
  named=$(cd source && cargo tree --quiet --locked --workspace --depth 1 --edges all --prefix none --format '{p}' | cut -d' ' -f1 | sort -u)
  (cd source && cargo update --dry-run --verbose 2>&1) >crates.log || { cat crates.log >&2 && return 1; }
  sed -nE 's/^ *Updating ([^ ]+) (v[^ ]+) -> (v[^ ]+).*/\1 \2 -> \3/p; s/^ *Unchanged ([^ ]+) (v[^ ]+) \(available: (v[^,)]+).*/\1 \2 -> \3/p' crates.log |
    while read -r line; do
      ! grep -qxF -- "${line%% *}" <<<"$named" || printf 'crate %s\n' "$line"
    done
}

directly_needed() {
  go list -C "source/$1" -m -f '{{if not (or .Main .Indirect)}}{{.Path}}{{end}}' all
}

tools_of() {
  go list -C "source/$1" -f '{{.Module.Path}}' tool | sort -u
}

# modules FOLDER WHICH: those of the module in FOLDER that the command WHICH names.
modules() {
  local folder=$1 which=$2 named paths
  named=$("$which" "$folder")
  [[ -n $named ]] || return 0
  mapfile -t paths <<<"$named"
  go list -C "source/$folder" -m -u -f '{{with .Update}}module {{.Path}} {{$.Version}} -> {{.Version}}{{end}}' "${paths[@]}"
}

# The one that compiles Caddy: its security fixes are in nothing else.
go_itself() {
  local pinned newest
  pinned=$(<source/packages/caddy/module/toolchain)
  newest=go$(go list -C source/packages/caddy/module -m -f '{{.Version}}' go@latest)
  [[ $pinned == "$newest" ]] || printf 'Go %s -> %s\n' "$pinned" "$newest"
}

prometheus_release() {
  local pinned newest
  pinned=$(sed -n '/name: prometheus$/,/version:/s/^ *version: //p' source/manifests/operations/add-tenant-prometheis.yml)
  newest=$(git ls-remote --refs --tags "$PROMETHEUS_RELEASE" 'v[0-9]*' | sed 's|.*/v||' | sort --version-sort | tail -n 1)
  : "${pinned:?add-tenant-prometheis.yml pins no version of the prometheus release}" "${newest:?$PROMETHEUS_RELEASE has no version}"
  [[ $pinned == "$newest" ]] || printf 'prometheus release %s -> %s\n' "$pinned" "$newest"
}

unasked=''
main
