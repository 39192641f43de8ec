"""What generating costs, whole processes: ours from a running hub, openapi-python-client's from the same endpoints.

    python -m benchmarks.generation

Peak memory is that of the largest process: the generator's own, since the formatter that it starts is smaller.
"""

import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .goals import Measured
from .hubs import make_documents, served, write_catalogue
from .processes import Cost, cost_of, environment, medians

GENERATE = [sys.executable, "-m", "aki_codegen", "generate"]
OTHER = [str(Path(sys.prefix, "openapi", "bin", "openapi-python-client")), "generate"]
FEW, SMALL, LARGE, WHOLE = 16, 200, 1000, 3800
"""Endpoints; the last is a hub as large as any: ours alone makes its client, once."""


@dataclass(frozen=True)
class Generation:
    """Generating a hub's client.

    Attributes:
        endpoints: Endpoints of the hub.
        ours: From a running hub, into an empty folder.
        other: openapi-python-client's default run, its formatter included, from a file.
    """

    endpoints: int
    ours: Cost
    other: Cost

    @property
    def ratio(self) -> float:
        """Our time as a part of the other's."""
        return self.ours.seconds / self.other.seconds


@dataclass(frozen=True)
class Phases:
    """One run of ours, in seconds.

    Attributes:
        before: From its start until the hub is asked: the interpreter, imports, what was generated before.
        fetching: Until the last details are here.
        after: Until its end.
    """

    before: float
    fetching: float
    after: float


@dataclass(frozen=True)
class Regeneration:
    """Generating once more, beyond starting and fetching, in seconds.

    Attributes:
        generating: Everything anew.
        unchanged: With nothing changed.
    """

    generating: float
    unchanged: float


def generation(endpoints: int, runs: int = 3) -> Generation:
    """Measure both generators on a hub of so many endpoints."""
    with _folder() as folder:
        documents = make_documents(endpoints)
        write_catalogue(folder / "hub", documents)
        with served(folder / "hub") as server:
            _ours(server, folder)
            describe(folder / "ours", folder)
            found = medians(
                runs,
                {
                    "ours": lambda: _ours(server, folder),
                    "other": lambda: others(folder),
                },
            )
    return Generation(endpoints, found["ours"], found["other"])


def whole(endpoints: int = WHOLE) -> Cost:
    """Measure one run of ours on a hub of so many endpoints."""
    with _folder() as folder:
        write_catalogue(folder / "hub", make_documents(endpoints))
        with served(folder / "hub") as server:
            return _ours(server, folder)


def growth(small: float, large: float, times: float) -> float:
    """Return the exponent with which a cost grows, where there are so many times as many endpoints."""
    return math.log(large / small) / math.log(times)


def regeneration(endpoints: int = LARGE, runs: int = 3) -> Regeneration:
    """Measure generating anew, and with nothing changed."""
    found: list[Regeneration] = []
    with _folder() as folder:
        write_catalogue(folder / "hub", make_documents(endpoints))
        with served(folder / "hub") as server:
            for _ in range(runs):
                shutil.rmtree(folder / "ours", ignore_errors=True)
                anew = _phases(server, folder)
                again = _phases(server, folder)
                unchanged = again.after + again.before - anew.before
                found.append(Regeneration(anew.after, unchanged))
    return Regeneration(
        statistics.median(each.generating for each in found),
        statistics.median(each.unchanged for each in found),
    )


