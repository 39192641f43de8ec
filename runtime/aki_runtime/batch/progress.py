"""How far a batch is, and what came of it. Values, and the counting that they come from."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .outcome import Outcome, Status

_FEW = 3
"""Outcomes before a rate says anything."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is.

    Attributes:
        rows: How many rows there are; None while nobody knows.
        done: Rows with a result, those of earlier runs included.
        failed: Rows that ended without one.
        uncertain: Rows that may have been paid for, and have no result.
        running: Jobs on the hub now.
        limit: Jobs that may be on the hub now, as the hub bears it.
        tokens: Tokens generated in this run, where outputs tell them.
        compute_seconds: Seconds of computing in this run, as the hub says.
        seconds: Seconds since the beginning of this run.
        rate: Rows that ended per second in this run; None before the first few.
        left: Seconds until the end at this rate; None where nobody can tell.
    """

    rows: int | None
    done: int
    failed: int
    uncertain: int
    running: int
    limit: int
    tokens: int
    compute_seconds: float
    seconds: float
    rate: float | None
    left: float | None

    @property
    def ended(self) -> int:
        """Rows that have an outcome."""
        return self.done + self.failed + self.uncertain


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a batch.

    Attributes:
        rows: How many rows were to be done.
        done: Rows with a result, those of earlier runs included.
        failed: Rows that ended without one.
        uncertain: Rows that may have been paid for, and have no result; they are not sent again unasked.
        before: How many rows had their outcome from earlier runs.
        picked_up: Jobs of earlier runs that this one picked up.
        tokens: Tokens generated in this run, where outputs tell them.
        compute_seconds: Seconds of computing in this run, as the hub says.
        seconds: Seconds that this run took.
        interrupted: Whether it was asked to stop before the end.
        output: The output file; None where only outcomes were asked for, or nothing was sent.
        journal: The journal.
    """

    rows: int
    done: int
    failed: int
    uncertain: int
    before: int
    picked_up: int
    tokens: int
    compute_seconds: float
    seconds: float
    interrupted: bool
    output: Path | None
    journal: Path | None

    @property
    def left(self) -> int:
        """Rows without an outcome; the next run goes on with them."""
        return max(0, self.rows - self.done - self.failed - self.uncertain)


class Tally:
    """Counts outcomes.

    Args:
        before: What earlier runs had come to.
        began: When this run began, in seconds on its clock.
    """

    def __init__(self, before: Counter[Status], began: float) -> None:
        self.before = before.total()
        self.tokens = 0
        self.compute_seconds = 0.0
        self._counts = before.copy()
        self._began = began
        self._ended = 0

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._ended += 1
        self._counts[outcome.status] += 1
        self.tokens += outcome.tokens or 0
        self.compute_seconds += outcome.compute_duration or 0.0

    def forget(self, status: Status) -> None:
        """A row of an earlier run is begun again."""
        self._counts[status] -= 1
        self.before -= 1

    def count(self, status: Status) -> int:
        """Return how many rows have ended so."""
        return self._counts[status]

    def progress(self, rows: int | None, running: int, limit: int, now: float) -> Progress:
        """Return how far the batch is."""
        seconds = max(now - self._began, 1e-6)
        rate = self._ended / seconds if self._ended >= _FEW else None
        todo = None if rows is None else max(0, rows - self._counts.total())
        return Progress(
            rows=rows,
            done=self._counts["done"],
            failed=self._counts["failed"],
            uncertain=self._counts["uncertain"],
            running=running,
            limit=limit,
            tokens=self.tokens,
            compute_seconds=self.compute_seconds,
            seconds=seconds,
            rate=rate,
            left=todo / rate if rate and todo is not None else None,
        )
