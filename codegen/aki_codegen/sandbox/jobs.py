"""The life of jobs: waiting, being processed, ended, forgotten.

Owns states, queues and timers. Nothing runs in the background: a book of jobs is brought up to the
moment it is asked about, so time comes in with every call (seconds, any epoch). Must not know what
a job computes nor how its state is told to a client.
"""

import heapq
import math
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

from aki_codegen.sandbox.catalogue import Endpoint
from aki_codegen.sandbox.settings import HubSettings
from aki_codegen.sandbox.work import Work


class JobState(StrEnum):
    """The states of a job, in the words of the wire."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    CANCELED = "canceled"
    LAPSED = "lapsed"


@dataclass(slots=True, eq=False)
class Job:
    """One job. Times are seconds of the clock that the book is asked with.

    Attributes:
        number: Counts up over all jobs of a book; orders each queue.
        started_at: When a worker took it; None before.
        ends_at: While it is processed, when that will end; afterwards, when it ended.
        ends_as: The state it will end in.
        handed_out: Whether somebody got its result.
    """

    id: str
    number: int
    endpoint: Endpoint
    work: Work
    submitted_at: float
    state: JobState = JobState.QUEUED
    started_at: float | None = None
    ends_at: float = 0.0
    ends_as: JobState = JobState.DONE
    handed_out: bool = False

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state not in {JobState.QUEUED, JobState.PROCESSING}

    @property
    def is_unfetched(self) -> bool:
        """Whether it has a result that nobody got; such a one lapses after a while."""
        return self.state is JobState.DONE and not self.handed_out

    def steps_done(self, now: float) -> int:
        """Return how many steps the worker has reported; the last one comes as the result."""
        if self.started_at is None:
            return 0
        if self.state is JobState.DONE:
            return self.work.steps
        until = min(now, self.ends_at) - self.started_at
        return min(self.work.steps_after(until), self.work.steps - 1)

    def seconds_left(self, now: float) -> float:
        """Return how long the worker will still need; 0 unless it is processing."""
        return max(0.0, self.ends_at - now) if self.state is JobState.PROCESSING else 0.0


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How many jobs of an endpoint are processed, how many wait, and how many may wait."""

    processed: int
    waiting: int
    max_waiting: int


@dataclass(slots=True)
class _Queue:
    """The jobs of one endpoint that wait or are processed."""

    slots: int
    max_length: int
    max_wait: float
    job_timeout: float
    waiting: list[Job] = field(default_factory=list[Job])
    busy: int = 0
    endings: list[tuple[float, int, Job]] = field(default_factory=list[tuple[float, int, Job]])

    def advance(self, now: float) -> list[Job]:
        """Play everything that happened until now, in order; return the jobs that ended."""
        ended: list[Job] = []
        while self.endings and self.endings[0][0] <= now:
            at, _, job = heapq.heappop(self.endings)
            if job.state is not JobState.PROCESSING or job.ends_at != at:
                continue  # superseded: the job was canceled in the meantime
            job.state = job.ends_as
            self.busy -= 1
            ended.append(job)
            ended += self._start_waiting(at)
        return ended + self._start_waiting(now)

    def _start_waiting(self, now: float) -> list[Job]:
        lapsed: list[Job] = []
        while self.waiting:
            job = self.waiting[0]
            if now >= job.submitted_at + self.max_wait:
                job.state = JobState.LAPSED
                job.ends_at = job.submitted_at + self.max_wait
                lapsed.append(self.waiting.pop(0))
            elif self.busy < self.slots:
                self._start(self.waiting.pop(0), now)
            else:
                break
        return lapsed

    def _start(self, job: Job, now: float) -> None:
        job.state = JobState.PROCESSING
        job.started_at = now
        self.busy += 1
        if job.work.seconds_per_step > self.job_timeout:
            self.end(job, now + self.job_timeout, JobState.LAPSED)
        else:
            self.end(job, now + job.work.seconds, JobState.DONE)

    def end(self, job: Job, at: float, state: JobState) -> None:
        """Plan how a job that is processed will end."""
        job.ends_at = at
        job.ends_as = state
        heapq.heappush(self.endings, (at, job.number, job))

    def position(self, job: Job) -> int:
        """Return the place of a waiting job, 1 being the next to start."""
        return bisect_left(self.waiting, job.number, key=lambda other: other.number) + 1


