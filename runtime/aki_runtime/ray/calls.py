"""The rows of one worker: which of them it carries out, and how the ledger notes their steps.

Any moment may be this worker's last, and another may believe so while it lives: whatever the ledger answers,
a row is submitted once, and its job followed by one worker at a time.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from itertools import count
from typing import Protocol

from ..batch.errors import JournalMismatchError
from ..batch.journal import RowState
from ..batch.limits import ConcurrencyLimiter, OutageTimer
from ..batch.outcome import Outcome, outcome_of
from ..batch.row_life import AnyEndpoint, KeepForRow, RowLife, Started
from ..batch.rows import Row
from .operations import (
    Answer,
    Attempt,
    Begin,
    Differs,
    Free,
    Fresh,
    Held,
    Known,
    Look,
    NoteJob,
    NoteOutcome,
    Operation,
    Release,
    RowEnd,
)

_LONGEST_PAUSE = 1.0
"""Longest pause in seconds between two looks at what another worker is at."""

_log = logging.getLogger("aki_client")


class Book(Protocol):
    """Where each step is noted: a `Mailbox`."""

    @property
    def is_alive(self) -> bool:
        """Whether this worker certainly counts among the living."""
        ...

    async def ask(self, operation: Operation) -> Answer:
        """Note something, or ask for something."""
        ...


class Calls:
    """Carries out the rows of one worker, in one event loop.

    Args:
        worker: What the ledger calls it.
        endpoint: What is called.
        book: Where each step is noted.
        concurrency: Largest number of jobs at a time.
        outage_timeout: Seconds that the hub may be out of reach.
        lease: Seconds after which a silent worker is taken for dead.
        again: The outcomes of earlier attempts that do not count.
        keep: Stores a medium of a row under a name and returns what stands for it.
    """

    def __init__(
        self,
        worker: str,
        endpoint: AnyEndpoint,
        book: Book,
        *,
        concurrency: int,
        outage_timeout: float,
        lease: float,
        again: frozenset[RowState],
        keep: KeepForRow,
    ) -> None:
        self._worker = worker
        self._book = book
        self._lease = lease
        self._again = again
        self._limiter = ConcurrencyLimiter(concurrency)
        self._life = RowLife(
            endpoint,
            self._limiter,
            OutageTimer(outage_timeout, endpoint=endpoint.info.name, resume="the same run"),
            keep=keep,
            cancels_overdue=True,
            on_no_room=lambda error: _log.warning("a result waits to be written: %s", error),
        )
        self._numbers = count(1)
        self._running: dict[str, tuple[str, asyncio.Task[Outcome]]] = {}

    async def outcomes(self, rows: list[Row]) -> list[Outcome]:
        """Return the outcome of each row, whoever has carried it out.

        Raises:
            AkiError: No further row would succeed. Rows that had been submitted by then have come to their end.
        """
        is_over = asyncio.Event()
        ended = await asyncio.gather(
            *(self._outcome(row, is_over) for row in rows), return_exceptions=True
        )
        reasons = [end for end in ended if isinstance(end, BaseException)]
        for reason in sorted(reasons, key=lambda reason: isinstance(reason, _LeftError)):
            raise reason
        return [end for end in ended if isinstance(end, Outcome)]

    def lose(self) -> None:
        """Follow no job any more, because another worker may be about to; each row begins anew with a question."""
        self._life.leave()

    async def _outcome(self, row: Row, is_over: asyncio.Event) -> Outcome:
        known = self._running.get(row.row_id)
        if known is None:
            task = asyncio.create_task(self._carry_out(row, is_over))
            self._running[row.row_id] = (row.digest, task)
            task.add_done_callback(lambda _: self._running.pop(row.row_id, None))
        elif known[0] == row.digest:
            task = known[1]
        else:
            is_over.set()
            raise _mismatch(row)
        try:
            return await asyncio.shield(task)
        except BaseException:
            is_over.set()
            raise

    async def _carry_out(self, row: Row, is_over: asyncio.Event) -> Outcome:
        # Most rows of a block that is run again have an outcome, and need no slot among those that are to be called.
        answer = await self._book.ask(Look(row.row_id))
        if isinstance(answer, RowEnd) and answer.entry.state not in self._again:
            if answer.entry.digest not in ("", row.digest):
                raise _mismatch(row)
            return outcome_of(answer.entry)
        notes = _LedgerNotes(self._book, row, self._worker, self._numbers, self._again, self._lease)
        while True:
            await self._limiter.acquire()
            try:
                if is_over.is_set():
                    raise _LeftError
                outcome = await self._life.carry_out(row, notes)
            finally:
                self._limiter.release()
            outcome = outcome or notes.outcome
            if outcome is not None:
                return outcome
            # Without a slot, so that rows that others are at keep nobody out.
            await asyncio.sleep(min(max(notes.seconds_left, 0.05), _LONGEST_PAUSE))


class _LedgerNotes:
    """The steps of one row, noted by the ledger; each start is an attempt of its own.

    Attributes:
        outcome: The outcome that another worker, or an earlier attempt, has noted.
        seconds_left: Seconds until the worker that is at the row is taken for dead.
    """

    def __init__(
        self,
        book: Book,
        row: Row,
        worker: str,
        numbers: Iterator[int],
        again: frozenset[RowState],
        lease: float,
    ) -> None:
        self.outcome: Outcome | None = None
        self.seconds_left = 0.0
        self._book = book
        self._row = row
        self._worker = worker
        self._numbers = numbers
        self._again = again
        self._lease = lease
        self._is_taken_over = False

    @property
    def is_live(self) -> bool:
        return self._book.is_alive

    async def start(self) -> Started | None:
        self._attempt, self.seconds_left = Attempt(self._worker, next(self._numbers)), 0.0
        self._is_taken_over = False
        begin = Begin(self._row.row_id, self._attempt, self._row.digest, self._again)
        answer = await self._book.ask(begin)
        match answer:
            case Fresh():
                # The answer may have been long on its way: who counts as dead by now submits nothing.
                if self.is_live:
                    return Started()
                await self.release()
                answer = Free()
            case Known(job_id, is_taken_over):
                self._is_taken_over = is_taken_over
                return Started(job_id)
            case Differs():
                raise _mismatch(self._row)
            case _:
                pass
        self._take(answer)
        return None

    async def release(self) -> None:
        await self._book.ask(Release(self._row.row_id, self._attempt))

    async def note_job(self, job_id: str) -> bool:
        answer = await self._book.ask(NoteJob(self._row.row_id, self._attempt, job_id))
        self._take(answer)
        return isinstance(answer, Known)

    async def note_outcome(self, state: RowState, outcome: Outcome) -> Outcome | None:
        if self._is_taken_over and state is RowState.UNCERTAIN:
            await self._wait_for_another()
        note = NoteOutcome(self._row.row_id, self._attempt, state, outcome.to_note())
        self._take(await self._book.ask(note))
        return self.outcome

    async def _wait_for_another(self) -> None:
        """Give a worker that was taken for dead the time to note the result: the hub may have handed it out to it."""
        until = time.monotonic() + self._lease
        while time.monotonic() < until:
            answer = await self._book.ask(Look(self._row.row_id))
            if isinstance(answer, RowEnd) and answer.entry.state is RowState.DONE:
                return
            await asyncio.sleep(_LONGEST_PAUSE)

    def _take(self, answer: Answer) -> None:
        self.outcome = outcome_of(answer.entry) if isinstance(answer, RowEnd) else None
        self.seconds_left = answer.seconds if isinstance(answer, Held) else 0.0


class _LeftError(Exception):
    """A row was not started, because another one showed that none will succeed."""

    def __init__(self) -> None:
        super().__init__("another row has failed in a way that ends the run")


def _mismatch(row: Row) -> JournalMismatchError:
    return JournalMismatchError(
        f"row {row.row_id!r} is not what it was when the journal noted it: two rows have this id, or the input "
        "was changed; give each row an id of its own, or another journal",
        [f"row {row.row_id!r}"],
    )
