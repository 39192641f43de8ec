"""What type checkers say of the generated package, of right calls (ok.py) and of mistakes (bad.py).

Each checker runs once over all of them, strict and with no other settings.
"""

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
MARK = re.compile(r"  # error: (?P<mistake>\w.*)$")
BLANKET = re.compile(r"# type: ignore(?!\[)|# pyright: ignore(?!\[)|# (mypy|pyright): (?!ignore\[)")


def run(command, **settings):
    done = subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, text=True, **settings
    )
    # 0 and 1 are "nothing found" and "errors found"; all else is trouble with the checker itself.
    assert done.returncode in {0, 1}, f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def mypy(cache):
    options = ["--strict", "--config-file=", "--output=json", f"--cache-dir={cache}"]
    found = run(
        ["mypy", *options, *CHECKED],
        env={**os.environ, "MYPYPATH": str(PACKAGE.parent)},
        cwd=ROOT,
    )
    for error in map(json.loads, found.splitlines()):
        if error["severity"] != "note":
            yield ROOT / error["file"], error["line"], error["message"]


def basedpyright(folder):
    settings = {
        "include": CHECKED,
        "extraPaths": [str(PACKAGE.parent)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    options = ["--outputjson", f"--pythonpath={sys.executable}", f"--project={project}"]
    answer = json.loads(run(["basedpyright", *options]))
    assert answer["summary"]["filesAnalyzed"] > len(CHECKED), "the package was not read"
    for error in answer["generalDiagnostics"]:
        yield Path(error["file"]), error["range"]["start"]["line"] + 1, error["message"]


@pytest.fixture(scope="module", params=["mypy", "basedpyright"])
def errors(request, tmp_path_factory):
    """What a checker found: its messages by line, by file."""
    if request.param == "mypy":
        found = mypy(request.config.cache.mkdir("mypy"))
    else:
        found = basedpyright(tmp_path_factory.mktemp("basedpyright"))
    by_file = defaultdict(lambda: defaultdict(list))
    for file, line, message in found:
        by_file[file][line].append(message)
    return by_file


def listed(file, messages):
    """Word errors so that an editor's terminal links to them."""
    return "\n".join(f"{file}:{line}: {'; '.join(said)}" for line, said in sorted(messages.items()))


def mistakes():
    lines = enumerate(BAD.read_text().splitlines(), start=1)
    return {number: text.strip() for number, text in lines if MARK.search(text)}


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


def test_every_mistake_is_an_error(errors):
    missed = {line: [text] for line, text in mistakes().items() if line not in errors[BAD]}
    assert not missed, "accepted, though marked as mistakes:\n" + listed(BAD, missed)


def test_nothing_but_the_mistakes_is_an_error(errors):
    marked = mistakes()
    others = {line: said for line, said in errors[BAD].items() if line not in marked}
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
        if text.removeprefix("await ").startswith(call) and text.endswith(f"# error: {mistake}")
    ]
    assert tried, f"{BAD.name} has no line that begins with {call} and is marked {mistake!r}"
