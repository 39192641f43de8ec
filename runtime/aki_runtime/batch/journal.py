"""The journal of paid work: which rows were started, which job each became, and how each ended.

Whoever submits jobs for rows notes each step before the next one is taken:

    claim = journal.begin("row-17")          # before the submit
    if claim.is_mine:
        job = endpoint.submit(…)
        journal.note_job("row-17", job.id)   # before the first poll
    …
    journal.note_outcome("row-17", RowState.DONE, {"outputs": …})   # before the result is handed on

Whatever kills the process, the next one knows what to do with a row: `done` and `failed` have an outcome,
`submitted` is picked up by the id of its job, and one that was left `submitting` may or may not have become a
job: it is `uncertain`, and somebody decides. Row ids are any text; each call is one short transaction, so
threads and processes of one machine may share a file.
"""

import json
import os
import socket
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from ..errors import UnexpectedAnswerError
from ..protocol.certainty import UNCERTAIN
from .errors import JournalError, JournalMismatchError
from .store import Store

Order = Literal["place", "finished"]

_PAGE = 500
_COLUMNS = "id, place, state, tries, owner, since, digest, kept, job_id, outcome"


class RowState(StrEnum):
    """How far a row has come."""

    SUBMITTING = "submitting"
    """The submit is about to be sent, under way, or its answer was never noted."""
    SUBMITTED = "submitted"
    """The hub has made a job of it, whose id is known."""
    DONE = "done"
    """It has a result."""
    FAILED = "failed"
    """It ended without one, or no job could be made of it."""
    UNCERTAIN = "uncertain"
    """Its submit may have reached the hub, or its job ran and the result is lost: sending it again could pay twice."""


FINAL = (RowState.DONE, RowState.FAILED, RowState.UNCERTAIN)
"""The states that come with an outcome."""


def states_started_again(*, failed: bool, uncertain: bool) -> frozenset[RowState]:
    """Return the states of rows that a run starts again, as somebody has decided."""
    decided = {RowState.FAILED: failed, RowState.UNCERTAIN: uncertain}
    return frozenset(state for state, is_wanted in decided.items() if is_wanted)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a journal says of one row.

    Attributes:
        row_id: The row.
        place: Its place among the rows.
        state: How far it has come.
        tries: How often it was started; more than once only where somebody decided so.
        owner: Who noted it last.
        since: When that was, in seconds since the epoch.
        digest: What the row was when it was started; may be empty.
        kept: Values that were to be kept with the row.
        job_id: Its job on the hub, where that is known. Whoever knows it can read the job: treat it as a secret.
        outcome: What was noted as its outcome.
    """

    row_id: str
    place: int
    state: RowState
    tries: int
    owner: str
    since: float
    digest: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any])
    job_id: str | None = field(default=None, repr=False)
    outcome: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What beginning a row came to.

    Attributes:
        is_mine: Whether the row is new: the caller, and nobody else, is to submit it now.
        entry: The row as it stands.
    """

    is_mine: bool
    entry: Entry