class JobBook:
    """All jobs of a hub."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._queues: dict[str, _Queue] = {}
        self._jobs: dict[str, Job] = {}
        self._ended: deque[Job] = deque()
        self._count = 0

    def __len__(self) -> int:
        """Return how many jobs are remembered."""
        return len(self._jobs)

    def submit(self, endpoint: Endpoint, work: Work, now: float) -> Job:
        """Queue a job; a free worker takes it at once. Whether it may wait is not asked here."""
        self._advance(endpoint, now)
        self._count += 1
        job = Job(f"{uuid4()}#{self._count}", self._count, endpoint, work, now)
        self._jobs[job.id] = job
        self._queue(endpoint).waiting.append(job)
        self._advance(endpoint, now)
        return job

    def find(self, job_id: str, now: float) -> Job | None:
        """Return a job as it stands now, or None when it is unknown or forgotten."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        self._advance(job.endpoint, now)
        if now >= self._forgotten_at(job):
            return None
        unfetched_until = job.ends_at + self._settings.job_timeout
        if job.is_unfetched and now >= unfetched_until:
            job.state = JobState.LAPSED
            job.ends_at = unfetched_until
        return job

    def cancel(self, job: Job, now: float) -> None:
        """End a job at its worker's next step, or before it starts. A final state stays."""
        queue = self._queue(job.endpoint)
        if job.state is JobState.QUEUED:
            queue.waiting.remove(job)
            job.state = JobState.CANCELED
            job.ends_at = now
            self._ended.append(job)
        elif job.started_at is not None and not job.ended and job.ends_as is JobState.DONE:
            at = job.started_at + job.work.end_of_step(now - job.started_at)
            if at < job.ends_at:
                queue.end(job, at, JobState.CANCELED)

    def position(self, job: Job) -> int:
        """Return the place in the queue: 1 is the next to start, 0 has started."""
        return self._queue(job.endpoint).position(job) if job.state is JobState.QUEUED else 0

    def estimate(self, job: Job, now: float) -> float:
        """Return the seconds until a job is done, or -1 when nobody can tell."""
        slots = self._settings.worker_slots
        if job.state is JobState.PROCESSING:
            return round(job.seconds_left(now), 1)
        if job.state is JobState.QUEUED and slots and math.isfinite(job.work.seconds):
            return round(self.position(job) * job.work.seconds / slots, 1)
        return -1

    def occupancy(self, endpoint: Endpoint, now: float) -> Occupancy:
        """Return how busy an endpoint is."""
        self._advance(endpoint, now)
        queue = self._queue(endpoint)
        return Occupancy(queue.busy, len(queue.waiting), queue.max_length)

    def forget_all(self) -> None:
        """Forget every job, as a restart of the server does."""
        self._queues.clear()
        self._jobs.clear()
        self._ended.clear()

    def _queue(self, endpoint: Endpoint) -> _Queue:
        queue = self._queues.get(endpoint.name)
        if queue is None:
            length, wait = self._settings.max_queue_length, self._settings.max_time_in_queue
            if length is None:
                length = int(endpoint.number("max_queue_length", 1000))
            if wait is None:
                wait = endpoint.number("max_time_in_queue", 3600)
            queue = _Queue(self._settings.worker_slots, length, wait, self._settings.job_timeout)
            self._queues[endpoint.name] = queue
        return queue

    def _advance(self, endpoint: Endpoint, now: float) -> None:
        self._ended += self._queue(endpoint).advance(now)
        while self._ended and now >= self._forgotten_at(self._ended[0]):
            self._jobs.pop(self._ended.popleft().id, None)

    def _forgotten_at(self, job: Job) -> float:
        if not job.ended:
            return math.inf
        lapses_after = self._settings.job_timeout if job.is_unfetched else 0.0
        return job.ends_at + lapses_after + self._settings.forget_after
