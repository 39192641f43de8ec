"""A mixed load that goes on for long: what its processes hold as time passes, and what became of every call.

Owns the hub, the processes, the looking at them from outside and the counting. Must not know what is expected.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from aki_sandbox.faults.effects import Cut, QueueFull, Reset, Status
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from background.measuring import READY, sender
from background.stack import Redis, Worker

RATE = 0.01
"""Which part of all requests goes wrong."""

PAUSE = 5.0
"""Seconds between two looks, and between two tasks for the worker."""

PATIENCE = 180.0
"""Seconds after the last call was begun, by which all have ended."""

HELD = ("memory in MB", "threads", "file descriptors", "sockets")
_LOAD = Path(__file__).with_name("load.py")


@dataclass
class Figures:
    """What came of a run.

    Attributes:
        seconds: How long calls were begun.
        held: What each process held at each look, by the process: one list of the `HELD` figures a look.
        outcomes: How many calls ended how.
        wrong: Calls that got another one's answer, ended twice, or became several jobs without being uncertain.
        without_end: Calls that became a job of the hub and never ended for the caller.
        requests: Requests that reached the hub.
        faults: Requests that went wrong.
        jobs: Jobs that the hub made.
    """

    seconds: float
    held: dict[str, list[list[float]]] = field(default_factory=dict[str, list[list[float]]])
    outcomes: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    without_end: list[str] = field(default_factory=list[str])
    requests: int = 0
    faults: int = 0
    jobs: int = 0

    def medians(self, process: str, figure: str) -> tuple[float, float]:
        """Return what a process held in the second fifth of the run, and in the last."""
        values = [look[HELD.index(figure)] for look in self.held[process]]
        fifth = len(values) // 5
        return median(values[fifth : 2 * fifth]), median(values[-fifth:])


def measure(folder: Path, seconds: float) -> Figures:
    """Carry a run out, on a hub, a Redis and a worker of its own; folder is for logs."""
    figures = Figures(seconds)
    settings = HubSettings(worker_slots=500, max_queue_length=500, forget_after=1e6)
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder / "redis"))
        hub = stack.enter_context(SandboxServer(settings=settings))
        environment = {
            "AKI_API_KEY": "sk-a-secret-key-4711",
            "AKI_API_SERVER": hub.url,
            "TEST_BROKER": redis.url,
            "TEST_MEDIA": str(folder / "media"),
        }
        rules = _let_fail(hub)
        worker = stack.enter_context(Worker(environment, folder / "worker.log", 2))
        chat = stack.enter_context(sender(environment))
        command = [sys.executable, str(_LOAD), str(seconds), str(folder)]
        load = subprocess.Popen(command, env={**os.environ, **environment})
        stack.callback(load.kill)
        sent: list[tuple[str, Any]] = []
        began = time.monotonic()
        while load.poll() is None:
            if time.monotonic() > began + seconds + PATIENCE:
                raise TimeoutError("the load does not come to its end")
            name = f"sent-{len(sent)}"
            sent.append((name, chat.delay(prompt_input=f"[[dur=2 steps=4]] call {name};")))
            time.sleep(PAUSE)
            if time.monotonic() > began + seconds:
                continue  # calls end, and none is begun
            for process, pid in {
                "threads, tasks and batch": load.pid,
                "worker": _child(worker),
            }.items():
                if (held := _held_by(pid)) is not None:
                    figures.held.setdefault(process, []).append(held)
        assert load.returncode == 0
        ends = [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()]
        ends += [_end(name, result) for name, result in sent]
        _count(figures, hub, ends)
        figures.requests = hub.hub.request_count
        figures.faults = sum(rule.hits for rule in rules)
    return figures


def _count(figures: Figures, hub: SandboxServer, ends: list[Any]) -> None:
    jobs = Counter(job.work.prompt.removeprefix("call ").removesuffix(";") for job in hub.hub.jobs)
    figures.jobs = jobs.total()
    figures.outcomes = Counter(outcome for _, outcome, _ in ends)
    times = Counter(name for name, _, _ in ends)
    for name, outcome, is_own in ends:
        may_be_several = outcome == "UncertainSubmitError"
        if not is_own or times[name] > 1 or (jobs[name] > 1 and not may_be_several):
            figures.wrong.append(f"{name}: {outcome}")
    figures.without_end = sorted(set(jobs) - set(times))


def _end(name: str, result: Any) -> tuple[str, str, bool]:
    until = time.monotonic() + 120
    while result.state not in READY and time.monotonic() < until:
        time.sleep(0.1)
    if result.state == "SUCCESS":
        return name, "result", f"call {name};" in result.result["outputs"]["text"]
    return name, getattr(result.result, "kind", type(result.result).__name__), True


def _let_fail(hub: SandboxServer) -> list[Any]:
    effects = [Reset(), Reset(reached=True), Cut(), Status(503)]
    rules = [hub.faults.add_random(e, rate=RATE / 5, seed=n) for n, e in enumerate(effects)]
    return [*rules, hub.faults.add_random(QueueFull(), rate=RATE / 5, seed=9, on="submit")]


def _child(worker: Worker) -> int:
    """Return the first process of its pool, which does the work."""
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text("utf-8").split()
    return int(children[0])


def _held_by(pid: int) -> list[float] | None:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    said = dict(line.split(":", 1) for line in status.splitlines())
    if "VmRSS" not in said:
        return None  # it has ended
    targets = [_target(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = sum(target.startswith("socket:") for target in targets)
    return [int(said["VmRSS"].split()[0]) / 1024, int(said["Threads"]), len(targets), sockets]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed since
        return ""
