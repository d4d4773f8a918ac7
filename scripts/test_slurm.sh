#!/usr/bin/env bash
# Tries slurm_sweep.sh with a Slurm of its own on this machine.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/test_slurm.sh

Installs Slurm (Debian's slurm-wlm and munge) where it is missing, starts it
with its own ports and files, submits a sweep of six shards, cancels and
requeues one of them, compares the results with those of one process, and stops
what it started. Needs root (exit code 69 without), and $INITSCOPE or a release
build.
END
}

case ${1:-} in
  '') ;;
  -h | --help) usage; exit 0 ;;
  *) echo "test_slurm.sh: unknown option '$1'; see --help" >&2; exit 64 ;;
esac
fail() {
  echo "test_slurm.sh: $2" >&2
  exit "$1"
}
(($(id -u) == 0)) || fail 69 "starting Slurm's daemons needs root"

cd "$(dirname "$(readlink -f "$0")")/.."
source scripts/find_python.sh
INITSCOPE=$(readlink -f "${INITSCOPE:-build/release/initscope}")
export INITSCOPE
[[ -x $INITSCOPE ]] || fail 1 "$INITSCOPE is not built"
if ! type slurmctld slurmd munged >/dev/null 2>&1; then
  DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=120 install slurm-wlm munge </dev/null >/dev/null ||
    fail 1 "slurm-wlm and munge cannot be installed"
fi

work=$(mktemp -d /tmp/test_slurm.XXXXXX)
chmod 755 "$work"
pids=()
stop() {
  local log
  for log in "$work"/*.log; do
    if [[ $1 != 0 && -e $log ]]; then
      echo "== $log"
      tail -n 30 "$log"
    fi
  done
  ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap 'stop $?' EXIT

# A folder of munge's own, with a key that nobody else has.
mkdir "$work/munge" "$work/state" "$work/spool"
head -c 1024 /dev/urandom >"$work/munge/key"
chmod 700 "$work/munge"
chmod 400 "$work/munge/key"
chown -R munge: "$work/munge"
setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --force \
  --key-file="$work/munge/key" --socket="$work/munge/socket" \
  --pid-file="$work/munge/pid" --log-file="$work/munge/log" \
  --seed-file="$work/munge/seed" >"$work/munged.log" 2>&1 &
pids+=($!)

node=$(hostname -s)
export SLURM_CONF=$work/slurm.conf
cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=$((20000 + $$ % 10000))
SlurmdPort=$((30000 + $$ % 10000))
AuthType=auth/munge
CredType=cred/munge
# A job that is requeued waits until its credential has expired.
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_min_interval=100000
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
END

# Calls a command until it succeeds, for so many seconds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || fail 1 "gave up waiting for: $*"
    sleep 0.2
  done
}

wait_for 20 test -S "$work/munge/socket"
slurmctld -D >"$work/slurmctld.out.log" 2>&1 &
pids+=($!)
slurmd -D >"$work/slurmd.out.log" 2>&1 &
pids+=($!)
is_up() { sinfo --noheader --format=%T 2>/dev/null | grep -qx idle; }
wait_for 60 is_up
echo "Slurm $(sinfo --version | cut -d ' ' -f 2) is up"

cat >"$work/sweep.ini" <<'END'
width = 256
depth = 60
activation = tanh, relu
init = he_normal, xavier_normal
seed = range(0, 40)
jobs = 1
END
sweep=$PWD/scripts/slurm_sweep.sh
cd "$work"
submitted=$("$sweep" sweep.ini 6)
echo "$submitted"
array=$(cut -d ' ' -f 2 <<<"$submitted")

parts=results/sweep.h5.parts
has_begun() {
  [[ -s $parts/shard-2-of-6.lock ]] && compgen -G "$parts/*.h5" >/dev/null
}
is_done() { [[ -z $(squeue --noheader) ]]; }
wait_for 60 has_begun
scontrol requeue "${array}_2"
"$INITSCOPE" status sweep.ini
wait_for 180 is_done
grep -q "heard the signal" "sweep-${array}_2.log" ||
  fail 1 "the task that was requeued did not end by a signal"
[[ -e results/sweep.h5 && ! -e $parts ]] || fail 1 "the sweep is not merged"
cat sweep-merge.log
"$INITSCOPE" run sweep.ini --output alone.h5 --quiet
PYTHONPATH=$OLDPWD/scripts/tests/helpers "$(cd "$OLDPWD" && find_python h5py)" \
  - <<'END'
from compare_programs import contents
one, other = contents("results/sweep.h5"), contents("alone.h5")
for name in ("@command_line", "@configuration"):
    del one[name], other[name]
assert one == other, "they differ"
END
echo "the file of six shards is that of one process"
