#!/usr/bin/env bash
# Puts the prebuilt DuckDB library of the pinned version into the folder named as argument.
#
# It is taken from the first of: a file named by DUCKDB_LIB_FILE, npm, curl. Whatever the way,
# its checksum must be the pinned one. Building DuckDB from source instead takes about 25
# minutes on two cores: `cargo build --release` with the default feature `bundled`.
set -euo pipefail

version=1.5.6
package="@duckdb/node-bindings-linux-x64@1.5.6-r.1"
url="${DUCKDB_LIB_URL:-https://unpkg.com/$package/libduckdb.so}"
sha256=3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633

dir=${1:?usage: scripts/duckdb.sh FOLDER}
lib="$dir/libduckdb.so"
stamp="$lib.sha256"

matches() { [ "$(sha256sum "$1" 2>/dev/null | cut -d' ' -f1)" = "$sha256" ]; }

# The stamp says that this very file was checked before; hashing 70 MB each time would be slow.
if [ -f "$lib" ] && [ -f "$stamp" ] && [ "$stamp" -nt "$lib" ] && [ "$(cat "$stamp")" = "$sha256" ]; then
  exit 0
fi

if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "no prebuilt DuckDB $version is pinned for $(uname -sm);" >&2
  echo "build it from source: cargo build --release (about 25 minutes)" >&2
  exit 1
fi

mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

keep() {
  mv "$1" "$lib"
  printf '%s' "$sha256" > "$stamp"
  touch "$stamp"
}

accept() {
  if matches "$1"; then
    keep "$1"
    exit 0
  fi
  echo "DuckDB $version from $2 has another checksum than the pinned one; not used" >&2
}

if [ -f "$lib" ]; then
  cp "$lib" "$work/found" && accept "$work/found" "$lib"
fi
if [ -n "${DUCKDB_LIB_FILE:-}" ] && [ -f "$DUCKDB_LIB_FILE" ]; then
  cp "$DUCKDB_LIB_FILE" "$work/given" && accept "$work/given" "$DUCKDB_LIB_FILE"
fi
if command -v npm >/dev/null; then
  echo "fetching DuckDB $version (70 MB) with npm" >&2
  if (cd "$work" && npm pack --silent "$package" >/dev/null 2>&1 && tar xzf ./*.tgz); then
    accept "$work/package/libduckdb.so" npm
  else
    echo "npm could not fetch $package" >&2
  fi
fi
if command -v curl >/dev/null; then
  echo "fetching DuckDB $version (70 MB) with curl" >&2
  if curl --fail --silent --show-error --location --output "$work/curl" "$url"; then
    accept "$work/curl" curl
  fi
fi

echo "no DuckDB $version: install npm or curl and try again, or name a copy of" >&2
echo "libduckdb.so with DUCKDB_LIB_FILE, or build from source with cargo build --release" >&2
exit 1
