"""How much of the public names of an installed package has a type that is known, as pyright counts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from editors.engines import environment
from support.package import made_package

pytestmark = pytest.mark.slow


def test_all_public_names_have_known_types(tmp_path):
    python = environment(tmp_path / "environment", made_package() / "aki_client")
    program = Path(sys.executable).with_name("pyright")
    if not program.exists():
        pytest.skip("pyright is not installed beside this Python")
    # It takes the package from the Python that it finds first.
    path = os.pathsep.join((str(python.parent), os.environ["PATH"]))
    done = subprocess.run(
        [program, "--verifytypes", "aki_client", "--ignoreexternal", "--outputjson"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
    )
    try:
        found = json.loads(done.stdout[done.stdout.index("{") :])["typeCompleteness"]
    except ValueError:
        pytest.skip(f"pyright could not be had: {done.stdout[-300:]}{done.stderr[-300:]}")
    assert found["pyTypedPath"], "the package was not found"
    assert found["completenessScore"] >= 0.95
