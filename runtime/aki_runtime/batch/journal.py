"""The journal of paid work: which rows were begun, which job each became, and how each ended.

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

import os
import socket
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from .entry import FINAL, Claim, Entry, RowState, as_text
from .errors import JournalError, JournalMismatchError
from .journal_view import JournalView
from .store import RunLock, Store


class Journal(JournalView):
    """One journal; `open` makes it. It may be shared by threads, and its file by processes of one machine."""

    def __init__(self, store: Store, lock: RunLock | None, owner: str) -> None:
        super().__init__(store)
        self._lock = lock
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
            owner: Whom the notes name; host and process where it is not given.

        Raises:
            JournalInUseError: Another process has it exclusively.
            JournalError: The file is not a journal, is damaged, or cannot be opened.
        """
        file = Path(path)
        lock = RunLock(file) if exclusive else None
        try:
            store = Store(file, survives_power_loss=survives_power_loss)
            if exclusive:
                store.check()
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(store, lock, owner or f"{socket.gethostname()}:{os.getpid()}")

    def as_owner(self, owner: str) -> Self:
        """Return the same journal for notes that name somebody else; it is closed with this one."""
        return type(self)(self._store, None, owner)

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
                "repeat that run as it was, or give another journal",
                differences,
            )

    def note_fact(self, name: str, value: Any) -> None:
        """Note a JSON value of the run as a whole, in place of an earlier one."""
        with self._store.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [name, as_text(value)])

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
            place: Its place among the rows, for `entries`; behind all others where it is not given.
            digest: Something to tell later whether it is still the same row.
            kept: JSON values to keep with it.
        """
        with self._store.writing() as connection:
            made = connection.execute(
                "INSERT OR IGNORE INTO rows (id, place, state, tries, owner, since, digest, kept) VALUES "
                "(?, coalesce(?, (SELECT coalesce(max(place), 0) + 1 FROM rows)), ?, 1, ?, ?, ?, ?)",
                [
                    row_id,
                    place,
                    RowState.SUBMITTING,
                    self.owner,
                    time.time(),
                    digest,
                    as_text(dict(kept)) if kept else None,
                ],
            ).rowcount
            return Claim(made == 1, self._known(row_id))

    def begin_again(self, row_id: str, *, after: RowState) -> Claim:
        """Claim a row anew that has failed or is uncertain; the earlier outcome is forgotten.

        Args:
            row_id: The row.
            after: The state it has to be in: `failed`, or `uncertain` where paying twice is accepted.
        """
        if after not in (RowState.FAILED, RowState.UNCERTAIN):
            raise ValueError(f"a row is begun again after failed or uncertain, not {after}")
        with self._store.writing() as connection:
            changed = connection.execute(
                "UPDATE rows SET state = ?, tries = tries + 1, owner = ?, since = ?, job_id = NULL, "
                "outcome = NULL, finished = NULL WHERE id = ? AND state = ?",
                [RowState.SUBMITTING, self.owner, time.time(), row_id, after],
            ).rowcount
            return Claim(changed == 1, self._known(row_id))

    def take_over(self, row_id: str, *, owner: str) -> bool:
        """Take a row that is under way from an owner who is known to be gone; false where it is so no more."""
        with self._store.writing() as connection:
            changed = connection.execute(
                "UPDATE rows SET owner = ?, since = ? WHERE id = ? AND owner = ? AND state IN (?, ?)",
                [
                    self.owner,
                    time.time(),
                    row_id,
                    owner,
                    RowState.SUBMITTING,
                    RowState.SUBMITTED,
                ],
            ).rowcount
        return changed == 1

    def release(self, row_id: str) -> None:
        """Forget that this owner has begun a row, because it is certain that no job was made of it."""
        with self._store.writing() as connection:
            connection.execute(
                "DELETE FROM rows WHERE id = ? AND state = ? AND owner = ?",
                [row_id, RowState.SUBMITTING, self.owner],
            )

    def note_job(self, row_id: str, job_id: str) -> None:
        """Note the job that a row became, before it is polled.

        Raises:
            JournalError: The row was not begun, or has an outcome already.
        """
        with self._store.writing() as connection:
            changed = connection.execute(
                "UPDATE rows SET state = ?, job_id = ?, outcome = NULL, finished = NULL, owner = ?, since = ? "
                "WHERE id = ? AND state IN (?, ?)",
                [
                    RowState.SUBMITTED,
                    job_id,
                    self.owner,
                    time.time(),
                    row_id,
                    # Somebody may have given the row up before its answer came after all.
                    RowState.SUBMITTING,
                    RowState.UNCERTAIN,
                ],
            ).rowcount
        if not changed:
            raise JournalError(f"row {row_id!r} is not being submitted; begin it first")

    def note_outcome(self, row_id: str, state: RowState, outcome: Mapping[str, Any]) -> bool:
        """Note how a row ended, before its result is handed on.

        Args:
            row_id: The row; it need not have been begun where nothing was to be submitted.
            state: `done`, `failed` or `uncertain`.
            outcome: Any JSON object.

        Returns:
            Whether it was noted: a row that is done stays as it is.
        """
        if state not in FINAL:
            raise ValueError(f"{state} is no outcome")
        with self._store.writing() as connection:
            changed = connection.execute(
                "INSERT INTO rows (id, place, state, tries, owner, since, digest, outcome, finished) VALUES "
                "(?, (SELECT coalesce(max(place), 0) + 1 FROM rows), ?, 0, ?, ?, '', ?, "
                "(SELECT coalesce(max(finished), 0) + 1 FROM rows)) "
                "ON CONFLICT (id) DO UPDATE SET state = excluded.state, owner = excluded.owner, "
                "since = excluded.since, outcome = excluded.outcome, finished = excluded.finished "
                "WHERE state != ?",
                [row_id, state, self.owner, time.time(), as_text(dict(outcome)), RowState.DONE],
            ).rowcount
        return changed == 1

    def note_uncertain(self, outcome: Mapping[str, Any]) -> int:
        """Give every row up that was left `submitting`, and return how many they are.

        To be called by who knows that nobody is submitting: an exclusive run, as it begins.
        """
        with self._store.writing():
            left = [entry.row_id for entry in self.entries(RowState.SUBMITTING)]
            return sum(self.note_outcome(row_id, RowState.UNCERTAIN, outcome) for row_id in left)

    @contextmanager
    def together(self) -> Generator[None, None, None]:
        """Make one transaction of all notes in a block: they wait for the disk once, and stand or fall together."""
        with self._store.writing():
            yield

    def close(self) -> None:
        """Close the file, and let other processes have it."""
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def _known(self, row_id: str) -> Entry:
        entry = self.get(row_id)
        if entry is None:
            raise JournalError(f"the journal {self.path} knows no row {row_id!r}")
        return entry
