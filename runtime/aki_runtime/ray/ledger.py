"""The ledger: which worker of which node is at a row, and how each row ended; and what workers ask of it.

A worker is alive as long as it is heard of; one that has been silent for longer than the lease is taken for dead, and
its rows may be taken over. Operations and answers are values that travel between nodes. An operation may arrive twice,
because Ray repeats what a restarted actor may not have answered: all of them name the attempt that they belong to, and
mean the same however often they come. It knows nothing of Ray, which runs it as an actor: one process, one call at a
time.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from ..batch import files
from ..batch.errors import JournalInUseError
from ..batch.journal import FINAL, Entry, Journal, RowState
from ..batch.outcome import Outcome, RowError, start_again
from ..errors import UnexpectedAnswerError

_LOCK_SECONDS = 20.0
_LEFT = "a worker was lost while this row was submitted; a job may or may not have been made, so it was not sent again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one worker, which proves that it lives for all its tries at once, to carry out a row."""

    worker: str
    number: int

    def __str__(self) -> str:
        return f"{self.worker}/{self.number}"


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
    """The row is the asker's and has a job, to be followed; another worker, taken for dead, may have been at it."""

    job_id: str = field(repr=False)
    is_taken_over: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Another worker is at the row, and is taken for dead after so many seconds, unless it is heard of."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RowEnd:
    """The row has an outcome."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Differs:
    """The journal knows another row of this id."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The job is another row's, which the reason says in a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody is at the row."""


Reply: TypeAlias = Fresh | Known | Held | RowEnd | Differs | Taken | Free


class Ledger:
    """Who is at which row of one journal, and how each ended.

    Args:
        path: The journal's file, on a disk of the node that this runs on.
        lease: Seconds of silence after which a worker is taken for dead.
        survives_power_loss: Wait for the disk with each note.
        now: The clock.

    The journal is opened when it is first needed, so that its errors reach who asks.
    """

    def __init__(
        self,
        path: str,
        lease: float,
        *,
        survives_power_loss: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = Path(path)
        self._survives_power_loss = survives_power_loss
        self._lease = lease
        self._now = now
        self._heard_of: dict[str, float] = {}
        # Whoever was at work before this process began had no chance yet to be heard of.
        self._began = now()

    def about(self) -> tuple[str, float]:
        """Return the journal's path and the lease.

        Raises:
            JournalError: The journal cannot be used.
        """
        return str(self._journal.path), self._lease

    def bind(self, identity: Mapping[str, str], media: str | None = None) -> None:
        """Say what the rows are, and which folder their media go to, once for all.

        Raises:
            JournalMismatchError: They are something else already.
            OutputError: Something is in the folder that no run of this journal has put there.
        """
        folders = {"media folder": Path(media)} if media is not None else {}
        files.require_own(folders, self._path, self._journal)
        with self._journal.together():
            self._journal.bind(identity)
            files.claim(self._journal, folders.values())

    def counts(self) -> dict[str, int]:
        """Return how many rows are in each state."""
        return {str(state): count for state, count in self._journal.counts().items()}

    def carry_out(self, worker: str, operations: Sequence[Operation]) -> list[Reply]:
        """Carry out what a worker asks for, all of it in one transaction; none at all is a sign of life.

        Raises:
            JournalError: Nothing was noted.
        """
        self._heard_of[worker] = self._now()
        if not operations:
            return []
        with self._journal.together():
            return [self._answer(operation) for operation in operations]

    def close(self) -> None:
        """Close the journal, and let other processes have it."""
        self._journal.close()

    @cached_property
    def _journal(self) -> Journal:
        until = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                return Journal.open(
                    self._path, exclusive=True, survives_power_loss=self._survives_power_loss
                )
            except JournalInUseError:
                # The process before this one may be about to end.
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def _answer(self, operation: Operation) -> Reply:
        match operation:
            case Begin():
                return self._begin(operation)
            case NoteJob():
                return self._note_job(operation)
            case NoteOutcome():
                return self._note_outcome(operation)
            case Release(row_id, attempt):
                self._journal.as_owner(str(attempt)).release(row_id)
                return Free()
            case Look(row_id):
                return self._standing(self._journal.get(row_id))

    def _begin(self, begin: Begin) -> Reply:
        journal = self._journal.as_owner(str(begin.attempt))
        claim = journal.begin(begin.row_id, digest=begin.digest)
        entry = claim.entry
        if claim.is_mine:
            return Fresh()
        if begin.digest and entry.digest and entry.digest != begin.digest:
            return Differs()
        if entry.state in FINAL:
            if entry.state not in begin.again:
                return RowEnd(entry)
            job_id = start_again(journal, entry)
            return Fresh() if job_id is None else Known(job_id)
        if entry.owner == str(begin.attempt):
            # The same question once more: its answer was lost with the ledger's process.
            return Known(entry.job_id) if entry.job_id is not None else Fresh()
        seconds = self._seconds_left(entry.owner, begin.attempt)
        if seconds > 0:
            return Held(seconds)
        journal.take_over(begin.row_id, owner=entry.owner)
        if entry.job_id is not None:
            return Known(
                entry.job_id, is_taken_over=_worker_of(entry.owner) != begin.attempt.worker
            )
        given_up = Outcome(0, "uncertain", error=RowError("InterruptedError", _LEFT))
        journal.note_outcome(begin.row_id, RowState.UNCERTAIN, given_up.to_note())
        return self._begin(begin)

    def _note_job(self, note: NoteJob) -> Reply:
        entry = self._journal.get(note.row_id)
        is_own = entry is not None and entry.owner == str(note.attempt)
        if entry is None or not (is_own or entry.state is RowState.UNCERTAIN):
            return self._standing(entry)
        if entry.state in (RowState.SUBMITTING, RowState.UNCERTAIN):
            try:
                self._journal.as_owner(str(note.attempt)).note_job(note.row_id, note.job_id)
            except UnexpectedAnswerError as error:
                return Taken(error.message)
        return Known(note.job_id)

    def _note_outcome(self, note: NoteOutcome) -> Reply:
        entry = self._journal.get(note.row_id)
        is_own = entry is not None and entry.owner == str(note.attempt)
        if is_own or note.state is RowState.DONE:
            journal = self._journal.as_owner(str(note.attempt))
            journal.note_outcome(note.row_id, note.state, note.outcome)
            entry = self._journal.get(note.row_id)
        return self._standing(entry)

    def _standing(self, entry: Entry | None) -> Reply:
        if entry is None:
            return Free()
        if entry.state in FINAL:
            return RowEnd(entry)
        return Held(max(self._seconds_left(entry.owner, None), 0.0))

    def _seconds_left(self, owner: str, asker: Attempt | None) -> float:
        worker = _worker_of(owner)
        if asker is not None and worker == asker.worker:
            # A worker makes one attempt at a time for a row, so that an earlier one of its own has ended.
            return 0.0
        return self._heard_of.get(worker, self._began) + self._lease - self._now()


def _worker_of(owner: str) -> str:
    return owner.rpartition("/")[0]
