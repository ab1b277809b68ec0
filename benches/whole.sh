#!/usr/bin/env bash
# Whole processes, as users start them: times by hyperfine, memory by GNU time.
# Usage: benches/whole.sh [target/release/drill]
set -euo pipefail
drill=$(realpath "${1:-target/release/drill}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

hyperfine --style basic --warmup 1 --runs 10 \
  -n "run quarterly-outage, all outputs, 200 band trials" "$drill run quarterly-outage --out o" \
  -n "the same without the band" "$drill run quarterly-outage --band 0 --out o" \
  -n "--help" "$drill --help" \
  -n "list" "$drill list" 2>/dev/null

hyperfine --style basic --warmup 0 --runs 2 \
  -n "10,000 trials, 2 threads" "$drill run quarterly-outage --trials 10000 --threads 2" \
  -n "10,000 trials, 1 thread" "$drill run quarterly-outage --trials 10000 --threads 1" 2>/dev/null

/usr/bin/time -f "10,000 trials: %M kB at most, %U s user" \
  "$drill" run quarterly-outage --trials 10000 >/dev/null
