#!/usr/bin/env bash
# Submits a sweep to Slurm: an array of shards, and a job that merges.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/slurm_sweep.sh [OPTIONS] FILE.ini N [FLAGS] [-- SBATCH_OPTIONS]

Submits N tasks, each of which computes its share of FILE.ini's sweep, and a job
that merges what is left to merge. FLAGS are keys of 'initscope run';
SBATCH_OPTIONS go to both (--partition, --account; --time and --mem to replace
the estimates). Run it again to go on with a sweep that was not finished.

  --command C   train or attention instead of run
  --cpus C      cores of each task (default: 1)
  --dry-run     print what would be submitted
  --help        this text

A task that gets Slurm's warning before its time is over stores what it has, and
is queued again. Time and memory are what 'initscope plan' expects, here, with a
reserve; plan does not know attention, which needs --time and --mem.
'initscope status FILE.ini' says how far the sweep is.
END
}

fail() {
  echo "slurm_sweep.sh: $2" >&2
  exit "$1"
}

command=run
cpus=1
dry_run=no
arguments=()
more=()
while (($# > 0)); do
  case $1 in
    --help) usage; exit 0 ;;
    --dry-run) dry_run=yes ;;
    --command | --cpus)
      (($# > 1)) || fail 64 "$1 wants a value; see --help"
      if [[ $1 == --cpus ]]; then cpus=$2; else command=$2; fi
      shift ;;
    --) shift; more=("$@"); break ;;
    -*) # after FILE.ini a flag
      ((${#arguments[@]} > 0)) || fail 64 "unknown option '$1'; see --help"
      arguments+=("$1") ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
((${#arguments[@]} >= 2)) || fail 64 "FILE.ini and N are missing; see --help"
file=${arguments[0]} shards=${arguments[1]} flags=("${arguments[@]:2}")
[[ $shards =~ ^[1-9][0-9]{0,4}$ ]] || fail 64 "'$shards' is no number of tasks"
[[ $cpus =~ ^[1-9][0-9]{0,3}$ ]] || fail 64 "'$cpus' is no number of cores"
case $command in
  run | train | attention) ;;
  *) fail 64 "--command is run, train or attention, not '$command'" ;;
esac
[[ -r $file ]] || fail 74 "$file: cannot be read"

checkout=$(dirname "$(dirname "$(readlink -f "$0")")")
initscope=${INITSCOPE:-$checkout/build/release/initscope}
[[ -x $initscope ]] || initscope=$(type -P initscope) ||
  fail 69 "there is no initscope: build it, or set INITSCOPE"
initscope=$(readlink -f "$initscope")

estimates=()
if [[ $command != attention ]]; then
  plan=$("$initscope" plan "$file" "${flags[@]}" --jobs "$cpus" --json)
  value() { sed -n "0,/\"$1\":/s/^ *\"$1\": \([0-9.e+-]*\),*\$/\1/p" <<<"$plan"; }
  # Twice what is expected and five minutes; a quarter more memory and 64 MB.
  estimates=("$(awk -v seconds="$(value expected_seconds)" \
    -v bytes="$(value memory_bytes)" -v shards="$shards" '
    function up(x) { return int(x) + (x > int(x)) }
    BEGIN { printf "--time=%d --mem=%dM", 5 + up(2 * seconds / shards / 60),
                   64 + up(1.25 * bytes / 1048576) }')")
  read -ra estimates <<<"${estimates[0]}"
fi

quote() { printf '%q ' "$@"; }
submit() {
  if [[ $dry_run == yes ]]; then
    quote sbatch "$@" >&2
    echo >&2
    echo 1
  else
    sbatch --parsable "$@"
  fi
}

name=$(basename "$file" .ini)
call=$(quote "$initscope" "$command" "$file" "${flags[@]}" --jobs "$cpus")
# What Slurm sends goes to the steps of a job, which srun begins.
array=$(submit --job-name="$name" --array="1-$shards" --cpus-per-task="$cpus" \
  --signal=USR1@60 --requeue --open-mode=append \
  --output="$name-%A_%a.log" "${estimates[@]}" "${more[@]}" --wrap "
srun $call--shard \"\$SLURM_ARRAY_TASK_ID/$shards\"
code=\$?
if [ \$code = 75 ]; then
  scontrol requeue \"\${SLURM_ARRAY_JOB_ID}_\$SLURM_ARRAY_TASK_ID\"
fi
exit \$code")
array=${array%%;*}
merge=$(submit --job-name="$name-merge" --dependency="afterany:$array" \
  --output="$name-merge.log" "${estimates[@]}" "${more[@]}" --wrap \
  "$(quote "$initscope" merge "$file" "${flags[@]}")")
echo "array $array of $shards tasks, then job ${merge%%;*} merges;" \
  "initscope status $file says how far they are"
