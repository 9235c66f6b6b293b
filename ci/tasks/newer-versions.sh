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
  local newer tools
  newer=$(
    crates
    modules packages/caddy/module "$(directly_needed packages/caddy/module)"
    for tools in scripts/tools/ $(cd source && printf '%s\n' scripts/tools/*/); do
      modules "$tools" "$(go list -C "source/$tools" -f '{{.Module.Path}}' tool | sort -u)"
    done
    go_itself
    prometheus_release
  )
  if [[ -n $newer ]]; then
    printf '%s\n' "$newer"
    echo "newer-versions: $(wc -l <<<"$newer") newer" >&2
    return 1
  fi
  echo "newer-versions: all is the newest"
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

# modules FOLDER PATH...: a word each.
modules() {
  local folder=$1 paths
  read -ra paths <<<"${2//$'\n'/ }"
  ((${#paths[@]} > 0)) || return 0
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

main
