#!/usr/bin/env bash
# Measures every kernel beside the peer libraries that the build found.
set -euo pipefail

usage() {
  cat <<'END_OF_USAGE'
usage: scripts/bench.sh [--quick] [--huge] [--filter REGEX]
                        [--repetitions N] [--output-dir DIR] [--binary FILE]

Runs build/release/initscope_bench (builds it if it is not there) N times,
peers in turn as they are installed and with their best setting for this CPU,
benchmarks in random order. Writes DIR/bench.json with everything that was
measured and on what, DIR/bench.png and DIR/roofline.png; prints a table and
what became of the goals. Then times whole sweeps, unless a filter is given
(scripts/bench/bench_sweeps.py). Takes some minutes per repetition.

  --quick            small shapes, once and briefly: numbers mean nothing
  --huge             also a network far larger than the memory: minutes
  --filter REGEX     only these benchmarks
  --repetitions N    default: 5; the table shows medians
  --output-dir DIR   default: results, with --quick results/quick
  --binary FILE      default: build/release/initscope_bench
  --help             this text
END_OF_USAGE
}

fail() {
  echo "bench.sh: $2" >&2
  exit "$1"
}

filter=. repetitions=5 output='' binary='' seconds=0.2 quick='' huge=''
while (($# > 0)); do
  case $1 in
    --quick) quick=yes repetitions=1 seconds=0.005; shift ;;
    --huge) huge=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    --filter | --repetitions | --output-dir | --binary)
      (($# > 1)) || fail 64 "$1 wants a value; see --help"
      case $1 in
        --filter) filter=$2 ;;
        --repetitions) repetitions=$2 ;;
        --output-dir) output=$(realpath -m "$2") ;;
        --binary) binary=$(realpath -m "$2") ;;
      esac
      shift 2 ;;
    *) fail 64 "unknown option '$1'; see --help" ;;
  esac
done
[[ $repetitions =~ ^[1-9][0-9]{0,3}$ ]] ||
  fail 64 "--repetitions '$repetitions' is not a number from 1 to 9999"

cd "$(dirname "$(readlink -f "$0")")/.."
source scripts/find_python.sh
python=$(find_python numpy h5py pandas matplotlib)
output=${output:-$PWD/results${quick:+/quick}}
mkdir -p "$output"
if [[ -z $binary ]]; then
  binary=$PWD/build/release/initscope_bench
  if [[ ! -x $binary ]]; then
    cmake --preset release
    cmake --build --preset release --target initscope_bench
  fi
fi
[[ -x $binary ]] || fail 74 "$binary: not there, or not a program"

# The names that are to be run, one per line.
names=$("$binary" --benchmark_list_tests --benchmark_filter="$filter" \
  2>/dev/null) ||
  fail 70 "$binary does not list its benchmarks"
odd=$(grep -Evm 1 '^[A-Z][A-Za-z]*(/[A-Za-z0-9_:]+)+$' <<<"$names" || true)
[[ -z $odd ]] || fail 70 "$binary: '$odd' is not named FAMILY/KERNEL/..."
if [[ -n $quick ]]; then
  names=$(grep -Ev 'n:(512|1024|2048|4096)|ResultsFile' <<<"$names" || true)
fi
[[ -n $names ]] || fail 64 "--filter '$filter' matches no benchmark"

# Old versions do not know new CPUs: what makes them use their best code. Only
# these two can be told, so only they are measured twice.
tuned=()
if grep -qsw avx512f /proc/cpuinfo; then
  tuned=(OPENBLAS_CORETYPE=SkylakeX BLIS_ARCH_TYPE=0)
elif grep -qsw avx2 /proc/cpuinfo; then
  tuned=(OPENBLAS_CORETYPE=Haswell BLIS_ARCH_TYPE=3)
fi
tuned_names=$(grep -E '^Product/(openblas|blis)/' <<<"$names" || true)
if ((${#tuned[@]} == 0)); then tuned_names=''; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measure SETTING ROUND NAMES [VARIABLE=VALUE...]
measure() {
  local -r setting=$1 round=$2 names=$3
  shift 3
  echo "round $round of $repetitions, peers $setting${*:+ ($*)}:" \
    "$(wc -l <<<"$names") benchmarks" >&2
  env -u OPENBLAS_CORETYPE -u BLIS_ARCH_TYPE "$@" "$binary" \
    --benchmark_filter="^(${names//$'\n'/|})\$" \
    --benchmark_min_time="$seconds" --benchmark_repetitions=1 \
    --benchmark_enable_random_interleaving=true \
    --benchmark_context="setting=$setting,round=$round" \
    --benchmark_out="$work/$round-$setting.json" \
    --benchmark_out_format=json >"$work/log" 2>&1
}

for ((round = 1; round <= repetitions; ++round)); do
  if ! measure installed "$round" "$names"; then
    tail -n 5 "$work/log" >&2
    fail 70 "the benchmarks failed"
  fi
  if [[ -n $tuned_names ]] &&
    ! measure tuned "$round" "$tuned_names" "${tuned[@]}"; then
    echo "bench.sh: the peers failed with ${tuned[*]}; without it" >&2
    rm -f "$work/$round-tuned.json"
    tuned_names=''
  fi
done

"$python" scripts/bench/bench_merge.py "$output/bench.json" "$work"/*.json
echo
"$python" scripts/bench/bench_table.py "$output/bench.json"
echo
"$python" scripts/bench/bench_figure.py "$output/bench.json"
program=$(dirname "$binary")/initscope
if [[ $filter == . && -x $program ]]; then
  echo
  "$python" scripts/bench/bench_sweeps.py --initscope "$program" \
    --output-dir "$output" --repetitions "$repetitions" \
    ${quick:+--quick} ${huge:+--huge}
fi
