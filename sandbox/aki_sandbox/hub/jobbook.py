"""All jobs of a hub: found by id, queued by endpoint, forgotten in the end.

Owns the ids, the remembering and the lapsing of unfetched results. Time comes in with every call
(seconds, any epoch). Must not know how a job's state is told to a client.
"""

import math
from collections import deque
from collections.abc import Iterator
from uuid import uuid4

from aki_sandbox.catalogue import Endpoint
from aki_sandbox.hub.jobs import SandboxJob, WireState
from aki_sandbox.hub.queues import Occupancy, Queue
from aki_sandbox.settings import HubSettings
from aki_sandbox.workers.work import WorkItem


class JobBook:
    """All jobs of a hub."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
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

    def submit(self, endpoint: Endpoint, work: WorkItem, now: float) -> SandboxJob:
        """Queue a job; a free worker takes it at once. Whether it may wait is not asked here."""
        self._advance(endpoint, now)
        self._count += 1
        job_id = f"{uuid4()}#{self._count}" if self._settings.counted_job_ids else str(uuid4())
        job = SandboxJob(job_id, self._count, endpoint, work, now)
        self._jobs[job.id] = job
        self._queue(endpoint).waiting.append(job)
        self._advance(endpoint, now)
        return job

    def find(self, job_id: str, now: float) -> SandboxJob | None:
        """Return a job as it stands now, or None when it is unknown or forgotten."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        self._advance(job.endpoint, now)
        if now >= self._forgotten_at(job):
            return None
        unfetched_until = job.ends_at + self._settings.job_timeout
        if job.is_unfetched and now >= unfetched_until:
            job.state = WireState.LAPSED
            job.ends_at = unfetched_until
        return job

    def cancel(self, job: SandboxJob, now: float) -> None:
        """Cancel a job, as late as the settings say. A final state stays."""
        self._queue(job.endpoint).cancel(job, now + self._settings.cancel_delay)
        self._advance(job.endpoint, now)

    def lapse(self, job: SandboxJob, now: float) -> None:
        """End a job as lapsed. A final state stays."""
        self._ended += self._queue(job.endpoint).lapse(job, now)
        self._advance(job.endpoint, now)

    def position(self, job: SandboxJob) -> int:
        """Return the place in the queue: 1 is the next to start, 0 has started."""
        return self._queue(job.endpoint).position(job) if job.state is WireState.QUEUED else 0

    def estimate(self, job: SandboxJob, now: float) -> float:
        """Return the seconds until a job is done, or -1 when nobody can tell."""
        slots = self._settings.worker_slots
        if job.state is WireState.PROCESSING:
            return round(job.seconds_left(now), 1)
        if job.state is WireState.QUEUED and slots and math.isfinite(job.work.seconds):
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

    def _queue(self, endpoint: Endpoint) -> Queue:
        queue = self._queues.get(endpoint.name)
        if queue is None:
            length, wait = self._settings.max_queue_length, self._settings.max_time_in_queue
            if length is None:
                length = int(endpoint.number("max_queue_length", 1000))
            if wait is None:
                wait = endpoint.number("max_time_in_queue", 3600)
            queue = Queue(self._settings.worker_slots, length, wait, self._settings.job_timeout)
            self._queues[endpoint.name] = queue
        return queue

    def _advance(self, endpoint: Endpoint, now: float) -> None:
        self._ended += self._queue(endpoint).advance(now)
        while self._ended and now >= self._forgotten_at(self._ended[0]):
            self._jobs.pop(self._ended.popleft().id, None)

    def _forgotten_at(self, job: SandboxJob) -> float:
        if not job.ended:
            return math.inf
        lapses_after = self._settings.job_timeout if job.is_unfetched else 0.0
        return job.ends_at + lapses_after + self._settings.forget_after
