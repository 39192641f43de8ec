"""The jobs of a hub: the states of each, found by id, queued by endpoint, forgotten in the end; and its polls.

Owns the ids, the lapsing of unfetched results, and the log of polls. Time comes in with every call (seconds, any
epoch). Must not know what a job computes, nor what a client is answered.
"""

import heapq
import math
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from uuid import uuid4

from aki_sandbox.catalogue import HubEndpoint
from aki_sandbox.settings import HubSettings
from aki_sandbox.workers.work import WorkItem


class WireState(StrEnum):
    """The states of a job, in the words of the wire."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    CANCELED = "canceled"
    LAPSED = "lapsed"


@dataclass(slots=True, eq=False)
class SandboxJob:
    """One job. Times are seconds of the clock that the book is asked with.

    Attributes:
        number: Counts up over all jobs of a book; orders each queue.
        key: Whose it is.
        started_at: When a worker took it; None before.
        ends_at: While it is processed, when that will end; afterwards, when it ended.
        ends_as: The state it will end in.
        handed_out: Whether somebody got its result.
        cancel_asked: Whether somebody asked to cancel it; only the first time counts.
    """

    id: str
    number: int
    endpoint: HubEndpoint
    work: WorkItem
    submitted_at: float
    key: str = field(default="", repr=False)
    state: WireState = WireState.QUEUED
    started_at: float | None = None
    ends_at: float = 0.0
    ends_as: WireState = WireState.DONE
    handed_out: bool = False
    cancel_asked: bool = False

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state not in {WireState.QUEUED, WireState.PROCESSING}

    @property
    def is_unfetched(self) -> bool:
        """Whether it has a result that nobody got; such a one lapses after a while."""
        return self.state is WireState.DONE and not self.handed_out

    def steps_done(self, now: float) -> int:
        """Return how many steps the worker has reported; the last one comes as the result."""
        if self.started_at is None:
            return 0
        if self.state is WireState.DONE:
            return self.work.steps
        until = min(now, self.ends_at) - self.started_at
        return min(self.work.steps_after(until), self.work.steps - 1)


@dataclass(slots=True)
class Queue:
    """The jobs of one endpoint that wait or are processed, and what will happen to them."""

    slots: int
    max_length: int
    max_wait: float
    job_timeout: float
    waiting: list[SandboxJob] = field(default_factory=list[SandboxJob])
    busy: int = 0
    # Each at its time, at which jobs end before others are canceled, in the order in which they came.
    moments: list[tuple[float, bool, int, SandboxJob]] = field(
        default_factory=list[tuple[float, bool, int, SandboxJob]]
    )

    def advance(self, now: float) -> list[SandboxJob]:
        """Play everything that happened until now, in order; return the jobs that ended."""
        ended: list[SandboxJob] = []
        while self.moments and self.moments[0][0] <= now:
            at, is_cancelling, _, job = heapq.heappop(self.moments)
            if is_cancelling:
                ended += self._start_waiting(at)
                ended += self._cancel(job, at)
            elif job.state is WireState.PROCESSING and job.ends_at == at:
                job.state = job.ends_as
                self.busy -= 1
                ended.append(job)
                ended += self._start_waiting(at)
            # Else it was canceled or lapsed in the meantime.
        return ended + self._start_waiting(now)

    def cancel(self, job: SandboxJob, at: float) -> None:
        """Plan that a job is canceled, unless it has ended by then. Asking again changes nothing."""
        if not job.cancel_asked:
            job.cancel_asked = True
            heapq.heappush(self.moments, (at, True, job.number, job))

    def lapse(self, job: SandboxJob, now: float) -> list[SandboxJob]:
        """End a job as lapsed, as when its worker is seen offline. A final state stays."""
        return self._stop(job, now, now, WireState.LAPSED)

    def position(self, job: SandboxJob) -> int:
        """Return the place of a job: 1 is the next to start, 0 has started."""
        if job.state is not WireState.QUEUED:
            return 0
        return bisect_left(self.waiting, job.number, key=lambda other: other.number) + 1

    def estimate(self, job: SandboxJob, now: float) -> float:
        """Return the seconds until a job is done, or -1 when nobody can tell."""
        if job.state is WireState.PROCESSING:
            return round(max(0.0, job.ends_at - now), 1)
        if job.state is WireState.QUEUED and self.slots and math.isfinite(job.work.seconds):
            return round(self.position(job) * job.work.seconds / self.slots, 1)
        return -1

    def _cancel(self, job: SandboxJob, now: float) -> list[SandboxJob]:
        """End a job at its worker's next step, or before it starts. A final state stays."""
        at = now
        if job.started_at is not None:
            # Workers look for a cancelling when they report, so the step that runs is paid.
            at = job.started_at + job.work.end_of_step(now - job.started_at)
            # A worker hears of it between two steps; after the last one the job is done.
            if job.ends_as is not WireState.DONE or at >= job.ends_at:
                return []
        return self._stop(job, now, at, WireState.CANCELED)

    def _stop(self, job: SandboxJob, now: float, at: float, state: WireState) -> list[SandboxJob]:
        """End a job at once where it waits, or at a time where it is processed; return it if it has ended."""
        if job.state is WireState.QUEUED:
            self.waiting.remove(job)
            job.state, job.ends_at = state, now
            return [job]
        if not job.ended:
            self._end(job, at, state)
        return []

    def _start_waiting(self, now: float) -> list[SandboxJob]:
        lapsed: list[SandboxJob] = []
        while self.waiting:
            job = self.waiting[0]
            if now >= job.submitted_at + self.max_wait:
                job.state = WireState.LAPSED
                job.ends_at = job.submitted_at + self.max_wait
                lapsed.append(self.waiting.pop(0))
            elif self.busy < self.slots:
                self._start(self.waiting.pop(0), now)
            else:
                break
        return lapsed

    def _start(self, job: SandboxJob, now: float) -> None:
        job.state = WireState.PROCESSING
        job.started_at = now
        self.busy += 1
        # A worker that reports less often than this is taken for dead, though it works.
        if job.work.seconds_per_step > self.job_timeout:
            self._end(job, now + self.job_timeout, WireState.LAPSED)
        else:
            self._end(job, now + job.work.seconds, WireState.DONE)

    def _end(self, job: SandboxJob, at: float, state: WireState) -> None:
        """Plan how a job that is processed will end."""
        job.ends_at = at
        job.ends_as = state
        heapq.heappush(self.moments, (at, False, job.number, job))


