"""Carries out one case of the fault table in one mode and one way of calling, and measures what came of it.

Owns the hub, the client and the measuring. Must not know what is expected.
"""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from aki_sandbox.server import SandboxServer
from aki_sandbox.web.connections import unserved_url
from faults.leaks import shown_by
from faults.modes import Mode, perform
from faults.table import Case
from support.jobs import all_jobs
from support.patience import soon

AT_ONCE = 48
"""Runs that are carried out at a time."""


@dataclass(frozen=True)
class Run:
    """One case in one mode and one way of calling."""

    case: Case
    mode: str
    how: str

    def __str__(self) -> str:
        return f"{self.case.name}-{self.how}-{self.mode}".replace(" ", "_")


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        ended: "result", or the exception's name.
        message: What the exception says.
        seconds: How long the caller waited.
        jobs: Jobs that the hub made.
        submits: Submits that reached the hub or what stands in front of it.
        polls: The most polls that one job got.
        polls_at_once: The most polls of one job at a time.
        states: The states of the jobs on the hub in the end.
        partial: The names of the outputs that came with the exception.
        leaks: Texts that show a secret.
        left: What was left behind: connections, tasks.
    """

    ended: str
    message: str
    seconds: float
    jobs: int
    submits: int
    polls: int
    polls_at_once: int
    states: list[str]
    partial: list[str]
    leaks: list[str]
    left: list[str]


def run_all(runs: Iterable[Run]) -> dict[Run, Outcome]:
    """Carry out many runs, several at a time, because they mostly wait."""
    runs = list(runs)
    with ThreadPoolExecutor(AT_ONCE, "fault") as pool:
        return dict(zip(runs, pool.map(carry_out, runs), strict=True))


def carry_out(run: Run) -> Outcome:
    """Carry out one run on a hub of its own."""
    case = run.case
    with SandboxServer(settings=case.settings) as server:
        for rule in case.rules:
            rule(server.faults)
        unserved = unserved_url() if case.unserved else nullcontext(server.url)
        with Mode(run.mode) as mode, unserved as url:
            began = time.monotonic()
            error: BaseException | None = None
            output = None
            try:
                with mode.client(url, max_retries=case.max_retries) as aki:
                    try:
                        output = perform(
                            mode,
                            run.how,
                            aki.llama3_8b_chat,
                            case.timeout,
                            prompt_input=case.prompt,
                        )
                    finally:
                        seconds = time.monotonic() - began
            except Exception as raised:
                error = raised
        soon(lambda: server.connections.open == 0)
        left = [f"{server.connections.open} connections"] if server.connections.open else []
        outcome = _outcome(server, error, seconds)
        outcome.left = left + mode.tasks_left
        if error is None and case.check is not None:
            case.check(output)
        return outcome


def _outcome(server: SandboxServer, error: BaseException | None, seconds: float) -> Outcome:
    hub = server.hub
    submits = [seen for seen in hub.requests if seen.path.startswith("/api/call/")]
    return Outcome(
        ended="result" if error is None else type(error).__name__,
        message=str(error or ""),
        seconds=seconds,
        jobs=hub.jobs_submitted,
        submits=len(submits),
        polls=max(hub.polls.by_job.values(), default=0),
        polls_at_once=hub.polls.most_at_once,
        states=states(server),
        partial=sorted(getattr(error, "partial", {})),
        leaks=[] if error is None else shown_by(error),
        left=[],
    )


def states(server: SandboxServer) -> list[str]:
    """Return the states of all jobs, once those that are cancelled have ended."""

    def now() -> list[str]:
        return [job.state.value for job in all_jobs(server)]

    soon(lambda: "processing" not in now(), 2.0)
    return now()


@contextmanager
def no_thread_left():
    """Fail where a thread outlives the block."""
    before = set(threading.enumerate())
    yield

    def left():
        # One that the runtime starts without `threading` stays listed, if it asks for its name.
        return [
            thread.name
            for thread in threading.enumerate()
            if thread not in before and not isinstance(thread, threading._DummyThread)
        ]

    soon(lambda: left() == [])
    assert left() == []
