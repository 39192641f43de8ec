"""The queue of one endpoint: who waits, who is processed, and what ends when.

Owns the order of events between two moments. Nothing runs in the background: a queue is brought up
to the moment it is asked about, so time comes in with every call (seconds, any epoch). Must not know
which queues there are, nor what becomes of ended jobs.
"""

import heapq
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TypeAlias

from aki_sandbox.hub.jobs import SandboxJob, WireState

_Moment: TypeAlias = tuple[float, int, SandboxJob]


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How many jobs of an endpoint are processed, how many wait, and how many may wait."""

    processed: int
    waiting: int
    max_waiting: int


@dataclass(slots=True)
class Queue:
    """The jobs of one endpoint that wait or are processed."""

    slots: int
    max_length: int
    max_wait: float
    job_timeout: float
    waiting: list[SandboxJob] = field(default_factory=list[SandboxJob])
    busy: int = 0
    endings: list[_Moment] = field(default_factory=list[_Moment])
    cancels: list[_Moment] = field(default_factory=list[_Moment])

    def advance(self, now: float) -> list[SandboxJob]:
        """Play everything that happened until now, in order; return the jobs that ended."""
        ended: list[SandboxJob] = []
        while self.cancels and self.cancels[0][0] <= now:
            at, _, job = heapq.heappop(self.cancels)
            ended += self._play(at)
            ended += self._cancel(job, at)
        return ended + self._play(now)

    def cancel(self, job: SandboxJob, at: float) -> None:
        """Plan that a job is canceled, unless it has ended by then. Asking again changes nothing."""
        if not job.cancel_asked:
            job.cancel_asked = True
            heapq.heappush(self.cancels, (at, job.number, job))

    def lapse(self, job: SandboxJob, now: float) -> list[SandboxJob]:
        """End a job as lapsed, as when its worker is seen offline. A final state stays."""
        if job.state is WireState.QUEUED:
            return self._end_waiting(job, now, WireState.LAPSED)
        if not job.ended:
            self._end(job, now, WireState.LAPSED)
        return []

    def position(self, job: SandboxJob) -> int:
        """Return the place of a waiting job, 1 being the next to start."""
        return bisect_left(self.waiting, job.number, key=lambda other: other.number) + 1

    def _cancel(self, job: SandboxJob, now: float) -> list[SandboxJob]:
        """End a job at its worker's next step, or before it starts. A final state stays."""
        if job.state is WireState.QUEUED:
            return self._end_waiting(job, now, WireState.CANCELED)
        if job.started_at is not None and not job.ended and job.ends_as is WireState.DONE:
            at = job.started_at + job.work.end_of_step(now - job.started_at)
            if at < job.ends_at:
                self._end(job, at, WireState.CANCELED)
        return []

    def _end_waiting(self, job: SandboxJob, now: float, state: WireState) -> list[SandboxJob]:
        self.waiting.remove(job)
        job.state = state
        job.ends_at = now
        return [job]

    def _play(self, now: float) -> list[SandboxJob]:
        ended: list[SandboxJob] = []
        while self.endings and self.endings[0][0] <= now:
            at, _, job = heapq.heappop(self.endings)
            if job.state is not WireState.PROCESSING or job.ends_at != at:
                continue  # superseded: the job was canceled or lapsed in the meantime
            job.state = job.ends_as
            self.busy -= 1
            ended.append(job)
            ended += self._start_waiting(at)
        return ended + self._start_waiting(now)

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
        if job.work.seconds_per_step > self.job_timeout:
            self._end(job, now + self.job_timeout, WireState.LAPSED)
        else:
            self._end(job, now + job.work.seconds, WireState.DONE)

    def _end(self, job: SandboxJob, at: float, state: WireState) -> None:
        """Plan how a job that is processed will end."""
        job.ends_at = at
        job.ends_as = state
        heapq.heappush(self.endings, (at, job.number, job))