class JobBook:
    """All jobs of a hub.

    Args:
        settings: How the hub behaves.
        on_end: Called with each job as it ends.
    """

    def __init__(
        self, settings: HubSettings, on_end: Callable[[SandboxJob], object] = lambda _: None
    ) -> None:
        self._settings = settings
        self._on_end = on_end
        self._queues: dict[str, Queue] = {}
        self._jobs: dict[str, SandboxJob] = {}
        self._ended: deque[SandboxJob] = deque()
        self._count = 0

    def __len__(self) -> int:
        """Return how many jobs are remembered."""
        return len(self._jobs)

    def __iter__(self) -> Iterator[SandboxJob]:
        """Iterate over the jobs that are remembered."""
        return iter(list(self._jobs.values()))

    def submit(self, endpoint: HubEndpoint, work: WorkItem, key: str, now: float) -> SandboxJob:
        """Queue a job; a free worker takes it at once. Whether it may wait is not asked here."""
        queue = self.queue(endpoint, now)
        self._count += 1
        job_id = f"{uuid4()}#{self._count}" if self._settings.counted_job_ids else str(uuid4())
        job = SandboxJob(job_id, self._count, endpoint, work, now, key)
        self._jobs[job.id] = job
        queue.waiting.append(job)
        self.queue(endpoint, now)
        return job

    def find(self, job_id: str, now: float) -> SandboxJob | None:
        """Return a job as it stands now, or None when it is unknown or forgotten."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        self.queue(job.endpoint, now)
        if now >= self._forgotten_at(job):
            return None
        # The same timer as for workers: a result that nobody fetches lapses as if its worker were silent.
        unfetched_until = job.ends_at + self._settings.job_timeout
        if job.is_unfetched and now >= unfetched_until:
            job.state = WireState.LAPSED
            job.ends_at = unfetched_until
        return job

    def cancel(self, job: SandboxJob, now: float) -> None:
        """Cancel a job, as late as the settings say. A final state stays."""
        self.queue(job.endpoint, now).cancel(job, now + self._settings.cancel_delay)
        self.queue(job.endpoint, now)

    def lapse(self, job: SandboxJob, now: float) -> None:
        """End a job as lapsed. A final state stays."""
        self._end(self.queue(job.endpoint, now).lapse(job, now))
        self.queue(job.endpoint, now)

    def queue(self, endpoint: HubEndpoint, now: float) -> Queue:
        """Return the queue of an endpoint, after everything that happened until now."""
        queue = self._queues.get(endpoint.name)
        if queue is None:
            length, wait = self._settings.max_queue_length, self._settings.max_time_in_queue
            if length is None:
                length = int(endpoint.number("max_queue_length", 1000))
            if wait is None:
                wait = endpoint.number("max_time_in_queue", 3600)
            queue = Queue(self._settings.worker_slots, length, wait, self._settings.job_timeout)
            self._queues[endpoint.name] = queue
        self._end(queue.advance(now))
        while self._ended and now >= self._forgotten_at(self._ended[0]):
            self._jobs.pop(self._ended.popleft().id, None)
        return queue

    def advance_all(self, now: float) -> None:
        """Play everything that happened until now, at every endpoint."""
        for job in {job.endpoint.name: job for job in self}.values():
            self.queue(job.endpoint, now)

    def forget_all(self) -> None:
        """Forget every job, as a restart of the server does."""
        self._queues.clear()
        self._jobs.clear()
        self._ended.clear()

    def _end(self, jobs: list[SandboxJob]) -> None:
        self._ended += jobs
        for job in jobs:
            self._on_end(job)

    def _forgotten_at(self, job: SandboxJob) -> float:
        if not job.ended:
            return math.inf
        lapses_after = self._settings.job_timeout if job.is_unfetched else 0.0
        return job.ends_at + lapses_after + self._settings.forget_after


IsGone: TypeAlias = Callable[[], bool]


class PollLog:
    """The polls of all jobs.

    Attributes:
        by_job: How many polls each job id got, whatever became of them.
        most_at_once: The most polls that one job had at the same time; 1 when all is well.
        overlapping: The job id of every poll that came while another of that job was open.
    """

    def __init__(self) -> None:
        self.by_job: Counter[str] = Counter()
        self.most_at_once = 0
        self.overlapping: list[str] = []
        self._open: dict[str, list[IsGone]] = {}

    def begin(self, job_id: str, is_gone: IsGone) -> None:
        """Note that a poll has come.

        Args:
            job_id: Which job it asks after.
            is_gone: Says whether its caller has given up: from then on it overlaps with nothing,
                although the hub may still be busy with it.
        """
        self.by_job[job_id] += 1
        others = [other for other in self._open.get(job_id, []) if not other()]
        if others:
            self.overlapping.append(job_id)
        self._open[job_id] = [*others, is_gone]
        self.most_at_once = max(self.most_at_once, len(others) + 1)

    def end(self, job_id: str, is_gone: IsGone) -> None:
        """Note that a poll is over."""
        left = [other for other in self._open.pop(job_id, []) if other is not is_gone]
        if left:
            self._open[job_id] = left
