#!/bin/sh
# Make a virtual environment of the locked dependencies and this project; run at the top of the checkout:
#   [PYTHON=…] sh scripts/setup-venv.sh FOLDER
set -eu
venv=$1

fail() {
    echo "setup-venv: $1" >&2
    exit 1
}

# Only running it tells: a name on the PATH may be a shim with no interpreter behind it.
is_suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    is_suitable "$PYTHON" || fail "PYTHON=$PYTHON does not run as Python 3.11 or newer."
    python=$PYTHON
else
    for python in python3.13 python3.12 python3.11 python3 ''; do
        [ -n "$python" ] || fail "no Python 3.11 or newer is found; install one, or name it with PYTHON=…"
        ! is_suitable "$python" || break
    done
fi

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments; on Debian and Ubuntu install python3-venv or python$version-venv."

echo "Setting up $venv with Python $version (about a minute) …"
# From scratch: nothing of an older lock or a broken attempt is left, the file `ready` included.
"$python" -m venv --clear "$venv"
install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
install --require-hashes -r requirements/dev.txt
# Its dependencies are there, and so is its build tool: nothing that is not locked comes in.
install --no-deps --no-build-isolation --editable .
touch "$venv/ready"
