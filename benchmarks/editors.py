"""What the length of a package costs in an editor, from an engine's start until it offers endpoints, and in mypy.

    python -m benchmarks.editors

Nothing is cached from before, and the package is installed as a user's is, beside what it needs and nothing else.
`tests/editors` holds the client of language servers; a process of its own runs it.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .generation import OTHER, describe, others
from .goals import Measured
from .imports import names, package
from .processes import environment

TESTS = Path(__file__).parents[1] / "tests"
ENGINES = ("pyright", "basedpyright", "ty", "pyrefly", "jedi")
SMALL, LARGE = 20, 1000
GROWTH, LONGEST, CHECKED = 1.3, 4.0, 6.0
"""From the small package to the large one in pyright; seconds in any engine; seconds of mypy without its cache."""

_OURS = """\
from aki_client import Aki

aki = Aki()
aki."""


@dataclass(frozen=True)
class Library:
    """A library, and a program that needs one more name.

    Attributes:
        folder: The package.
        program: What is typed.
        offered: One of the names that must be offered at its end.
    """

    folder: Path
    program: str
    offered: str


def measure() -> list[Measured]:
    """Measure engines and mypy on packages of two sizes, as rows of the report."""
    with package(SMALL) as few, package(LARGE) as many:
        small, large = first_completions(few), first_completions(many)
        libraries = _others(many)
        beside = {name: _timed(library, large, 1) for name, library in libraries.items()}
    rows: list[Measured] = []
    for engine, seconds in large.items():
        figures = f"{seconds:.1f} s; of {SMALL} {small[engine]:.1f} s"
        figures += "".join(f"; {name} {took[engine]:.1f} s" for name, took in beside.items())
        what, most = f"first completion on `aki.` of {LARGE:,} endpoints in {engine}", LONGEST
        if engine == "mypy":
            what = f"mypy without its cache, a file that uses one of {LARGE:,} endpoints"
            most = CHECKED
        rows.append(Measured(what, f"{most:g} s", 1.0, seconds / most, figures))
    if "pyright" in large:
        growth = large["pyright"] / small["pyright"]
        figures = f"{large['pyright']:.1f} s, {small['pyright']:.1f} s"
        rows.append(Measured("the same in pyright", f"{SMALL} endpoints", GROWTH, growth, figures))
    return rows


def first_completions(folder: Path, runs: int = 3) -> Mapping[str, float]:
    """Return the median seconds of each installed engine for the package in a folder."""
    ours = Library(folder / "aki_client", _OURS, names(folder)[0])
    return _timed(ours, (*ENGINES, "mypy"), runs)


def _others(folder: Path) -> Mapping[str, Library]:
    """Return other libraries: those that are installed, and a client of the endpoints of the package in a folder."""
    programs = {
        "openai": ("from openai import OpenAI\n\nclient = OpenAI()\nclient.", "chat"),
        "stripe": ("from stripe import StripeClient\n\nclient = StripeClient('')\nclient.", "v1"),
    }
    found = {
        name: Library(Path(spec.origin).parent, program, offered)
        for name, (program, offered) in programs.items()
        if (spec := find_spec(name)) and spec.origin
    }
    if not Path(OTHER[0]).exists():
        return found
    describe(folder, folder)
    others(folder)
    # It has no object that holds the endpoints: each is a module with functions.
    module = min((folder / "others").glob("*/api/*/call_*.py"))
    client, kind = module.parents[2], module.parent.name
    program = f"from {client.name}.api.{kind} import {module.stem} as call\n\ncall."
    return {**found, "openapi-python-client's": Library(client, program, "sync")}


def _timed(library: Library, engines: Iterable[str], runs: int) -> Mapping[str, float]:
    place = [str(library.folder), library.program, library.offered]
    command = [sys.executable, "-m", "editors.first_completion", *place, *engines]
    found: list[dict[str, float]] = []
    for _ in range(runs):
        told = subprocess.run(
            command, env=environment(PYTHONPATH=str(TESTS)), stdout=subprocess.PIPE, check=True
        ).stdout
        found.append(json.loads(told))
    return {engine: statistics.median(each[engine] for each in found) for engine in found[0]}


def main() -> None:
    """Print what was measured."""
    for row in measure():
        print(row.line())


if __name__ == "__main__":
    main()