class Journal:
    """One journal; `open` makes it. It may be shared by threads, and its file by processes of one machine."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self.owner = owner

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        exclusive: bool = False,
        survives_power_loss: bool = True,
        owner: str | None = None,
    ) -> Self:
        """Open a journal, or make a new one that only this user can read.

        Args:
            path: Its file; SQLite puts two more beside it while it is open. It must lie on a disk of this
                machine: SQLite's locks do not hold on every network file system.
            exclusive: Keep other processes that say the same away until it is closed.
            survives_power_loss: Wait for the disk with each note (a few milliseconds). Without it every note
                survives a killed process, but the last ones may be lost with the power, and rows be paid twice.
            owner: The name in the notes; defaults to host and process.

        Raises:
            JournalInUseError: Another process has it exclusively.
            JournalError: The file is not a journal, is damaged, or cannot be opened.
        """
        store = Store(Path(path), exclusive=exclusive, survives_power_loss=survives_power_loss)
        return cls(store, owner or f"{socket.gethostname()}:{os.getpid()}")

    def as_owner(self, owner: str) -> Self:
        """Return the same journal for notes in another name; it is closed with this one."""
        return type(self)(self._store, owner)

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._store.path

    def bind(self, identity: Mapping[str, str]) -> None:
        """Say what the rows of this journal are, once for all: what differs later is refused.

        Args:
            identity: What has to be the same in every run, such as the endpoint, the hub's address and a
                fingerprint of the input, by what people call it. Never a key.

        Raises:
            JournalMismatchError: It was bound to something else.
        """
        with self._store.writing():
            known = self.fact("identity")
            if known is None:
                self.note_fact("identity", dict(identity))
                return
        differences = [
            f"{name} was {known.get(name, 'not given')}, is now {identity.get(name, 'not given')}"
            for name in sorted({*known, *identity})
            if known.get(name) != identity.get(name)
        ]
        if differences:
            raise JournalMismatchError(
                f"the journal {self.path} belongs to another run ({'; '.join(differences)}); "
                "repeat that run as it was, or give another output and journal",
                differences,
            )

    def fact(self, name: str) -> Any:
        """Return what was noted of the run as a whole under a name; None where nothing was."""
        found = self._store.read("SELECT value FROM facts WHERE name = ?", [name])
        return json.loads(found[0][0]) if found else None

    def note_fact(self, name: str, value: Any) -> None:
        """Note a JSON value of the run as a whole, in place of an earlier one."""
        self._execute(
            "INSERT OR REPLACE INTO facts VALUES (:name, :value)", name=name, value=as_text(value)
        )

    def get(self, row_id: str) -> Entry | None:
        """Return a row as it stands; None where it was never started."""
        query = f"SELECT {_COLUMNS} FROM rows WHERE id = ?"  # noqa: S608
        found = self._store.read(query, [row_id])
        return _entry(found[0]) if found else None

    def entries(self, *states: RowState, order: Order = "place") -> Iterator[Entry]:
        """Iterate over the rows, a few hundred in memory at a time.

        Args:
            states: Only rows in one of these; defaults to all.
            order: By their place, or (those that have an outcome) by when they got it.
        """
        key = "place, number" if order == "place" else "finished, number"
        wanted = f"state IN ({', '.join('?' * len(states))})" if states else "true"
        last: tuple[int, int] = (-1 << 62, 0)
        while True:
            found = self._store.read(
                f"SELECT {key}, {_COLUMNS} FROM rows "  # noqa: S608
                f"WHERE {wanted} AND ({key}) > (?, ?) ORDER BY {key} LIMIT {_PAGE}",
                [*states, *last],
            )
            for row in found:
                yield _entry(row[2:])
            if len(found) < _PAGE:
                return
            last = (found[-1][0], found[-1][1])

    def counts(self) -> dict[RowState, int]:
        """Return how many rows are in each state."""
        counts = dict.fromkeys(RowState, 0)
        for state, count in self._store.read("SELECT state, count(*) FROM rows GROUP BY state"):
            counts[RowState(state)] = count
        return counts

    def begin(
        self,
        row_id: str,
        *,
        place: int | None = None,
        digest: str = "",
        kept: Mapping[str, Any] | None = None,
    ) -> Claim:
        """Claim a row before it is submitted. Of all that try, one gets it; the others learn how it stands.

        Args:
            row_id: The row.
            place: Its place among the rows, for `entries`; defaults to the one behind all others.
            digest: Something to know later whether it is still the same row.
            kept: JSON values to keep with it.
        """
        with self._store.writing():
            made = self._execute(
                "INSERT OR IGNORE INTO rows (id, place, state, tries, owner, since, digest, kept) VALUES "
                "(:id, coalesce(:place, (SELECT coalesce(max(place), 0) + 1 FROM rows)), 'submitting', 1, "
                ":owner, :now, :digest, :kept)",
                id=row_id,
                place=place,
                digest=digest,
                kept=as_text(dict(kept)) if kept else None,
            )
            entry = self.get(row_id)
        assert entry is not None
        return Claim(made == 1, entry)

    def begin_again(self, row_id: str, *, after: RowState) -> Claim:
        """Claim a row anew that has failed or is uncertain; the earlier outcome is forgotten.

        Args:
            row_id: The row.
            after: The state it has to be in: `failed`, or `uncertain` where paying twice is accepted.
        """
        if after not in (RowState.FAILED, RowState.UNCERTAIN):
            raise ValueError(f"after={after} must be failed or uncertain")
        with self._store.writing():
            changed = self._execute(
                "UPDATE rows SET state = 'submitting', tries = tries + 1, owner = :owner, since = :now, "
                "job_id = NULL, outcome = NULL, finished = NULL WHERE id = :id AND state = :after",
                id=row_id,
                after=after,
            )
            entry = self.get(row_id)
        if entry is None:
            raise JournalError(f"the journal {self.path} has no row {row_id!r}")
        return Claim(changed == 1, entry)

    def take_over(self, row_id: str, *, owner: str) -> bool:
        """Take a row that is under way from an owner who is known to be gone; false where it no longer is."""
        changed = self._execute(
            "UPDATE rows SET owner = :owner, since = :now "
            "WHERE id = :id AND owner = :gone AND state IN ('submitting', 'submitted')",
            id=row_id,
            gone=owner,
        )
        return changed == 1

    def release(self, row_id: str) -> None:
        """Forget that this owner has started a row, because it is certain that no job was made of it."""
        self._execute(
            "DELETE FROM rows WHERE id = :id AND state = 'submitting' AND owner = :owner", id=row_id
        )

    def note_job(self, row_id: str, job_id: str) -> None:
        """Note the job that a row became, before it is polled.

        Raises:
            JournalError: The row was never started, or has an outcome already.
            UnexpectedAnswerError: The job is another row's: the hub gave out one id twice, and only one row can
                have the result.
        """
        with self._store.writing():
            taken = self._store.read(
                "SELECT id FROM rows WHERE job_id = ? AND id != ?", [job_id, row_id]
            )
            if taken:
                raise UnexpectedAnswerError(
                    f"the hub gave row {row_id!r} the job of row {taken[0][0]!r}, which alone gets its result; "
                    f"{UNCERTAIN}"
                )
            # Somebody may have given the row up before its answer came after all.
            changed = self._execute(
                "UPDATE rows SET state = 'submitted', job_id = :job, outcome = NULL, finished = NULL, "
                "owner = :owner, since = :now WHERE id = :id AND state IN ('submitting', 'uncertain')",
                id=row_id,
                job=job_id,
            )
        if not changed:
            raise JournalError(f"row {row_id!r} is not being submitted; begin it first")

    def note_outcome(self, row_id: str, state: RowState, outcome: Mapping[str, Any]) -> bool:
        """Note how a row ended, before its result is handed on.

        Args:
            row_id: The row; one of which nothing was to be submitted need not have been started.
            state: `done`, `failed` or `uncertain`.
            outcome: Any JSON object.

        Returns:
            Whether it was noted: a row that is done stays as it is.
        """
        if state not in FINAL:
            raise ValueError(f"state={state} must be done, failed or uncertain")
        changed = self._execute(
            "INSERT INTO rows (id, place, state, tries, owner, since, digest, outcome, finished) VALUES "
            "(:id, (SELECT coalesce(max(place), 0) + 1 FROM rows), :state, 0, :owner, :now, '', :outcome, "
            "(SELECT coalesce(max(finished), 0) + 1 FROM rows)) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, owner = excluded.owner, "
            "since = excluded.since, outcome = excluded.outcome, finished = excluded.finished "
            "WHERE state != 'done'",
            id=row_id,
            state=state,
            outcome=as_text(dict(outcome)),
        )
        return changed == 1

    def note_uncertain(self, outcome: Mapping[str, Any]) -> int:
        """Give every row up that was left `submitting`, and return how many they are.

        Only for a caller that knows that nobody is submitting: an exclusive run, as it begins.
        """
        count = 0
        with self._store.writing():
            for entry in self.entries(RowState.SUBMITTING):
                count += self.note_outcome(entry.row_id, RowState.UNCERTAIN, outcome)
        return count

    @contextmanager
    def together(self) -> Generator[None, None, None]:
        """Make one transaction of all notes in a block: they wait for the disk once, and stand or fall together."""
        with self._store.writing():
            yield

    def _execute(self, statement: str, **values: Any) -> int:
        """Write, as `:owner` and `:now`, and return how many rows were changed."""
        given = {"owner": self.owner, "now": time.time(), **values}
        with self._store.writing() as connection:
            return connection.execute(statement, given).rowcount

    def close(self) -> None:
        """Close the file, and let other processes have it."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


def as_text(value: Any, separators: tuple[str, str] | None = (",", ":")) -> str:
    """Return a JSON value as text that has a form in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=separators)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A lone surrogate cannot be UTF-8; as an escape it is still JSON.
        return json.dumps(value, separators=separators)
    return text


def _entry(row: tuple[Any, ...]) -> Entry:
    row_id, place, state, tries, owner, since, digest, kept, job_id, outcome = row
    kept, outcome = json.loads(kept or "{}"), json.loads(outcome or "null")
    return Entry(row_id, place, RowState(state), tries, owner, since, digest, kept, job_id, outcome)
