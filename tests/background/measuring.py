"""Many tasks, a hub that fails now and then, and workers that are killed: what came of it, counted.

Owns the run and the counting. Must not know what is expected.
"""

import json
import os
import re
import runpy
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aki_sandbox.faults.effects import Cut, QueueFull, Reset, Status
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from background.stack import Redis, Worker
from support.patience import until

READY = {"SUCCESS", "FAILURE", "REVOKED"}
RATE = 0.02
TRANSPORT = {
    "visibility_timeout": 10,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 2,
}
WORKERS = 2
SLOTS = 6


@dataclass
class Figures:
    """What came of a run.

    Attributes:
        tasks: Tasks that were sent.
        kills: Workers that were killed with SIGKILL, each with its processes.
        seconds: From the first task sent to the last outcome.
        deliveries: Messages that workers received.
        requests: Requests that reached the hub.
        faults: Requests that went wrong.
        outcomes: How many tasks ended how: "SUCCESS", or the kind of the failure.
        jobs: Jobs that the hub made.
        most_jobs: Jobs that the hub made for one task, at most.
        wrong: Tasks whose result is that of another one, or whose outcome changed after it was there.
        paid_twice: Tasks with more than one job that did not end as `UncertainSubmitError`.
    """

    tasks: int
    kills: int
    seconds: float = 0.0
    deliveries: int = 0
    requests: int = 0
    faults: int = 0
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    jobs: int = 0
    most_jobs: int = 0
    wrong: int = 0
    paid_twice: int = 0


def measure(folder: Path, tasks: int, kills: int, *, seed: int = 1) -> Figures:
    """Carry out a run on a hub, a Redis and workers of its own.

    Args:
        folder: For logs.
        tasks: How many tasks.
        kills: How many workers are killed on the way, evenly spread.
        seed: Decides which requests go wrong.
    """
    figures = Figures(tasks, kills)
    settings = HubSettings(worker_slots=200, forget_after=36_000.0)
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder / "redis"))
        hub = stack.enter_context(SandboxServer(settings=settings))
        environment = {
            "AKI_API_KEY": "sk-a-secret-key-4711",
            "AKI_API_SERVER": hub.url,
            "TEST_BROKER": redis.url,
            "TEST_LEASE": "3",
            "TEST_TRANSPORT": json.dumps(TRANSPORT),
        }
        chat = stack.enter_context(sender(environment))
        rules = _let_fail(hub, seed)
        logs = [folder / f"worker-{number}.log" for number in range(WORKERS + kills)]
        workers = [Worker(environment, log, SLOTS) for log in logs[:WORKERS]]
        stack.callback(lambda: [worker.kill() for worker in workers])
        began = time.monotonic()
        results = [
            chat.delay(prompt_input=f"{_prompt(n)} [[dur=1 steps=10]]") for n in range(tasks)
        ]
        for number, log in enumerate(logs[WORKERS:], 1):
            until(lambda n=number: _submitted(hub) >= n * tasks / (kills + 1), "tasks run", 300)
            workers.pop(0).kill()
            workers.append(Worker(environment, log, SLOTS))
        until(lambda: all(_state(result) in READY for result in results), "all have ended", 600)
        figures.seconds = time.monotonic() - began
        outcomes = [_outcome(result) for result in results]
        time.sleep(
            2 * TRANSPORT["visibility_timeout"]
        )  # whatever is delivered again, has been by then
        figures.wrong += sum(
            _outcome(r) != before for r, before in zip(results, outcomes, strict=True)
        )
        _count(figures, hub, outcomes)
        figures.faults = sum(rule.hits for rule in rules)
        figures.deliveries = sum(_received(log) for log in logs)
    return figures


def _let_fail(hub: SandboxServer, seed: int) -> list[Any]:
    effects = [Reset(), Reset(reached=True), Cut(), Status(503), Status(503, reached=True)]
    rules = [
        hub.faults.add_random(effect, rate=RATE / len(effects), seed=seed + number)
        for number, effect in enumerate(effects)
    ]
    return [*rules, hub.faults.add_random(QueueFull(), rate=RATE, seed=seed, on="submit")]


def _count(figures: Figures, hub: SandboxServer, outcomes: list[tuple[str, str]]) -> None:
    jobs = Counter(job.work.prompt for job in hub.hub.jobs)
    figures.jobs = jobs.total()
    figures.most_jobs = max(jobs.values())
    figures.requests = hub.hub.request_count
    figures.outcomes = dict(sorted(Counter(kind for kind, _ in outcomes).items()))
    for number, (kind, text) in enumerate(outcomes):
        figures.wrong += kind == "SUCCESS" and _prompt(number) not in text
        figures.paid_twice += jobs[_prompt(number)] > 1 and kind != "UncertainSubmitError"


@contextmanager
def sender(environment: dict[str, str]) -> Iterator[Any]:
    """Return the task as who sends it sees it: of an app of its own, and never with a key."""
    before = dict(os.environ)
    os.environ.update({k: v for k, v in environment.items() if k.startswith("TEST_")})
    try:
        path = Path(__file__).with_name("tasks.py")
        app = runpy.run_path(str(path), run_name="background.sender")
        yield app["chat"]
        app["app"].close()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _prompt(number: int) -> str:
    return f"number {number}."


def _submitted(hub: SandboxServer) -> int:
    return hub.hub.jobs_submitted


def _state(result: Any) -> str:
    return str(result.state)


def _outcome(result: Any) -> tuple[str, str]:
    if result.state == "SUCCESS":
        return "SUCCESS", str(result.result["outputs"]["text"])
    return getattr(result.result, "kind", type(result.result).__name__), str(result.result)


def _received(log: Path) -> int:
    return len(re.findall(r"Task aki_client\.\S+ received", log.read_text("utf-8", "replace")))


def as_text(figures: Figures) -> str:
    """Return all figures, a line each."""
    return "\n".join(f"{name}: {value}" for name, value in asdict(figures).items())
