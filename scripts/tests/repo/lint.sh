#!/usr/bin/env bash
# Runs clang-tidy, with the checks of .clang-tidy, on all C++ sources.
set -euo pipefail

readonly VERSION=14 # others find other things

usage() {
  cat <<'END'
usage: scripts/tests/repo/lint.sh [--build DIR] [FILE.cc...]

Runs clang-tidy on each FILE (default: all of src, tests and benchmarks too;
the files of a module together, which takes a third of the time), on all cores.
Fails on any finding. What is meant says so in the code: NOLINT(check).

  --build DIR   a configured build (default: build/lint, configured here)
  --help        this text
END
}

fail() {
  echo "lint.sh: $2" >&2
  exit "$1"
}

build=
files=()
while (($# > 0)); do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --build)
      (($# > 1)) || fail 64 "$1 wants a value; see --help"
      build=$(realpath -m "$2")
      shift ;;
    -*) fail 64 "unknown option '$1'; see --help" ;;
    *) files+=("$(realpath "$1")") ;;
  esac
  shift
done

cd "$(dirname "$(readlink -f "$0")")/../../.."
tidy=$(type -P "clang-tidy-$VERSION" || type -P clang-tidy || true)
[[ -n $tidy && $("$tidy" --version) == *"version $VERSION."* ]] ||
  fail 69 "there is no clang-tidy $VERSION; scripts/setup.sh --tests installs it"
if [[ -z $build ]]; then
  build=build/lint
  cmake --preset lint >/dev/null || fail 74 "cannot configure $build"
fi
[[ -f $build/compile_commands.json ]] || fail 74 "$build: not configured"
if ((${#files[@]} == 0)); then
  mapfile -t files < <(
    sed -n 's/^ *"file": "\(.*\)".*/\1/p' "$build/compile_commands.json" |
      grep -v /generated/)
fi
# Huge pages save an eighth of the time where page faults are dear.
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
# The counts of what was suppressed in others' headers are on stderr.
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "$(nproc)" "$tidy" -p "$build" --quiet 2>/dev/null ||
  fail 1 "clang-tidy found what is above (or could not read a file)"
