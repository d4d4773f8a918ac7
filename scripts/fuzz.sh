#!/usr/bin/env bash
# Feeds the readers of experiment and data files with what libFuzzer makes up.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/fuzz.sh [--merge] [SECONDS] [TARGET...]

Builds initscope_fuzz (release, with Clang) and runs each TARGET (default:
experiment, csv, npy, idx, gzip) for SECONDS (default: 600), all at once. What is
neither read nor refused in one line is a finding: its bytes are left in
build/fuzz, and the script fails.

  --merge   add the files that reach code that no other reaches to
            scripts/tests/fuzz
  --help    this text

Needs the packages of scripts/setup.sh --tests.
END
}

targets=()
seconds=600
merge=no
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    --merge) merge=yes ;;
    experiment | csv | npy | idx | gzip) targets+=("$argument") ;;
    *[!0-9]* | '')
      echo "fuzz.sh: unknown option or target '$argument'; see --help" >&2
      exit 64 ;;
    *) seconds=$argument ;;
  esac
done
if ((${#targets[@]} == 0)); then targets=(experiment csv npy idx gzip); fi

cd "$(dirname "$(readlink -f "$0")")/.."
[[ -e build/release/build.ninja ]] || cmake --preset release
cmake --build --preset release --target fuzz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p build/fuzz

# Runs the target $1; its findings are build/fuzz/$1-….
fuzz() {
  local status=0 corpus=scripts/tests/fuzz/$1 log=$work/$1.log
  mkdir -p "$work/$1"
  FUZZ=$1 TMPDIR=$work build/release/initscope_fuzz \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=4096 \
    -dict=scripts/tests/fuzz/words.dict -artifact_prefix="build/fuzz/$1-" \
    -print_final_stats=1 "$work/$1" "$corpus" >"$log" 2>&1 || status=$?
  if ((status != 0)); then
    tail -n 30 "$log"
    echo "$1: a finding, in build/fuzz"
    return 1
  fi
  if [[ $merge == yes ]]; then
    FUZZ=$1 TMPDIR=$work build/release/initscope_fuzz -set_cover_merge=1 \
      "$corpus" "$work/$1" >>"$log" 2>&1 || { tail -n 30 "$log"; return 1; }
  fi
  awk -v target="$1" -v seconds="$seconds" '
    /^stat::number_of_executed_units:/ { files = $2 }
    END { printf "%s: %d files in %d s, none of them wrong\n",
                 target, files, seconds }' "$log"
}

failed=0
pids=()
for target in "${targets[@]}"; do
  fuzz "$target" &
  pids+=("$!")
done
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
exit "$failed"
