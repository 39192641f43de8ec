"""The package of every revision of the year passes strict type checkers: all of them in one run."""

import json
import re
import subprocess
import sys

import pytest
from year.play import PACKAGE
from year.second_half import YEAR

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packages(seasons, tmp_path_factory):
    """The packages side by side, each under a name of its own."""
    folder = tmp_path_factory.mktemp("typed")
    for number, revision in enumerate(YEAR, 1):
        source, name = seasons[revision.name].package / PACKAGE, f"revision_{number:02}"
        for path in sorted(source.rglob("*.py")):
            target = folder / name / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text("utf-8").replace(PACKAGE, name), "utf-8")
    return folder


def test_mypy_finds_nothing(packages):
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]
    names = [path.name for path in sorted(packages.iterdir()) if path.is_dir()]
    words = [word for name in names for word in ("-p", name)]
    done = subprocess.run(
        [*command, *words], cwd=packages, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    found = re.search(r"no issues found in (\d+) source files", done.stdout)
    assert found is not None
    assert int(found[1]) > len(YEAR) * 10


def test_basedpyright_finds_nothing(packages):
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": ["."]}
    (packages / "pyrightconfig.json").write_text(json.dumps({"include": ["."], **settings}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", str(packages)]
    done = subprocess.run(
        [*command, "--pythonpath", sys.executable], capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert answer["summary"]["filesAnalyzed"] > len(YEAR) * 10
    assert answer["generalDiagnostics"] == []
