"""The SQLite file under a journal: its lock, connections, short transactions, and what its errors mean.

A journal is used by many threads through one connection and one lock, and by many processes through SQLite's own
locks. After a fork the child opens a connection of its own, because one may not be shared.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..files import replacing
from .errors import JournalError, JournalFullError, JournalInUseError

BUSY_SECONDS = 30.0
"""Seconds that a transaction waits for those of other processes."""

_APPLICATION = 0x616B696A  # "akij", so that other files are not taken for a journal
_VERSION = 1
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
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

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def connect(path: Path, busy_seconds: float, *, make: bool = True) -> sqlite3.Connection:
    """Open a SQLite file.

    Args:
        path: The file.
        busy_seconds: Seconds that a transaction waits for those of other processes.
        make: Whether to make the file, readable for this user alone, if it is missing.
    """
    if make:
        # SQLite gives its further files the same rights: who knows a job's id can read the job.
        path.touch(0o600)
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )


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
    except (OSError, sqlite3.Error) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
            raise JournalInUseError(
                f"another process works on the journal {journal}; wait for its end, or give another output"
            ) from None
        raise JournalError(f"the journal {journal} cannot be locked: {error}") from None
    return connection


class Store:
    """One SQLite file.

    Args:
        path: The file; it is made, readable for this user alone, if it is missing.
        exclusive: Whether to keep other processes that say the same away, and to look for damage at once.
        survives_power_loss: Whether each transaction is on the disk before it counts as done (synchronous=FULL).
            Without it a transaction survives the end of the process, however sudden, but the last ones may be
            lost with the power.

    Raises:
        JournalInUseError: Another process has it exclusively.
        JournalError: The file is not a journal, is damaged, or cannot be opened.
    """

    def __init__(self, path: Path, *, exclusive: bool, survives_power_loss: bool) -> None:
        self.path = path
        self._synchronous = "FULL" if survives_power_loss else "NORMAL"
        self._depth = 0
        self._others: list[sqlite3.Connection] = []  # a parent's: neither used nor closed here
        self._run_lock = lock(path) if exclusive else None
        try:
            self._open()
            if exclusive:
                self._check()
        except BaseException:
            if self._run_lock is not None:
                self._run_lock.close()
            raise

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Make a transaction of a block; blocks within a block are parts of the same one.

        Raises:
            JournalFullError: There is no room for it; nothing of the block was written.
            JournalError: It cannot be written; nothing of the block was written.
        """
        with self._using() as connection:
            if self._depth:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                self._depth = 0
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def read(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds, all of it.

        Raises:
            JournalError: The file cannot be read.
        """
        with self._using() as connection:
            return connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close this process's connection, and let other processes have the file."""
        with self._using() as connection:
            connection.close()
        if self._run_lock is not None:
            self._run_lock.close()

    @contextmanager
    def _using(self) -> Generator[sqlite3.Connection, None, None]:
        if self._process != os.getpid():
            self._others.append(self._connection)
            self._open()
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._meaning(error) from None

    def _open(self) -> None:
        self._process, self._lock, self._depth = os.getpid(), threading.RLock(), 0
        try:
            if not self.path.exists():
                self._make()
            elif not self.path.stat().st_size:
                # SQLite would delete its log, which may hold all of it.
                raise self._damaged("it is empty")
            self._connection = connect(self.path, BUSY_SECONDS, make=False)
            try:
                self._connection.execute(f"PRAGMA synchronous = {self._synchronous}")
                self._require_journal()
                self._begin_log()
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            raise self._meaning(error) from None

    def _make(self) -> None:
        """Make a new journal beside its place and move it there whole: an empty file is then one that was emptied."""
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.exists():
            raise JournalError(
                f"the journal {self.path} is gone, but its log {log} is there: put the journal back; "
                "without it, remove the log to begin anew, which pays once more for the rows that were paid"
            )
        try:
            with (
                replacing(self.path, overwrite=False) as draft,
                closing(connect(draft, BUSY_SECONDS)) as connection,
            ):
                connection.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        except FileExistsError:
            pass  # another process was faster
        except OSError as error:
            reason = error.strerror or str(error)
            raise JournalError(f"the journal {self.path} cannot be opened: {reason}") from None

    def _begin_log(self) -> None:
        """Let readers and writers work side by side (WAL). SQLite does not wait for others that do the same."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def _require_journal(self) -> None:
        """Refuse any other file, before anything in it is changed."""
        ((tables,),) = self._connection.execute("SELECT count(*) FROM sqlite_schema")
        ((application,),) = self._connection.execute("PRAGMA application_id")
        ((version,),) = self._connection.execute("PRAGMA user_version")
        if not tables:
            raise self._damaged("it is empty")
        if application != _APPLICATION:
            raise JournalError(f"{self.path} is not a journal of a batch; give another path")
        if version != _VERSION:
            raise JournalError(
                f"the journal {self.path} has format {version}, and this aki-client reads format {_VERSION}: finish "
                "the run with the version that made it, or give another output or journal to begin anew"
            )

    def _check(self) -> None:
        # Of a file that was cut, SQLite itself notices nothing until it reads a lost part.
        try:
            ((found,),) = self.read("PRAGMA quick_check(1)")
            if found != "ok":
                raise self._damaged(" ".join(str(found).split()))
        except JournalError:
            self._connection.close()
            raise

    def _meaning(self, error: sqlite3.Error) -> JournalError:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in _FULL:
            return JournalFullError(
                f"the disk has no room for the journal {self.path}; free some and continue"
            )
        if code & 0xFF in _BUSY:
            return JournalInUseError(
                f"another process has kept the journal {self.path} busy for {BUSY_SECONDS:.0f} s"
            )
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return self._damaged(error)
        return JournalError(f"the journal {self.path} cannot be used: {error}")

    def _damaged(self, how: object) -> JournalError:
        return JournalError(
            f"{self.path} is not a journal of a batch, or damaged: {how}. Nothing was sent: put back a copy of it; "
            "without one nothing says which rows were paid, and only another output or journal begins anew"
        )
