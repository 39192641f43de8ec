"""What a test costs whose calls are replayed from a cassette, against the same test with the sandbox.

python -m benchmarks.replayed
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from aki_client import Aki
from aki_runtime.testing import cassette
from aki_sandbox.server import SandboxServer

from benchmarks.canned import POLLS, canned_hub
from benchmarks.goals import Measured, table
from benchmarks.request_cost import INPUTS

CALLS, RUNS = 100, 3
TIME_GOAL, CPU_GOAL = 0.1, 0.25
"""Time of the test and CPU of a call, as a part of what takes their place."""


def measure() -> list[Measured]:
    """Carry out a test with the sandbox and from a cassette, and calls against a hub in another process."""
    with SandboxServer() as hub, Aki("any", api_server=hub.url) as aki:

        def test() -> None:
            for number in range(CALLS):
                assert aki.llama3_chat(prompt_input=f"Line {number} [[dur=0]]").text

        sandbox, replay = _with_and_without_hub(time.perf_counter, test)
    with (
        canned_hub() as url,
        Aki("any", api_server=url, layout="aki", progress_interval=0.01) as aki,
    ):

        def calls() -> None:
            for seed in range(CALLS):
                aki.flux_dev(**{**INPUTS, "seed": seed})

        sent, replayed = _with_and_without_hub(time.process_time, calls)
    return [
        Measured(
            f"seconds of a test of {CALLS} replayed calls, its cassette opened",
            "the same with the sandbox, whose jobs take no time",
            TIME_GOAL,
            replay / sandbox,
            f"{replay:.2f} s, {sandbox:.2f} s",
        ),
        Measured(
            "CPU of a replayed call, its share of opening the cassette included",
            f"the same call sent, with its {POLLS} polls",
            CPU_GOAL,
            replayed / sent,
            f"{replayed / CALLS * 1e3:.2f} ms, {sent / CALLS * 1e3:.2f} ms",
        ),
    ]


def _with_and_without_hub(
    clock: Callable[[], float], work: Callable[[], None]
) -> tuple[float, float]:
    """Return the median cost of some calls that are sent, and of their replay."""
    with TemporaryDirectory() as folder:
        tape = Path(folder) / "calls.json"

        def replay() -> None:
            with cassette(tape):
                work()

        with cassette(tape, record=True):
            work()
        sent, replayed = (
            median(seconds)
            for seconds in zip(
                *((_spent(clock, work), _spent(clock, replay)) for _ in range(RUNS)), strict=True
            )
        )
    return sent, replayed


def _spent(clock: Callable[[], float], work: Callable[[], None]) -> float:
    began = clock()
    work()
    return clock() - began


if __name__ == "__main__":
    print(table(measure()))
