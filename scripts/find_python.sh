#!/usr/bin/env bash
# Prints the path of a python3 that can import the given modules. A python3 of
# pyenv or conda often hides Debian's, which has the packages of setup.sh.
#
# Run it, or source it for the function find_python.

# find_python MODULE...
find_python() {
  local candidate path missing='' module
  local -r try_imports='
import importlib, sys
for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
    except Exception:
        print(module)'
  for candidate in "${INITSCOPE_PYTHON:-}" python3 /usr/bin/python3; do
    path=$(type -P "$candidate") || continue
    missing=$("$path" -c "$try_imports" "$@" 2>/dev/null) || continue
    if [[ -z $missing ]]; then
      echo "$path"
      return 0
    fi
  done
  # Debian names a package after its module: h5py is in python3-h5py.
  local modules=("$@") packages=()
  if [[ -n ${missing:-} ]]; then mapfile -t modules <<<"$missing"; fi
  for module in "${modules[@]}"; do
    module=${module%%.*}
    module=${module//_/-}
    packages+=("python3-${module,,}")
  done
  echo "find_python.sh: no python3 can import ${modules[*]}; install" \
    "${packages[*]} (scripts/setup.sh --tests does)" >&2
  return 1
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -euo pipefail
  case ${1:-} in
    -h | --help)
      cat <<'END'
usage: scripts/find_python.sh MODULE...

Prints the path of the first python3 that can import every MODULE, of
$INITSCOPE_PYTHON, python3 on the PATH and /usr/bin/python3. Otherwise says
which Debian package is missing and exits with 1.
END
      exit 0 ;;
    -*)
      echo "find_python.sh: unknown option '$1'; see --help" >&2
      exit 64 ;;
  esac
  find_python "$@"
fi
