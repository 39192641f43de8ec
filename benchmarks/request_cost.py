"""What a request costs its sender in CPU: a submit with eight parameters validated, and a poll."""

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import httpcore2
import httpx2
from aki_client import Aki

from benchmarks.canned import canned_hub
from benchmarks.goals import Measured, table

ROUNDS, BATCH = 60, 50
GOAL = 1.15

INPUTS: dict[str, Any] = {
    "prompt": "A cute robot on a beach",
    "width": 512,
    "height": 512,
    "seed": 7,
    "steps": 40,
    "provide_progress_images": "none",
    "num_samples": 1,
    "guidance": 3.5,
}
"""Eight parameters of flux-dev."""

_KEY = "a-key-of-the-usual-length"


def measure() -> list[Measured]:
    """Measure a submit and a poll, in turn with the same request sent by httpx2 alone."""
    with (
        canned_hub() as url,
        httpx2.Client() as http,
        Aki(_KEY, api_server=url, layout="aki", progress_interval=0.01) as aki,
    ):
        call = f"{url}/api/call/flux-dev"
        payload = {**INPUTS, "key": _KEY, "wait_for_result": False}
        flux = aki.flux_dev

        def baseline() -> None:
            http.post(call, json=payload).json()

        def submit() -> None:
            flux.submit(**INPUTS)

        job_id = flux.submit(**INPUTS).id

        def poll() -> None:
            # A handle that is made anew asks at once.
            flux.job(job_id).status()

        body = json.dumps(payload).encode()
        headers = [("Host", "hub"), ("Content-Length", str(len(body)))]

        def pool_alone() -> None:
            # httpx2's own pool, with nothing above it: what no client of it can go below.
            pool.request("POST", call, headers=headers, content=body)

        with httpcore2.ConnectionPool() as pool:
            usual, submitting, polling, alone = _in_turn(baseline, submit, poll, pool_alone)
    return [
        _row("a submit with 8 parameters validated", submitting, usual, alone),
        _row("a poll", polling, usual, alone),
    ]


def _row(what: str, ours: float, usual: float, alone: float) -> Measured:
    figures = f"{ours * 1e6:.0f} µs, {usual * 1e6:.0f} µs; httpx2's pool alone {alone * 1e6:.0f} µs"
    return Measured(
        f"CPU of {what}", "`httpx2.Client.post(json=…).json()`", GOAL, ours / usual, figures
    )


def _in_turn(*works: Callable[[], None]) -> list[float]:
    """Return the median CPU seconds of each, measured in turn so that the machine is the same to all."""
    spent: list[list[float]] = [[] for _ in works]
    for round_ in range(ROUNDS):
        for work, seconds in zip(works, spent, strict=True):
            began = time.process_time()
            for _ in range(BATCH):
                work()
            if round_ >= 3:  # connections are made, code is warm
                seconds.append((time.process_time() - began) / BATCH)
    return [median(seconds) for seconds in spent]


if __name__ == "__main__":
    print(table(measure()))
