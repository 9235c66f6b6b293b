#!/usr/bin/env bash
# The dev release of the commit. Its binaries are built again, in another folder,
# and have to be those that the task build-static made.

set -euo pipefail

source/scripts/setup release
install -D -t source/build/static binaries/aiven-metrics binaries/caddy
source/scripts/build-release --compare
mv source/build/aiven-metrics-*.tgz tarball/
