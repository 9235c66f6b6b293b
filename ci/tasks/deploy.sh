#!/usr/bin/env bash
# Adds the tarball's release to a Cloud Foundry that is deployed already, and proves that it works.
#
# The manifest is the one that the Director has, so nobody's ops files are lost;
# the ops file may be in it from the last time, and changes nothing then.

set -euo pipefail

: "${BOSH_ENVIRONMENT:?the Director, as for bosh --environment}"
: "${BOSH_CLIENT:?}" "${BOSH_CLIENT_SECRET:?}" "${BOSH_DEPLOYMENT:?}" "${VARIABLES:?}"
export BOSH_NON_INTERACTIVE=true
[[ -n ${BOSH_ALL_PROXY:-} ]] || unset BOSH_ALL_PROXY
[[ -n ${BOSH_CA_CERT:-} ]] || unset BOSH_CA_CERT

source/scripts/setup bosh
PATH=$PWD/source/build/tools/bin:$PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$VARIABLES" >"$work/variables.yml"

bosh upload-release tarball/aiven-metrics-*.tgz
bosh manifest >"$work/manifest.yml"
bosh deploy "$work/manifest.yml" \
  --ops-file source/manifests/operations/add-tenant-prometheis.yml \
  --vars-file "$work/variables.yml"
# On every instance. With an --instance that has no such job it would run nowhere and succeed.
bosh run-errand aiven-metrics-smoke-tests
