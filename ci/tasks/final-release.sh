#!/usr/bin/env bash
# The final release of Cargo.toml's version: the commit with its tag, and all that is published.
#
# released/   the repository, ready to be pushed
# artefacts/  tarball, SHA256SUMS, notes.md, the ops file that pins the release, the parts lists of
#             both binaries, and the tag's name

set -euo pipefail

: "${DOWNLOAD_URL:?such as https://github.com/OWNER/aiven-metrics/releases/download}"
: "${GIT_NAME:?}" "${GIT_EMAIL:?}"
export GIT_AUTHOR_NAME=$GIT_NAME GIT_AUTHOR_EMAIL=$GIT_EMAIL
export GIT_COMMITTER_NAME=$GIT_NAME GIT_COMMITTER_EMAIL=$GIT_EMAIL

here=$PWD work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is built, and the tools for it, do not belong into what is pushed.
git clone --quiet bumped "$work/repository"
cd "$work/repository"
if [[ -n ${BLOBSTORE_CREDENTIALS:-} ]]; then
  (umask 077 && printf '%s\n' "$BLOBSTORE_CREDENTIALS" >config/private.yml)
fi
before=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)
scripts/setup release
scripts/build-release --final
git clone --quiet . "$here/released"

tag=$(git describe --tags --exact-match --match 'v*')
version=${tag#v}
tarball=aiven-metrics-$version.tgz
cp "build/$tarball" "$here/artefacts/"
cd "$here/artefacts"
sha256sum "$tarball" >SHA256SUMS
printf '%s\n' "$tag" >tag
# As the Director and operators get them: out of the tarball.
tar -xzf "$tarball" -C "$work"
for binary in aiven-metrics caddy; do
  cp "$work/NOTICE-$binary.cdx.json" "$binary-$version.cdx.json"
  tar -xzf "$work/packages/$binary.tgz" -C "$work" --one-top-level="package-$binary"
done

cat >"use-aiven-metrics-$version.yml" <<EOF
# After add-tenant-prometheis.yml: the Director fetches this version and checks it.
- type: replace
  path: /releases/name=aiven-metrics?
  value:
    name: aiven-metrics
    version: $version
    url: $DOWNLOAD_URL/$tag/$tarball
    sha1: sha256:$(sha256sum "$tarball" | cut -d' ' -f1)
EOF

# shellcheck disable=SC2016 # Markdown's backticks
{
  printf '## Changes%s\n\n' "${before:+ since $before}"
  git -C "$here/released" log --no-merges --reverse --format='- %s' \
    --invert-grep --grep='^Raise the version' "${before:+$before..}HEAD~1"
  printf '\n## Deploy\n\n```yaml\n%s\n```\n' "$(<"use-aiven-metrics-$version.yml")"
  printf '\n## Check\n\n| file | SHA-256 |\n|---|---|\n'
  printf '| `%s` | `%s` |\n' "$tarball" "$(cut -d' ' -f1 SHA256SUMS)"
  for binary in aiven-metrics caddy; do
    printf '| `/var/vcap/packages/%s/bin/%s` | `%s` |\n' "$binary" "$binary" \
      "$(sha256sum "$work/package-$binary/$binary/$binary" | cut -d' ' -f1)"
  done
  printf '\nOn Debian 12 with Rust by rustup, `git checkout %s && scripts/setup release && scripts/build-static &&\n' "$tag"
  printf 'scripts/build-caddy` gives both binaries again, byte for byte, and `scripts/build-release --existing %s`\n' "$version"
  printf 'the tarball. What is linked into them, with versions and licences: `aiven-metrics-%s.cdx.json` and\n' "$version"
  printf '`caddy-%s.cdx.json` (CycloneDX), and NOTICE in the tarball.\n' "$version"
} >notes.md
