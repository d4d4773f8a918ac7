#!/usr/bin/env bash
# What sweeps survive: prints the numbers of each kind of fault.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/torture.sh [FAULT...]

Kills sweeps 200 times, interrupts them 50 times, lets every call fail that
writes, and fills the disk or exceeds a quota; each time the sweep goes on.
Computes a million runs. Cuts and changes a results file 15,000 times. Takes
some hours; one FAULT (kill, signal, call, disk, quota, million, damage) is
less. Needs a release build, or $INITSCOPE, and the packages of
scripts/setup.sh --tests.
END
}

for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    kill | signal | call | disk | quota | million | damage) ;;
    *)
      echo "torture.sh: unknown option or fault '$argument'; see --help" >&2
      exit 64 ;;
  esac
done
cd "$(dirname "$(readlink -f "$0")")/.."
source scripts/find_python.sh
selection=$(printf ' or test_%s' "$@")
TORTURE=full exec "$(find_python pytest h5py)" -m pytest -q -s \
  -p no:cacheprovider -k "${selection# or }" scripts/tests/cli/torture_test.py
