#!/bin/sh
# Run the fast tests with other versions than the locked ones; run at the top of the checkout:
#   sh scripts/try-versions.sh UV lowest-direct|highest FOLDER
set -eu
uv=$1 resolution=$2 venv=$3

"$uv" venv --quiet --clear --python "${PYTHON:-python3}" "$venv"
"$uv" pip install --quiet --python "$venv" --resolution "$resolution" --group dev --editable '.[cli,codegen,sandbox]'
"$uv" pip freeze --quiet --python "$venv"
"$venv/bin/python" -m pytest -q -n auto --dist loadfile -m "not slow" tests/runtime tests/golden tests/unit tests/cli
