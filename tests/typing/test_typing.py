"""What type checkers say of the generated package, of right calls (ok.py) and of mistakes (bad.py).

Each checker runs once over all of them for each version of Python: strict where it can be, with no other settings.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from support.package import made_package

ROOT = Path(__file__).parents[2]
PACKAGE = made_package() / "aki_client"
OK = ROOT / "tests" / "typing" / "ok.py"
BAD = ROOT / "tests" / "typing" / "bad.py"
CHECKED = [str(path) for path in (PACKAGE, OK, BAD)]
MARK = re.compile(r"  # error: (?P<mistake>\w.*?)(?: \(not in (?P<blind>\w+)\))?$")
BLANKET = re.compile(r"# type: ignore(?!\[)|# pyright: ignore(?!\[)|# (mypy|pyright): (?!ignore\[)")


def run(command, **settings):
    done = subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, text=True, **settings
    )
    # 0 and 1 are "nothing found" and "errors found"; all else is trouble with the checker itself.
    assert done.returncode in {0, 1}, f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def mypy(folder, version):
    options = ["--strict", "--config-file=", "--output=json", f"--python-version={version}"]
    found = run(
        ["mypy", *options, f"--cache-dir={folder}", *CHECKED],
        env={**os.environ, "MYPYPATH": str(PACKAGE.parent)},
        cwd=ROOT,
    )
    for error in map(json.loads, found.splitlines()):
        if error["severity"] != "note":
            yield ROOT / error["file"], error["line"], error["message"]


def pyright(folder, version, program="pyright"):
    settings = {
        "include": [os.path.relpath(path, folder) for path in CHECKED],  # pyright refuses others
        "exclude": [],  # it would leave out the package's folder, which is hidden
        "extraPaths": [str(PACKAGE.parent)],
        "typeCheckingMode": "strict",
        "pythonVersion": version,
    }
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    options = ["--outputjson", f"--pythonpath={sys.executable}", f"--project={project}"]
    answer = json.loads(run([program, *options]))
    assert answer["summary"]["filesAnalyzed"] > len(CHECKED), "the package was not read"
    for error in answer["generalDiagnostics"]:
        yield Path(error["file"]), error["range"]["start"]["line"] + 1, error["message"]


def basedpyright(folder, version):
    return pyright(folder, version, "basedpyright")


def ty(folder, version):
    options = ["--output-format=concise", f"--python={sys.prefix}", f"--python-version={version}"]
    paths = [f"--extra-search-path={PACKAGE.parent}", f"--project={folder}"]
    found = run(["ty", "check", *options, *paths, *CHECKED], cwd=folder)
    for line in found.splitlines():
        if error := re.match(r"(.+?):(\d+):\d+: (.+)", line):
            yield (folder / error[1]).resolve(), int(error[2]), error[3]


def pyrefly(folder, version):
    project = folder / "pyrefly.toml"
    # Where a project says nothing, it is lenient: wrong types pass.
    project.write_text('preset = "strict"\n')
    options = ["--output-format=json", f"--config={project}", f"--python-version={version}"]
    paths = [f"--search-path={PACKAGE.parent}", f"--python-interpreter-path={sys.executable}"]
    found = json.loads(run(["pyrefly", "check", *options, *paths, *CHECKED], cwd=folder))
    for error in found["errors"]:
        yield (folder / error["path"]).resolve(), error["line"], error["description"]


CHECKERS = (mypy, basedpyright, pyright, ty, pyrefly)
VERSIONS = ("3.11", "3.12", "3.13")
QUICK = ((mypy, "3.11"), (basedpyright, "3.11"))
"""What `make test` runs; the others take their time."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            (checker, version),
            id=f"{checker.__name__}-{version}",
            marks=() if (checker, version) in QUICK else pytest.mark.slow,
        )
        for checker in CHECKERS
        for version in VERSIONS
    ],
)
def checked(request, tmp_path_factory):
    """A checker's name, and what it found: its messages by line, by file."""
    checker, version = request.param
    name = checker.__name__
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    kept = request.config.cache.mkdir(name) if checker is mypy else tmp_path_factory.mktemp(name)
    by_file = defaultdict(lambda: defaultdict(list))
    for file, line, message in checker(kept, version):
        by_file[file][line].append(message)
    return name, by_file


@pytest.fixture
def errors(checked):
    return checked[1]


@pytest.fixture
def expected(checked):
    """The mistakes that this checker sees: what a line names it blind for is left out."""
    return {
        line: text for line, text in mistakes().items() if MARK.search(text)["blind"] != checked[0]
    }


def listed(file, messages):
    """Word errors so that an editor's terminal links to them."""
    return "\n".join(f"{file}:{line}: {'; '.join(said)}" for line, said in sorted(messages.items()))


def mistakes():
    lines = enumerate(BAD.read_text().splitlines(), start=1)
    return {number: text for number, text in lines if MARK.search(text)}


def test_the_generated_package_is_strictly_typed(errors):
    found = [listed(file, found) for file, found in errors.items() if PACKAGE in file.parents]
    assert not found, "\n".join(found)


def test_the_generated_package_ignores_single_rules_only():
    blanket = [
        f"{file}:{number}: {line.strip()}"
        for file in PACKAGE.rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if BLANKET.search(line)
    ]
    assert not blanket, "ignores that name no rule:\n" + "\n".join(blanket)


def test_what_users_write_is_right(errors):
    assert not errors[OK], listed(OK, errors[OK])


def test_every_mistake_is_an_error(errors, expected):
    missed = {line: [text.strip()] for line, text in expected.items() if line not in errors[BAD]}
    assert not missed, "accepted, though marked as mistakes:\n" + listed(BAD, missed)


def test_nothing_but_the_mistakes_is_an_error(errors, expected):
    others = {line: said for line, said in errors[BAD].items() if line not in expected}
    assert not others, "errors in lines that are not marked:\n" + listed(BAD, others)


@pytest.mark.parametrize(
    "mistake", ["unknown name", "wrong type", "wrong choice", "missing argument"]
)
@pytest.mark.parametrize(
    "call",
    [
        f"{endpoint}{method}("
        for endpoint in ("aki.flux_dev", "client.flux_dev", "flux_dev", "aio.flux_dev")
        for method in ("", ".stream", ".submit")
    ]
    + ["FluxDevInput("],
)
def test_every_form_is_tried_with_every_mistake(call, mistake):
    tried = [
        text
        for text in mistakes().values()
        if text.strip().removeprefix("await ").startswith(call)
        and MARK.search(text)["mistake"] == mistake
    ]
    assert tried, f"{BAD.name} has no line that begins with {call} and is marked {mistake!r}"
