#!/usr/bin/env bash
# Sets up, builds and runs every test, C++ and Python.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/test.sh [--all] [--no-setup] [PRESET...]

Configures, builds and tests each PRESET of CMakePresets.json (default:
release), and builds the next one meanwhile. The Python tests run in release,
but for those that asan runs, too, if it is among the presets. A preset that
fails does not keep the others from running, and fails the script.

  --all        all there is: release, asan and tsan, and the scans, which take
               hours: every float, every failing call, thousands of files
  --no-setup   do not look for missing Debian packages
  --help       this text
END
}

setup=yes
scans=()
presets=()
for argument in "$@"; do
  case $argument in
    --all)
      presets+=(release asan tsan)
      scans=(-C Scans) ;;
    --no-setup) setup=no ;;
    -h | --help) usage; exit 0 ;;
    release | dev | asan | tsan) presets+=("$argument") ;;
    *)
      echo "test.sh: unknown option or preset '$argument'; see --help" >&2
      exit 64 ;;
  esac
done
if ((${#presets[@]} == 0)); then presets=(release); fi

cd "$(dirname "$(readlink -f "$0")")/.."
if [[ $setup == yes ]]; then scripts/setup.sh --tests; fi

# Configures and builds the preset $1; returns 1 or 2, by what failed.
build_preset() {
  local targets=(all)
  if [[ $1 == release ]]; then targets+=(fuzz); fi
  cmake --preset "$1" || return 1
  cmake --build --preset "$1" --target "${targets[@]}" || return 2
}

# Builds the preset $1 beside the tests of another, with what those leave of the
# processor.
build_beside() {
  mkdir -p build
  set -m # a process group of its own, which can be stopped
  (chrt --idle --pid 0 "$BASHPID"; build_preset "$1") \
    >"build/$1.log" 2>&1 &
  beside=$!
  set +m
}

# Builds and tests the preset $1, while $2 is built; sets $verdict.
test_preset() {
  local status=0
  if [[ -n $beside ]]; then
    wait "$beside" || status=$?
    beside=
    cat "build/$1.log"
  else
    build_preset "$1" || status=$?
  fi
  if [[ -n $2 ]]; then build_beside "$2"; fi
  case $status in
    0) ;;
    1) verdict="FAILED to configure"; return 1 ;;
    *) verdict="FAILED to build"; return 1 ;;
  esac
  local options=()
  if [[ $1 == release ]]; then
    options=("${scans[@]}")
    # What asan tests as well is tested once.
    if [[ " ${presets[*]} " == *" asan "* ]]; then options+=(-LE in_asan); fi
  fi
  verdict="FAILED its tests"
  if ! ctest --preset "$1" "${options[@]}"; then
    failed_in+=("$1")
    return 1
  fi
  verdict="passed"
}

# What the tests that failed printed, the last lines of each: once more, at the
# end, where a long log is read.
show_failed() {
  local log=build/$1/Testing/Temporary/LastTest.log
  [[ -e $log ]] || return 0
  awk -v lines=40 '
    /^Start testing: / { failed = "" }
    /^[0-9]+\/[0-9]+ Test: / { n = 0 }
    { kept[n++] = $0 }
    /^Test Failed\.$|^Test timeout/ {
      failed = failed "\n== failed: " kept[0] "\n"
      for (i = n > lines ? n - lines : 1; i < n; ++i) failed = failed kept[i] "\n"
    }
    END { printf "%s", failed }' "$log"
}

beside= # what is built beside tests: its process
trap '[[ -z $beside ]] || kill -- "-$beside" 2>/dev/null' EXIT
trap 'exit 130' INT
summary=()
failed_in=()
failures=0
for i in "${!presets[@]}"; do
  preset=${presets[i]}
  echo "== $preset"
  start=$SECONDS
  test_preset "$preset" "${presets[i + 1]:-}" || failures=$((failures + 1))
  summary+=("$preset $verdict in $((SECONDS - start)) s")
done
for preset in "${failed_in[@]}"; do show_failed "$preset"; done
echo
printf '%s\n' "${summary[@]}"
exit $((failures > 0))
