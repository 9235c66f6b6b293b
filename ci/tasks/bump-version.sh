#!/usr/bin/env bash
# Raises the version in Cargo.toml, which the binary and the final release have, in a commit of its own.

set -euo pipefail

: "${RAISE:?patch, minor or major}" "${GIT_NAME:?}" "${GIT_EMAIL:?}"
export GIT_AUTHOR_NAME=$GIT_NAME GIT_AUTHOR_EMAIL=$GIT_EMAIL
export GIT_COMMITTER_NAME=$GIT_NAME GIT_COMMITTER_EMAIL=$GIT_EMAIL

git clone --quiet source bumped
cd bumped
before=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
IFS=. read -r major minor patch <<<"$before"
case $RAISE in
  patch) after=$major.$minor.$((patch + 1)) ;;
  minor) after=$major.$((minor + 1)).0 ;;
  major) after=$((major + 1)).0.0 ;;
  *)
    echo "bump-version: RAISE is $RAISE, and not patch, minor or major" >&2
    exit 1
    ;;
esac
sed -i "s/^version = \"$before\"/version = \"$after\"/" Cargo.toml
cargo update --quiet --workspace
git commit --quiet --all --message "Raise the version to $after"
echo "bump-version: $before is now $after"
