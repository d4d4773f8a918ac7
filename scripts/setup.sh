#!/usr/bin/env bash
# Installs the Debian packages that initscope needs. Does nothing, and touches
# no network, where they are all there.
set -euo pipefail

readonly BUILD=(
  g++ cmake ninja-build ccache pkg-config git
  libeigen3-dev libboost-program-options-dev libhdf5-dev libtbb-dev libfmt-dev
  libhwy-dev libbenchmark-dev libgtest-dev libgmock-dev zlib1g-dev
  nlohmann-json3-dev nettle-dev)
readonly PLOTS=(
  python3 python3-numpy python3-h5py python3-matplotlib python3-pandas
  python3-pip python3-setuptools python3-wheel)
readonly TESTS=(
  python3-pytest python3-xarray python3-h5netcdf python3-netcdf4 python3-scipy
  dataset-fashion-mnist clang libclang-rt-14-dev clang-format clang-tidy
  shellcheck)
# What initscope is compared with. The matrix libraries change which BLAS the
# whole system uses (update-alternatives --display libblas.so.3-...).
readonly PEERS=(
  python3-torch libopenblas-pthread-dev libblis-pthread-dev libdnnl-dev)

usage() {
  cat <<END
usage: scripts/setup.sh [--tests] [--peers]

Installs what initscope needs from Debian's packages (made for Debian 12), with
apt-get, through sudo unless you are root. What is there already is left alone.

  --tests   also what only the tests need
  --peers   also what initscope is compared with: PyTorch, OpenBLAS, BLIS and
            oneDNN; NumPy then uses OpenBLAS, as does all of the system
  --help    this text
END
}

fail() {
  echo "setup.sh: $*" >&2
  exit 1
}

packages=("${BUILD[@]}" "${PLOTS[@]}")
for argument in "$@"; do
  case $argument in
    --tests) packages+=("${TESTS[@]}") ;;
    --peers) packages+=("${PEERS[@]}") ;;
    -h | --help) usage; exit 0 ;;
    *)
      echo "setup.sh: unknown option '$argument'; see --help" >&2
      exit 64 ;;
  esac
done

if ! type dpkg-query apt-get >/dev/null 2>&1; then
  fail "no apt-get here; install what Debian calls: ${packages[*]}"
fi

# Which packages are missing. dpkg-query fails if it does not know one of them.
installed=$(dpkg-query --show \
  --showformat='${Package} ${db:Status-Status}\n' "${packages[@]}" \
  2>/dev/null | sed -n 's/ installed$//p' || true)
mapfile -t missing < <(
  printf '%s\n' "${packages[@]}" | grep -vxF -- "$installed")
if ((${#missing[@]} == 0)); then
  echo "All ${#packages[@]} packages are installed."
  exit 0
fi

root=()
if (($(id -u) != 0)); then
  type sudo >/dev/null 2>&1 ||
    fail "neither root nor sudo; ask for these packages: ${missing[*]}"
  root=(sudo)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

apt() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" </dev/null >>"$work/log" 2>&1
}

# apt-get update succeeds even if it could not reach a server, so a passing
# network failure shows in either of the two.
install_missing() {
  apt update && apt install --no-install-recommends "${missing[@]}"
}

echo "Installing ${missing[*]}"
if ! install_missing; then
  echo "That failed; once more in 5 seconds."
  sleep 5
  : >"$work/log"
  if ! install_missing; then
    cat "$work/log" >&2
    fail "apt-get could not install ${missing[*]} (its output is above)"
  fi
fi
echo "Installed ${#missing[@]} packages."
