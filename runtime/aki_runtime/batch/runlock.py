"""One run at a time for one journal: a lock that ends with the process, however it ends.

It is SQLite's own lock on an empty file beside the journal: the standard library has no other one that works
on every system and is let go when a process is killed.
"""

import sqlite3
from pathlib import Path

from .errors import JournalError, JournalInUseError


class RunLock:
    """The lock on a journal, held from here on.

    Args:
        journal: The journal's path.

    Raises:
        JournalInUseError: Another process holds it.
        JournalError: It can not be made.
    """

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(f"{journal.name}.lock")
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=0.0, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            reason = (
                JournalInUseError(
                    f"another process works on the journal {journal}; wait for its end, or give another output"
                )
                if busy
                else JournalError(f"the journal {journal} can not be locked: {error}")
            )
        else:
            return
        raise reason

    def release(self) -> None:
        """Let the lock go; its empty file stays, because removing it would race with who takes it next."""
        self._connection.close()
