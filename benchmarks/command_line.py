"""How long `aki --help` and the completion of a word take beyond Python itself, as whole processes."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.goals import Measured, table

RUNS = 15
GOAL_SECONDS = 0.15


def measure() -> list[Measured]:
    """Start each command in turn with a Python that does nothing."""
    aki = [sys.executable, "-m", "aki_cli"]
    commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        "python -c pass": ([sys.executable, "-c", "pass"], {}),
        "aki --help": ([*aki, "--help"], {}),
        "completion of a parameter": (
            [*aki, "call", "flux_dev", "--wi"],
            {"_AKI_COMPLETE": "bash"},
        ),
    }
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, (command, variables) in commands.items():
            spent[name].append(_seconds(command, variables))
    bare = median(spent.pop("python -c pass"))
    return [
        Measured(
            f"seconds of `{name}`" if name.startswith("aki") else f"seconds of the {name}",
            "0.15 s more than bare Python",
            1.0,
            (median(seconds) - bare) / GOAL_SECONDS,
            f"{median(seconds):.3f} s, bare {bare:.3f} s",
        )
        for name, seconds in spent.items()
    ]


def _seconds(command: Sequence[str], variables: Mapping[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, check=False
    )
    spent = time.perf_counter() - began
    assert done.returncode == 0, done.stderr.decode()
    return spent


if __name__ == "__main__":
    print(table(measure()))
