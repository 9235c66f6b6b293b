#!/usr/bin/env bash
# Everything that is checked, as on a desk.

set -euo pipefail

exec source/scripts/test
