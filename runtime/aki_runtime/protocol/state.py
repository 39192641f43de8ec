"""What is known of one job, whoever reads it. Sans-IO: it is told what the hub answered."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import JobError, JobLapsedError
from .effects import Turn
from .pace import next_poll_delay
from .reports import Done, Ended, Pending, Report

UNFETCHED_SECONDS = 300.0
"""Seconds that a finished result lies ready on the hub for certain; it lapses after 360."""


@dataclass
class JobState:
    """One job as far as it is known here.

    Attributes:
        endpoint: The endpoint's name on the hub.
        job_id: Its id on the hub.
        pending: The last observation while it had not ended.
        result: What the hub gave as the result, once it is here. It stays, because the hub gives it only once.
        error: Why there is no result, once that is certain.
        deadline: When the caller that submitted it gives it up, on the clock of the flows.
        revision: Grows with every observation, so that waiters see that another one has polled.
        seen_unfinished: When the hub last said that it goes on, on the clock of the flows.
        next_poll: When to ask next, on the clock of the flows.
        expected_end: The earliest end that the hub has told, on the clock of the flows.
        inputs_to_send: Extra inputs that ride on the next poll.
        cancel_asked: Whether cancelling rides on the next poll, whoever sends it.
        turn: Who may ask after it, where several readers know it.
        abandoned: Whether the hub has been asked to cancel it because nobody waits for it.
    """

    endpoint: str
    job_id: str
    pending: Pending | None = None
    result: Mapping[str, Any] | None = field(default=None, repr=False)
    error: JobError | None = None
    deadline: float | None = None
    revision: int = 0
    seen_unfinished: float = -math.inf
    next_poll: float = 0.0
    expected_end: float = math.inf
    inputs_to_send: dict[str, Any] = field(default_factory=dict[str, Any])
    cancel_asked: bool = False
    turn: Turn | None = field(default=None, repr=False)
    abandoned: bool = False

    @property
    def ended(self) -> bool:
        """Whether the job's end is known."""
        return self.result is not None or self.error is not None

    @property
    def status(self) -> str:
        """The state in one word: queued, processing, done, failed, canceled, lapsed, unknown."""
        if self.result is not None:
            return "done"
        if self.error is not None:
            kind = type(self.error).__name__
            return kind.removeprefix("Job").removeprefix("Result").removesuffix("Error").lower()
        return self.pending.state if self.pending is not None else "queued"

    def observe(self, report: Report, now: float, interval: float) -> None:
        """Take in what the hub answered."""
        self.revision += 1
        match report:
            case Pending():
                self.pending = report
                self.seen_unfinished = now
                # Servers without an estimate say 0 as well as -1.
                if report.estimate and not report.position:
                    self.expected_end = min(self.expected_end, now + report.estimate)
                self.next_poll = now + next_poll_delay(
                    self.revision, interval, report.position, self.expected_end - now
                )
            case Done(result):
                self.result = result
            case Ended(error):
                if self.pending is not None:
                    # What had streamed is all that there is of a job that the hub has forgotten.
                    error.partial = {**self.pending.data, **error.partial}
                if isinstance(error, JobLapsedError):
                    error.followed = now - self.seen_unfinished < UNFETCHED_SECONDS
                self.error = error
