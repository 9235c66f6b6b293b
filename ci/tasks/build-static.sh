#!/usr/bin/env bash
# The static binaries that the release packages.

set -euo pipefail

source/scripts/setup release
source/scripts/build-static
source/scripts/build-caddy
install -m 755 source/build/static/aiven-metrics source/build/static/caddy binaries/
