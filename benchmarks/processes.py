"""Whole processes, measured from outside: wall time, processor time, peak memory."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process cost.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of its processors, those of its children included.
        megabytes: The most that it, or any one of its children, held in memory.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float


def cost_of(
    command: Sequence[str], folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> Cost:
    """Run a command and return what it cost.

    Args:
        command: The program and its arguments.
        folder: Where it runs; here where none is named.
        variables: Its environment; ours, without our settings, where none is given.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        cwd=folder,
        env=environment() if variables is None else variables,
    ).stdout
    status, seconds, cpu_seconds, kilobytes = json.loads(told)
    if status != 0:
        raise subprocess.CalledProcessError(status, command)
    return Cost(seconds, cpu_seconds, kilobytes / 1024)


_LAUNCHER = """
import os, sys, time
nowhere = os.open(os.devnull, os.O_WRONLY)
said = os.dup(1)
os.dup2(nowhere, 1)
started = time.perf_counter()
process = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(process, 0)
seconds = time.perf_counter() - started
cost = [os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss]
os.write(said, repr(cost).encode())
"""
"""Starts the command from a small process: a process counts as its own what its parent held when it was started."""


def medians(runs: int, commands: Mapping[str, Callable[[], Cost]]) -> dict[str, Cost]:
    """Run commands in turn, so that what else the machine does meets all of them, and return their medians.

    Args:
        runs: How often each is run; one more run before that is not counted.
        commands: Each runs a command, by its name.
    """
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, run in commands.items():
            found[name].append(run())
    return {name: _median(costs[1:]) for name, costs in found.items()}


def environment(**settings: str) -> dict[str, str]:
    """Return an environment without our settings, in which byte code is written."""
    left_out = ("AKI_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, **settings}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu_seconds for cost in costs),
        statistics.median(cost.megabytes for cost in costs),
    )
