"""A sandbox hub in a process of its own, which fails now and then and tells what it has seen when asked to.

`python tests/ray_data/hub.py RATE` prints its address, then answers each line of its input with one line of JSON.
"""

import json
import subprocess
import sys
from collections import Counter
from typing import Any, Self

from aki_sandbox.faults.effects import Cut, QueueFull, Reset, Status
from aki_sandbox.faults.plan import FaultPlan
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings


class HubProcess:
    """The hub, for the length of a block.

    Args:
        rate: Which part of all requests fails.
    """

    def __init__(self, rate: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(rate)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url: str = self._line()["url"]

    def told(self) -> dict[str, Any]:
        """Return how many requests and faults there were, and the jobs by the row in their prompts."""
        assert self._process.stdin
        self._process.stdin.write("tell\n")
        self._process.stdin.flush()
        return self._line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def faults(rate: float, seed: int = 1) -> FaultPlan:
    """Let such a part of all requests fail (reset, 503, answer lost), and as many submits meet a full queue."""
    plan, part = FaultPlan(), rate / 4
    for number, effect in enumerate([Reset(), Reset(reached=True), Status(503), Cut()]):
        plan.add_random(effect, rate=part, seed=seed + number)
    plan.add_random(QueueFull(), on="submit", rate=rate, seed=seed + 9)
    return plan


def serve(rate: float) -> None:
    """Serve until the input ends."""
    settings = HubSettings(worker_slots=64, max_queue_length=48, forget_after=1e6)
    plan = faults(rate)
    with SandboxServer(settings=settings, faults=plan) as server:
        print(json.dumps({"url": server.url}), flush=True)
        for _ in sys.stdin:
            prompts = [job.work.prompt for job in server.hub.jobs]
            told = {
                "requests": server.hub.request_count,
                "submitted": server.hub.jobs_submitted,
                "faults": sum(rule.hits for rule in plan._faults),
                "jobs": Counter(prompts),
            }
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    serve(float(sys.argv[1]))
