"""Claims in an SQLite file, for workers on one machine. Leases run by the clock of the machine."""

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from .claims import KEPT_SECONDS, Record

_PATIENCE_SECONDS = 30.0
_TABLE = """
CREATE TABLE IF NOT EXISTS claims (
    task_id TEXT PRIMARY KEY, owner TEXT NOT NULL DEFAULT '', leased_until REAL NOT NULL DEFAULT 0,
    record TEXT, cancel INTEGER NOT NULL DEFAULT 0, forget_at REAL NOT NULL
)"""


class SqliteClaims:
    """Claims in one file, which is made where it is missing. It must not lie on a network drive.

    Args:
        path: The file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def take(self, task_id: str, owner: str, seconds: float) -> Record | None:
        """Take a task's lease and return what is noted; None while somebody else holds it."""
        now = time.time()
        with self._transaction() as database:
            database.execute("DELETE FROM claims WHERE forget_at < ?", (now,))
            self._know(database, task_id, now)
            taken = database.execute(
                "UPDATE claims SET owner = ?, leased_until = ? WHERE task_id = ? AND leased_until <= ?",
                (owner, now + seconds, task_id, now),
            )
            if not taken.rowcount:
                return None
            row = database.execute("SELECT record FROM claims WHERE task_id = ?", (task_id,))
            return Record.from_json(row.fetchone()[0])

    def renew(self, task_id: str, owner: str, seconds: float) -> bool:
        """Hold the lease for so many seconds from now; False where it is another's."""
        return self._change(task_id, owner, "leased_until = ?", time.time() + seconds)

    def note(self, task_id: str, owner: str, record: Record) -> bool:
        """Note how far the task has come; False where the lease is another's."""
        return self._change(task_id, owner, "record = ?", record.to_json())

    def release(self, task_id: str, owner: str) -> None:
        """Give the lease back."""
        self._change(task_id, owner, "leased_until = ?", 0.0)

    def ask_to_cancel(self, task_id: str) -> None:
        """Note that nobody wants the task's result any more."""
        with self._transaction() as database:
            self._know(database, task_id, time.time())
            database.execute("UPDATE claims SET cancel = 1 WHERE task_id = ?", (task_id,))

    def cancel_asked(self, task_id: str) -> bool:
        """Whether somebody has asked to cancel the task."""
        with self._transaction() as database:
            row = database.execute("SELECT cancel FROM claims WHERE task_id = ?", (task_id,))
            return (row.fetchone() or (0,))[0] == 1

    def _change(self, task_id: str, owner: str, change: str, value: float | str) -> bool:
        now = time.time()
        with self._transaction() as database:
            changed = database.execute(
                f"UPDATE claims SET {change}, forget_at = ? "  # noqa: S608 the change is written above
                "WHERE task_id = ? AND owner = ? AND leased_until > ?",
                (value, now + KEPT_SECONDS, task_id, owner, now),
            )
            return changed.rowcount == 1

    def _know(self, database: sqlite3.Connection, task_id: str, now: float) -> None:
        database.execute(
            "INSERT OR IGNORE INTO claims (task_id, forget_at) VALUES (?, ?)",
            (task_id, now + KEPT_SECONDS),
        )

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        # A connection each time: none is shared by threads, and none is copied by a fork.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        opened = sqlite3.connect(self._path, timeout=_PATIENCE_SECONDS, isolation_level=None)
        with closing(opened) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(_TABLE)
            yield database
            database.execute("COMMIT")
