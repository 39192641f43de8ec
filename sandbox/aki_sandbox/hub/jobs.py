"""One job and the states it can be in.

Owns what a job knows of itself. Must not know what it computes, what moves it from state to state,
nor how that is told to a client.
"""

from dataclasses import dataclass
from enum import StrEnum

from aki_sandbox.catalogue import Endpoint
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
        started_at: When a worker took it; None before.
        ends_at: While it is processed, when that will end; afterwards, when it ended.
        ends_as: The state it will end in.
        handed_out: Whether somebody got its result.
        cancel_asked: Whether somebody asked to cancel it; only the first time counts.
    """

    id: str
    number: int
    endpoint: Endpoint
    work: WorkItem
    submitted_at: float
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

    def seconds_left(self, now: float) -> float:
        """Return how long the worker will still need; 0 unless it is processing."""
        return max(0.0, self.ends_at - now) if self.state is WireState.PROCESSING else 0.0
