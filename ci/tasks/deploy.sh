#!/usr/bin/env bash
# Adds the release to a Cloud Foundry that is deployed already, and proves that it works: the last
# final release first, with the ops file of its time, then the tarball over it, as operators will upgrade.
#
# The manifest is the one that the Director has, so nobody's ops files are lost;
# the ops file may be in it from the last time, and changes nothing then.

set -euo pipefail

: "${BOSH_ENVIRONMENT:?the Director, as for bosh --environment}"
: "${BOSH_CLIENT:?}" "${BOSH_CLIENT_SECRET:?}" "${BOSH_DEPLOYMENT:?}" "${VARIABLES:?}"
export BOSH_NON_INTERACTIVE=true
[[ -n ${BOSH_ALL_PROXY:-} ]] || unset BOSH_ALL_PROXY
[[ -n ${BOSH_CA_CERT:-} ]] || unset BOSH_CA_CERT

OPS_FILE=manifests/operations/add-tenant-prometheis.yml

main() {
  source/scripts/setup bosh
  PATH=$PWD/source/build/tools/bin:$PATH
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  printf '%s\n' "$VARIABLES" >"$work/variables.yml"

  deploy_last_final
  deploy tarball/aiven-metrics-*.tgz "source/$OPS_FILE"
}

# Where there is one: made again from the repository, the same bytes as published.
deploy_last_final() {
  local version commit
  version=$(git -C source ls-files 'releases/aiven-metrics/aiven-metrics-*.yml' |
    sed 's|.*/aiven-metrics-||; s/\.yml$//' | sort --version-sort | tail -n 1)
  if [[ -z $version ]]; then
    echo "deploy: no final release to upgrade from"
    return
  fi
  # By the commit, because not every clone has the tag.
  commit=$(git -C source log -1 --diff-filter=A --format=%H -- "releases/aiven-metrics/aiven-metrics-$version.yml")
  git -C source show "$commit:$OPS_FILE" >"$work/last-final.yml"
  if [[ -n ${BLOBSTORE_CREDENTIALS:-} ]]; then
    (umask 077 && printf '%s\n' "$BLOBSTORE_CREDENTIALS" >source/config/private.yml)
  fi
  source/scripts/build-release --existing "$version"
  deploy "source/build/aiven-metrics-$version.tgz" "$work/last-final.yml"
}

# deploy TARBALL OPS_FILE, and the errand. The version is named: `latest` is the one that sorts last.
deploy() {
  local tarball=$1 ops_file=$2 version
  version=$(tar -xOzf "$tarball" release.MF | sed -n 's/^version: //p' | tr -d "\"'")
  echo "deploy: aiven-metrics $version"
  cat >"$work/version.yml" <<YAML
- type: replace
  path: /releases/name=aiven-metrics/version
  value: $version
YAML
  bosh upload-release "$tarball"
  bosh manifest >"$work/manifest.yml"
  bosh deploy "$work/manifest.yml" \
    --ops-file "$ops_file" \
    --ops-file "$work/version.yml" \
    --vars-file "$work/variables.yml"
  # On every instance. With an --instance that has no such job it would run nowhere and succeed.
  bosh run-errand aiven-metrics-smoke-tests
}

main
