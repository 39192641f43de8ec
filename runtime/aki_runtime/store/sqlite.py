"""The SQLite file under a journal or a ledger: connections, short transactions, and what its errors mean.

It is used by many threads through one connection and one lock, and by many processes through SQLite's own
locks. After a fork the child opens a connection of its own, because one may not be shared. It knows no table.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

from ..errors import AkiError
from ..files import replacing

BUSY_SECONDS = 30.0
"""Seconds that a transaction waits for those of other processes."""

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


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


class SqliteFile:
    """One SQLite file, of the kind that a subclass names.

    Args:
        path: The file; it is made, readable for this user alone, if it is missing.
        survives_power_loss: Whether each transaction is on the disk before it counts as done (synchronous=FULL).
            Without it a transaction survives the end of the process, however sudden, but the last ones may be
            lost with the power.

    Attributes:
        name: What people call it, such as "journal".
        of_what: Such as "journal of a batch".
        application: The number that tells it from other files.
        version: The number of its format.
        schema: Makes its tables.
        error: Raised where the file cannot be used.
        full_error: Raised where the disk is full.
        busy_error: Raised where another process keeps it busy.
        when_damaged: What to do about a damaged one.
        when_other_format: What to do about one of another format.
        when_gone: What happens without one whose log is still there.

    Raises:
        AkiError: The file is of another kind, is damaged, or cannot be opened.
    """

    name: ClassVar[str]
    of_what: ClassVar[str]
    application: ClassVar[int]
    version: ClassVar[int]
    schema: ClassVar[str]
    error: ClassVar[type[AkiError]]
    full_error: ClassVar[type[AkiError]]
    busy_error: ClassVar[type[AkiError]]
    when_damaged: ClassVar[str]
    when_other_format: ClassVar[str]
    when_gone: ClassVar[str]

    def __init__(self, path: Path, *, survives_power_loss: bool) -> None:
        self.path = path
        self._synchronous = "FULL" if survives_power_loss else "NORMAL"
        self._others: list[sqlite3.Connection] = []  # a parent's: neither used nor closed here
        self._connection: sqlite3.Connection | None = None
        self.forget()
        self._connection = self._open()
        _files.add(self)

    def forget(self) -> None:
        """Begin anew, as after a fork: what a parent has open is not used."""
        # A thread of the parent that held the lock is not here, and could not give it back.
        self._lock, self._depth = threading.RLock(), 0
        if self._connection is not None:
            self._others.append(self._connection)
            self._connection = None

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Make a transaction of a block; blocks within a block are parts of the same one.

        Raises:
            AkiError: It cannot be written, or there is no room for it; nothing of the block was written.
        """
        with self._using() as connection:
            if self._depth:
                yield connection
                return
            try:
                # It may wait for others, and an interruption of the wait strikes once it has started.
                connection.execute("BEGIN IMMEDIATE")
                self._depth = 1
                yield connection
                connection.execute("COMMIT")
            finally:
                self._depth = 0
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def read(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds, all of it.

        Raises:
            AkiError: The file cannot be read.
        """
        with self._using() as connection:
            return connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close this process's connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    @contextmanager
    def _using(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._meaning(error) from None

    def _open(self) -> sqlite3.Connection:
        try:
            if not self.path.exists():
                self._make()
            elif not self.path.stat().st_size:
                # SQLite would delete its log, which may hold all of it.
                raise self._damaged("it is empty")
            connection = connect(self.path, BUSY_SECONDS, make=False)
            try:
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")
                self._require_kind(connection)
                _begin_log(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise self._meaning(error) from None
        except AkiError:
            raise
        except (OSError, ValueError) as error:  # which no path may be
            reason = getattr(error, "strerror", None) or error
            raise self.error(f"the {self.name} {self.path} cannot be opened: {reason}") from None
        return connection

    def _make(self) -> None:
        """Make a new one beside its place and move it there whole: an empty file is then one that was emptied."""
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.exists():
            raise self.error(
                f"the {self.name} {self.path} is gone, but its log {log} is there: put the {self.name} back; "
                f"without it, remove the log to begin anew, {self.when_gone}"
            )
        try:
            with (
                replacing(self.path, overwrite=False) as draft,
                closing(connect(draft, BUSY_SECONDS)) as connection,
            ):
                connection.executescript(
                    f"BEGIN;PRAGMA application_id = {self.application};"
                    f"PRAGMA user_version = {self.version};{self.schema}COMMIT;"
                )
        except FileExistsError:
            pass  # another process was faster

    def _require_kind(self, connection: sqlite3.Connection) -> None:
        """Refuse any other file, before anything in it is changed."""
        ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
        ((application,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
        if not tables:
            raise self._damaged("it is empty")
        if application != self.application:
            raise self.error(f"{self.path} is not a {self.of_what}; give another path")
        if version != self.version:
            raise self.error(
                f"the {self.name} {self.path} has format {version}, and this aki-client reads format {self.version}: "
                f"{self.when_other_format}"
            )

    def _meaning(self, error: sqlite3.Error) -> AkiError:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in _FULL:
            return self.full_error(
                f"the disk has no room for the {self.name} {self.path}; free some and continue"
            )
        if code & 0xFF in BUSY:
            return self.busy_error(
                f"another process has kept the {self.name} {self.path} busy for {BUSY_SECONDS:.0f} s"
            )
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return self._damaged(error)
        return self.error(f"the {self.name} {self.path} cannot be used: {error}")

    def _damaged(self, how: object) -> AkiError:
        return self.error(
            f"{self.path} is not a {self.of_what}, or damaged: {how}. Nothing was sent: put back a copy of it; "
            f"{self.when_damaged}"
        )


def _begin_log(connection: sqlite3.Connection) -> None:
    """Let readers and writers work side by side (WAL). SQLite does not wait for others that do the same."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


_files: WeakSet[SqliteFile] = WeakSet()


def _forget_connections() -> None:
    for file in _files:
        file.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
