"""The SQLite file under a journal: its tables, and the lock of the one run that works on it."""

import sqlite3
from pathlib import Path

from ..store.sqlite import BUSY, SqliteFile, connect
from .errors import JournalError, JournalFullError, JournalInUseError


def lock(journal: Path) -> sqlite3.Connection:
    """Let one run at a time work on a journal, until the connection is closed or the process ends, however it ends.

    It is SQLite's own lock on an empty file beside the journal: the standard library has no other one that works on
    every system and is released when a process is killed. The file stays, because removing it would race with the next.

    Raises:
        JournalInUseError: Another process holds it.
        JournalError: It cannot be made.
    """
    try:
        connection = connect(journal.with_name(f"{journal.name}.lock"), 0.0)
        connection.execute("BEGIN EXCLUSIVE")
    except (OSError, ValueError, sqlite3.Error) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY:
            raise JournalInUseError(
                f"another process works on the journal {journal}; wait for its end, or give another output"
            ) from None
        raise JournalError(f"the journal {journal} cannot be locked: {error}") from None
    return connection


class Store(SqliteFile):
    """One journal's file.

    Args:
        path: The file; it is made, readable for this user alone, if it is missing.
        exclusive: Whether to keep other processes that say the same away, and to look for damage at once.
        survives_power_loss: As for `SqliteFile`.

    Raises:
        JournalInUseError: Another process has it exclusively.
        JournalError: The file is not a journal, is damaged, or cannot be opened.
    """

    name = "journal"
    of_what = "journal of a batch"
    application = 0x616B696A  # "akij", so that other files are not taken for a journal
    version = 1
    schema = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    place INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    owner TEXT NOT NULL,
    since REAL NOT NULL,
    digest TEXT NOT NULL,
    kept TEXT,
    job_id TEXT,
    outcome TEXT,
    finished INTEGER
);
CREATE INDEX rows_by_place ON rows (place, number);
CREATE INDEX rows_by_job ON rows (job_id);
CREATE INDEX rows_by_state ON rows (state, number);
CREATE UNIQUE INDEX rows_by_finish ON rows (finished);
"""
    error = JournalError
    full_error = JournalFullError
    busy_error = JournalInUseError
    when_damaged = "without one nothing says which rows were paid, and only another output or journal begins anew"
    when_other_format = "finish the run with the version that made it, or give another output or journal to begin anew"
    when_gone = "which pays once more for the rows that were paid"

    def __init__(self, path: Path, *, exclusive: bool, survives_power_loss: bool) -> None:
        self._run_lock = lock(path) if exclusive else None
        try:
            super().__init__(path, survives_power_loss=survives_power_loss)
            if exclusive:
                self._check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close this process's connection, and let other processes have the file."""
        super().close()
        if self._run_lock is not None:
            self._run_lock.close()

    def _check(self) -> None:
        # Of a file that was cut, SQLite itself notices nothing until it reads a lost part.
        ((found,),) = self.read("PRAGMA quick_check(1)")
        if found != "ok":
            raise self._damaged(" ".join(str(found).split()))
