#!/usr/bin/env bash
# The dev release of the commit. Its binaries are built again, in another folder,
# and have to be those that the task build-static made.

set -euo pipefail

source/scripts/setup release
install -D -t source/build/static binaries/aiven-metrics binaries/caddy
source/scripts/build-release --compare | tee build-release.log
cp "source/$(sed -nE 's|^build-release: (build/.*\.tgz), .*|\1|p' build-release.log)" tarball/
