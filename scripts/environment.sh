# shellcheck shell=bash
# Sourced by the other scripts, never run: where the clone and its tools are,
# and which Rust toolchain to use. Changes into the clone's top folder.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$ROOT"

# Everything that scripts/setup fetches; git ignores it, and deleting it undoes it.
TOOLS=$ROOT/build/tools
export PATH=$TOOLS/bin:$PATH

# rustup changes the PATH of login shells only.
if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo ]]; then
  export PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
fi

# Written by scripts/setup where the pinned toolchain cannot be had.
if [[ -z ${RUSTUP_TOOLCHAIN:-} && -r $TOOLS/toolchain ]]; then
  RUSTUP_TOOLCHAIN=$(<"$TOOLS/toolchain")
  export RUSTUP_TOOLCHAIN
fi

# The one Go that compiles what ships (and the tools), to the patch: Go fetches
# it by itself where another one is installed.
GOTOOLCHAIN=$(<"$ROOT/packages/caddy/module/toolchain")
export GOTOOLCHAIN

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Where cargo builds.
target_dir() {
  cargo metadata --locked --no-deps --format-version 1 | sed -nE 's/.*"target_directory":"([^"]*)".*/\1/p'
}
