#!/usr/bin/env bash
# From a fresh clone to a table and a picture: sets up, builds, runs
# experiments/quickstart.ini, plots it.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/quickstart.sh [--no-setup]

Installs what is missing, builds initscope, runs experiments/quickstart.ini and
shows the result, in results/. Can be run again at any time, from anywhere.

  --no-setup   do not look for missing Debian packages
  --help       this text
END
}

setup=yes
for argument in "$@"; do
  case $argument in
    --no-setup) setup=no ;;
    -h | --help) usage; exit 0 ;;
    *)
      echo "quickstart.sh: unknown option '$argument'; see --help" >&2
      exit 64 ;;
  esac
done

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' plain=$'\e[0m'
fi
step() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }

cd "$(dirname "$(readlink -f "$0")")/.."
source scripts/find_python.sh
results=results/quickstart.h5

if [[ $setup == yes ]]; then
  step "Packages"
  scripts/setup.sh
fi
python=$(find_python numpy h5py pandas matplotlib)

step "Build"
# Ninja runs CMake again where a CMakeLists.txt changed; presets it ignores.
presets=build/release/configured_presets.json
if [[ ! -e build/release/build.ninja ]] ||
  ! cmp --silent CMakePresets.json "$presets"; then
  cmake --preset release
  cp CMakePresets.json "$presets"
fi
cmake --build --preset release --target initscope

step "Run experiments/quickstart.ini"
mkdir -p results
build/release/initscope run experiments/quickstart.ini \
  --output "$results" --force

step "Plot"
"$python" scripts/plot_variance.py "$results"

step "What became of each network"
build/release/initscope info "$results"

step "Files, in $PWD"
ls -1 "${results%.h5}"*