def measure() -> list[Measured]:
    """Measure generating, as rows of the report."""
    few, small, large = map(generation, (FEW, SMALL, LARGE))
    again, most = regeneration(), whole()
    rows = [
        Measured(
            f"generating {each.endpoints:,} endpoints from a running hub",
            "openapi-python-client's default run",
            goal,
            each.ratio,
            f"{each.ours.seconds:.1f} s, {each.other.seconds:.1f} s",
        )
        for each, goal in ((few, 1.2), (small, 0.35), (large, 0.35))
    ]
    memory = large.ours.megabytes
    return [
        *rows,
        Measured(f"its peak memory at {LARGE:,}", "150 MB", 1.0, memory / 150, f"{memory:.0f} MB"),
        Measured(
            f"exponent of its growth from {SMALL} to {LARGE:,} endpoints",
            "linear",
            1.05,
            growth(small.ours.seconds, large.ours.seconds, LARGE / SMALL),
            f"{small.ours.seconds:.1f} s, {large.ours.seconds:.1f} s",
        ),
        Measured(
            f"regenerating {LARGE:,} endpoints with nothing changed, beyond fetching",
            "0.15 s",
            1.0,
            again.unchanged / 0.15,
            f"{again.unchanged:.2f} s",
        ),
        Measured(
            f"peak memory of generating {WHOLE:,} endpoints",
            "250 MB",
            1.0,
            most.megabytes / 250,
            f"{most.megabytes:.0f} MB; {most.seconds:.0f} s",
        ),
        Measured(
            f"exponent of the growth of CPU time from {SMALL} to {WHOLE:,} endpoints",
            "linear",
            1.05,
            growth(small.ours.cpu_seconds, most.cpu_seconds, WHOLE / SMALL),
            f"{small.ours.cpu_seconds:.1f} s, {most.cpu_seconds:.1f} s",
        ),
    ]


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="aki-bench-") as folder:
        yield Path(folder)


def _ours(server: str, folder: Path) -> Cost:
    shutil.rmtree(folder / "ours", ignore_errors=True)
    return cost_of([*GENERATE, "--server", server, "--out", str(folder / "ours")], folder)


def describe(package: Path, folder: Path) -> None:
    """Write what a package is made of as OpenAPI into a folder, for `others`."""
    export = [sys.executable, "-m", "aki_codegen", "export", "openapi", "--out", str(package)]
    cost_of([*export, "--output", str(folder / "openapi.json")], folder)


def others(folder: Path) -> Cost:
    """Run openapi-python-client on the description in a folder; its client is in the folder's `others`."""
    shutil.rmtree(folder / "others", ignore_errors=True)
    # Its formatter is looked for on the path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [*OTHER, "--path", "openapi.json", "--output-path", "others"]
    return cost_of(command, folder, environment(PATH=path))


def _phases(server: str, folder: Path) -> Phases:
    """Run ours, and tell its phases by what it says and when."""
    started = time.perf_counter()
    asking = told = started
    command = [*GENERATE, "--server", server, "--out", str(folder / "ours")]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(PYTHONUNBUFFERED="1"),
    ) as run:
        for line in run.stderr or ():
            if line.startswith("Asking "):
                asking = time.perf_counter()
            elif " endpoints looked up" in line:
                told = time.perf_counter()
        if run.wait() != 0:
            raise subprocess.CalledProcessError(run.returncode, command)
    return Phases(asking - started, told - asking, time.perf_counter() - told)


def main() -> None:
    """Print what was measured."""
    few, small, large = map(generation, (FEW, SMALL, LARGE))
    for measured in (few, small, large):
        ours, other = measured.ours, measured.other
        print(
            f"{measured.endpoints:>5} endpoints: ours {ours.seconds:.2f} s ({ours.cpu_seconds:.2f} s of processor, "
            f"{ours.megabytes:.0f} MB), openapi-python-client {other.seconds:.2f} s ({other.cpu_seconds:.2f} s, "
            f"{other.megabytes:.0f} MB): ratio {measured.ratio:.2f}"
        )
    exponent = growth(small.ours.seconds, large.ours.seconds, LARGE / SMALL)
    print(f"growth: exponent {exponent:.2f}")
    again = regeneration()
    print(
        f"beyond fetching, {LARGE} endpoints: generating {again.generating:.2f} s, "
        f"nothing changed {again.unchanged:.2f} s"
    )


if __name__ == "__main__":
    main()
