"""What the length of a package costs in an editor: from an engine's start until it offers the first endpoints.

    python -m benchmarks.editors

Nothing is cached from before, and the package is installed as a user's is. `tests/editors` holds the client of language
servers; a process of its own runs it.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from .goals import Measured
from .imports import names, package
from .processes import cost_of, environment

TESTS = Path(__file__).parents[1] / "tests"
ENGINES = ("pyright", "basedpyright", "ty", "pyrefly", "jedi")
SMALL, LARGE = 20, 1000
GROWTH, LONGEST, CHECKED = 1.3, 4.0, 6.0
"""From the small package to the large one in pyright; seconds in any engine; seconds of mypy without its cache."""

_OURS = """\
from aki_client import Aki

aki = Aki()
aki."""
_OTHERS = {
    "openai": ("from openai import OpenAI\n\nclient = OpenAI()\nclient.", "chat"),
    "stripe": ("from stripe import StripeClient\n\nclient = StripeClient('')\nclient.", "v1"),
}


def measure() -> list[Measured]:
    """Measure engines and mypy on packages of two sizes, as rows of the report."""
    with package(SMALL) as few, package(LARGE) as many:
        small, large = first_completions(few), first_completions(many)
        checked = mypy_seconds(few), mypy_seconds(many)
    rows = [
        Measured(
            f"first completion on `aki.` of {LARGE:,} endpoints in {engine}",
            f"{LONGEST:g} s",
            1.0,
            seconds / LONGEST,
            f"{seconds:.1f} s; of {SMALL} {small[engine]:.1f} s{_beside(engine)}",
        )
        for engine, seconds in large.items()
    ]
    if "pyright" in large:
        growth = large["pyright"] / small["pyright"]
        figures = f"{large['pyright']:.1f} s, {small['pyright']:.1f} s"
        rows.append(Measured("the same in pyright", f"{SMALL} endpoints", GROWTH, growth, figures))
    return [
        *rows,
        Measured(
            f"mypy without its cache, a file that uses one of {LARGE:,} endpoints",
            f"{CHECKED:g} s",
            1.0,
            checked[1] / CHECKED,
            f"{checked[1]:.1f} s; of {SMALL} {checked[0]:.1f} s",
        ),
    ]


def first_completions(folder: Path, runs: int = 3) -> Mapping[str, float]:
    """Return the median seconds until each installed engine offers an endpoint of the package in a folder."""
    return _timed(folder / "aki_client", _OURS, names(folder)[0], ENGINES, runs)


def mypy_seconds(folder: Path, runs: int = 3) -> float:
    """Return the median seconds in which mypy, without a cache, checks a file that uses one endpoint."""
    taken: list[float] = []
    for _ in range(runs):
        with TemporaryDirectory() as elsewhere:
            used = Path(elsewhere) / "used.py"
            used.write_text(f"{_OURS}{names(folder)[0]}\n", "utf-8")
            options = ["--config-file=", f"--cache-dir={elsewhere}/cache"]
            command = [sys.executable, "-m", "mypy", *options, str(used)]
            taken.append(cost_of(command, variables=environment(MYPYPATH=str(folder))).seconds)
    return statistics.median(taken)


def _beside(engine: str) -> str:
    """Return what other libraries take in an engine, of those that are installed."""
    found = ""
    for name, (program, offered) in _OTHERS.items():
        spec = find_spec(name)
        if spec and spec.origin:
            seconds = _timed(Path(spec.origin).parent, program, offered, (engine,), 1)[engine]
            found += f"; {name} {seconds:.1f} s"
    return found


def _timed(
    package: Path, program: str, offered: str, engines: Iterable[str], runs: int
) -> Mapping[str, float]:
    command = [sys.executable, "-m", "editors.first_completion", str(package), program, offered]
    found: list[dict[str, float]] = []
    for _ in range(runs):
        told = subprocess.run(
            [*command, *engines],
            env=environment(PYTHONPATH=str(TESTS)),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        found.append(json.loads(told))
    return {engine: statistics.median(each[engine] for each in found) for engine in found[0]}


def main() -> None:
    """Print what was measured."""
    for row in measure():
        print(row.line())


if __name__ == "__main__":
    main()
