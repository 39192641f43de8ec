"""A sandbox hub in another process that afterwards says of each job when it ended and how often it was polled."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from aki_sandbox.hub.jobs import JobBook, SandboxJob
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

SETTINGS = HubSettings(worker_slots=10_000)
"""No job ever waits in the queue."""


@dataclass(frozen=True)
class Seen:
    """What the hub knows of one job.

    Attributes:
        ended_at: When it ended, in seconds of `time.time`, which all processes of a machine share.
        polls: How many polls asked after it.
    """

    ended_at: float
    polls: int


class _SilentBook(JobBook):
    """The jobs of a hub that cannot tell how long they will take."""

    def estimate(self, job: SandboxJob, now: float) -> float:
        """Return -1, for "unknown"."""
        del job, now
        return -1


@contextmanager
def hub_process(*, silent: bool) -> Iterator[tuple[str, Callable[[str], Seen]]]:
    """Run a hub while the block runs; yields its URL, and what tells of a job by its id.

    Args:
        silent: Whether it leaves out when a job may end.
    """
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(its, silent), daemon=True)
    process.start()
    its.close()

    def seen(job_id: str) -> Seen:
        ours.send(job_id)
        known: Seen = ours.recv()
        return known

    try:
        yield ours.recv(), seen
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection, silent: bool) -> None:
    with SandboxServer(settings=SETTINGS) as server:
        if silent:
            server.hub.jobs = _SilentBook(SETTINGS)
        pipe.send(server.url)
        while True:
            try:
                job_id = pipe.recv()
            except EOFError:
                return
            job = server.hub.jobs.find(job_id, time.time())
            if job is None:
                raise LookupError(f"the hub does not know the job {job_id}")
            pipe.send(Seen(job.ends_at, server.hub.polls.by_job[job_id]))
