"""What a worker asks of the ledger, and what it is told. Values, which travel between nodes.

Each operation may arrive twice, because Ray repeats what a restarted actor may not have answered: all of them
name the attempt that they belong to, and mean the same however often they come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..batch.journal import Entry, RowState


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one worker to carry out a row.

    Attributes:
        worker: The worker, which proves that it lives for all its attempts at once.
        number: Which of its attempts this is.
    """

    worker: str
    number: int

    def __str__(self) -> str:
        return f"{self.worker}/{self.number}"


def worker_of(owner: str) -> str:
    """Return the worker of an attempt in the words of the journal."""
    return owner.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Begin:
    """Ask for a row before it is submitted.

    Attributes:
        row_id: The row.
        attempt: Who asks.
        digest: What the row is, so that two rows of one id are noticed.
        again: The outcomes that do not count: `failed`, `uncertain`, both or none.
    """

    row_id: str
    attempt: Attempt
    digest: str = ""
    again: frozenset[RowState] = frozenset()


@dataclass(frozen=True, slots=True)
class Release:
    """Give a row back, because it is certain that no job was made of it."""

    row_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class NoteJob:
    """Note the job that a row became, before it is polled."""

    row_id: str
    attempt: Attempt
    job_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoteOutcome:
    """Note how a row ended, before it is handed on. A result is kept whoever has the row by now."""

    row_id: str
    attempt: Attempt
    state: RowState
    outcome: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """Ask how a row stands, and change nothing."""

    row_id: str


Operation: TypeAlias = Begin | Release | NoteJob | NoteOutcome | Look


@dataclass(frozen=True, slots=True)
class Fresh:
    """The row is the asker's: to be submitted now."""


@dataclass(frozen=True, slots=True)
class Known:
    """The row is the asker's and has a job: to be followed.

    Attributes:
        job_id: The job.
        is_taken_over: Whether another worker, which is taken for dead, was at it before.
    """

    job_id: str = field(repr=False)
    is_taken_over: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Another worker is at the row.

    Attributes:
        seconds: Seconds after which that worker is taken for dead, unless it is heard of.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class RowEnd:
    """The row has an outcome."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Differs:
    """The journal knows another row of this id."""


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody is at the row."""


Answer: TypeAlias = Fresh | Known | Held | RowEnd | Differs | Free
