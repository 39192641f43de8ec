"""Notes from many tasks, written by one thread, so that those of one moment wait for the disk once."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .journal import Journal

T = TypeVar("T")

MOST_TOGETHER = 200
"""Notes that are written as one transaction, at most."""


@dataclass
class _Note:
    write: Callable[[Journal], Any]
    future: "asyncio.Future[Any]"
    value: Any = None
    error: BaseException | None = None

    def deliver(self) -> None:
        """Tell who waits, in the event loop's thread."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


class Committer:
    """Writes into a journal for the tasks of one event loop; use it in an `async with` block.

    Args:
        journal: The journal; it is not closed here.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._notes: queue.SimpleQueue[_Note | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="aki-batch-journal", daemon=True)

    async def note(self, write: Callable[[Journal], T]) -> T:
        """Write into the journal, and return once it is on the disk. Cancelling does not take the note back.

        Raises:
            JournalError: It was not written.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._notes.put(_Note(write, future))
        return await future

    async def __aenter__(self) -> "Committer":
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *reason: object) -> None:
        self._notes.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        is_over = False
        while not is_over:
            notes = [self._notes.get()]
            while not self._notes.empty() and len(notes) < MOST_TOGETHER:
                notes.append(self._notes.get())
            is_over = None in notes
            self._write([note for note in notes if note is not None])

    def _write(self, notes: list[_Note]) -> None:
        try:
            with self._journal.together():
                for note in notes:
                    note.value = note.write(self._journal)
        except BaseException:
            # One of them spoiled it for all: each gets a transaction, and an outcome, of its own.
            for note in notes:
                try:
                    note.value = note.write(self._journal)
                except BaseException as error:
                    note.error = error
        for note in notes:
            self._loop.call_soon_threadsafe(note.deliver)
