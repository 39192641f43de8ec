"""All rows of a batch: as many at a time as the hub bears, and an orderly end whatever ends it."""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..errors import BudgetExceededError
from .errors import JournalMismatchError
from .journal import Entry, Journal, RowState
from .limits import ConcurrencyLimiter, OutageTimer
from .outcome import Outcome, Tally, has_unknown_end, is_started_again
from .row_life import AnyEndpoint, KeepForRow, RowLife, Started
from .rows import Row
from .settings import Settings, Stop

T = TypeVar("T")
P = ParamSpec("P")

MOST_TOGETHER = 200
"""Largest number of notes that are written as one transaction."""

_LOOKED_UP_AT_ONCE = 64
"""Rows that are looked up in the journal as one question."""

_UNREAD = 1000
"""Outcomes that wait for a slow reader before no further row is started."""


class Engine:
    """Carries out a batch, once.

    Args:
        endpoint: What is called.
        journal: Where each step is noted.
        settings: How many jobs at a time, which rows again, how it is stopped.
        keep: What becomes of media.
        started: When the run started, in seconds on the monotonic clock.

    Attributes:
        limiter: How many rows are under way, and may be.
        tally: The outcomes that there are.
        picked_up: How many jobs of earlier runs were picked up.
        refusal: Why no further row was started, where the budget forbade it.
        stop: How it is asked to stop.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        journal: Journal,
        settings: Settings,
        keep: KeepForRow,
        started: float,
    ) -> None:
        self._journal = journal
        self._writer = JournalWriter(journal)
        self._settings = settings
        self.stop = settings.stop or Stop()
        self.limiter = ConcurrencyLimiter(settings.concurrency)
        self.tally = Tally(journal.counts(), started)
        self._life = RowLife(
            endpoint,
            self.limiter,
            OutageTimer(
                settings.outage_timeout, endpoint=endpoint.info.name, resume="the same command"
            ),
            keep=keep,
            cancels_overdue=False,
            on_no_room=self._wait_for_room,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._found: asyncio.Queue[Outcome | None] = asyncio.Queue()
        self._read = asyncio.Event()
        self._failure: BaseException | None = None
        self._has_warned = False
        self.picked_up = 0
        self.refusal = ""

    async def outcomes(self, rows: AsyncIterator[Row]) -> AsyncGenerator[Outcome, None]:
        """Carry out the rows and yield each outcome once it is noted. Leaving early leaves jobs on the hub.

        Raises:
            AkiError: What ended the batch before its time; every outcome until then has been yielded.
        """
        self.stop.when(asked=self.limiter.close, now=self._life.leave)
        async with self._writer:
            # A task of its own, because the caller may leave at any `yield`, and rows under way need their journal.
            feeding = asyncio.create_task(self._feed(rows))
            is_left = True
            try:
                while (outcome := await self._found.get()) is not None:
                    self._read.set()
                    self.tally.add(outcome)
                    yield outcome
                is_left = False
            finally:
                if is_left:
                    self.stop.now()
                self._read.set()
                await _outlast(feeding)
        if self._failure is not None:
            raise self._failure

    async def _feed(self, rows: AsyncIterator[Row]) -> None:
        try:
            # Jobs of earlier runs first: the hub keeps a finished result for a few minutes only.
            for entry in self._journal.entries(RowState.SUBMITTED):
                row = Row(entry.place, entry.row_id, {}, entry.kept)
                if not await self._start(row, entry):
                    return
            portion: list[Row] = []
            async for row in rows:
                portion.append(row)
                if len(portion) == _LOOKED_UP_AT_ONCE:
                    await self._start_all(portion)
                    portion = []
                if self.stop.is_asked:
                    return
            await self._start_all(portion)
        except BaseException as error:
            self._fail(error)
        finally:
            while self._tasks:
                await asyncio.wait(self._tasks)
            self._found.put_nowait(None)

    async def _start_all(self, rows: list[Row]) -> None:
        ids = [row.row_id for row in rows]
        known = await self._writer.write(lambda journal: list(map(journal.get, ids)))
        for row, entry in zip(rows, known, strict=True):
            if entry is not None:
                _require_same(row, entry)
                if not is_started_again(entry, self._settings.again):
                    continue
            # Nobody reads the outcomes as fast as they come: more of them would only fill the memory.
            while self._found.qsize() >= _UNREAD and not self.stop.is_asked:
                self._read.clear()
                await self._read.wait()
            if not await self._start(row, entry):
                return

    async def _start(self, row: Row, entry: Entry | None) -> bool:
        """Carry a row out beside the others once there is room for it; false where nothing more is started."""
        if not await self.limiter.acquire():
            return False
        if entry is not None and entry.state is not RowState.SUBMITTED:
            self.tally.forget(entry)
        notes = _BatchNotes(self._writer, self.stop, row, entry)
        self.picked_up += notes.known_job is not None
        task = asyncio.create_task(self._carry_out(row, notes))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _carry_out(self, row: Row, notes: "_BatchNotes") -> None:
        try:
            outcome = await self._life.carry_out(row, notes)
            if outcome is not None:
                self._found.put_nowait(outcome)
        except BudgetExceededError as error:
            self.refusal = self.refusal or error.message
            self.stop.soon()
        except BaseException as error:
            self._fail(error)
        finally:
            self.limiter.release()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.stop.soon()

    def _wait_for_room(self, error: BaseException) -> None:
        self.stop.soon()
        if not self._has_warned and self._settings.on_notice is not None:
            self._has_warned = True
            self._settings.on_notice(
                f"nothing can be written ({error}); no further row is started, and the results in hand wait "
                "for room: free some, or press Ctrl-C to give them up"
            )
        if self.stop.is_now:
            raise error


class JournalWriter:
    """Writes the notes of many tasks in one thread, so that those of one moment wait for the disk once (group commit).

    Use it in an `async with` block of one event loop.

    Args:
        journal: The journal; it is not closed here.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._notes: queue.SimpleQueue[_Note | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="aki-batch-journal", daemon=True)

    async def write(
        self, note: Callable[Concatenate[Journal, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write into the journal, and return once it is on the disk. Cancelling does not take the note back.

        Args:
            note: Writes, as `Journal.note_job` does.
            args: What it is given after the journal.
            kwargs: What it is given by name.

        Raises:
            JournalError: It was not written.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._notes.put(_Note(partial(note, self._journal, *args, **kwargs), future))
        return await future

    async def __aenter__(self) -> "JournalWriter":
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
            self._write(list(filter(None, notes)))

    def _write(self, notes: "list[_Note]") -> None:
        try:
            with self._journal.together():
                for note in notes:
                    note.value = note.write()
        except BaseException:
            # One of them spoiled it for all: each gets a transaction, and an outcome, of its own.
            for note in notes:
                try:
                    note.value = note.write()
                except BaseException as error:
                    note.error = error
        for note in notes:
            self._loop.call_soon_threadsafe(note.deliver)


@dataclass
class _Note:
    write: Callable[[], Any]
    future: "asyncio.Future[Any]"
    value: Any = None
    error: BaseException | None = None

    def deliver(self) -> None:
        # In the event loop's thread; the task may have been cancelled meanwhile.
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


class _BatchNotes:
    """The steps of one row, noted in the journal of the batch."""

    def __init__(self, writer: JournalWriter, stop: Stop, row: Row, entry: Entry | None) -> None:
        self._writer = writer
        self._stop = stop
        self._row = row
        self._entry = entry
        is_known = entry is not None and (
            entry.state is RowState.SUBMITTED or has_unknown_end(entry)
        )
        self.known_job = entry.job_id if entry is not None and is_known else None

    @property
    def is_live(self) -> bool:
        return not self._stop.is_now

    async def start(self) -> Started | None:
        if self._stop.is_now:
            return None
        row, entry = self._row, self._entry
        if entry is None:
            claim = await self._writer.write(
                Journal.begin, row.row_id, place=row.number, digest=row.digest, kept=row.kept
            )
            is_mine = claim.is_mine
        else:
            is_mine = entry.state is RowState.SUBMITTED or await self._writer.write(
                self._begin_again, entry.state
            )
        return Started(self.known_job) if is_mine else None

    def _begin_again(self, journal: Journal, after: RowState) -> bool:
        is_mine = journal.begin_again(self._row.row_id, after=after).is_mine
        if is_mine and self.known_job is not None:
            journal.note_job(self._row.row_id, self.known_job)
        return is_mine

    async def release(self) -> None:
        await self._writer.write(Journal.release, self._row.row_id)
        self._entry = None

    async def note_job(self, job_id: str) -> bool:
        await self._writer.write(Journal.note_job, self._row.row_id, job_id)
        return True

    async def note_outcome(self, state: RowState, outcome: Outcome) -> Outcome:
        note = outcome.to_note()
        await self._writer.write(Journal.note_outcome, self._row.row_id, state, note)
        return outcome


def _require_same(row: Row, entry: Entry) -> None:
    if row.digest and entry.digest not in ("", row.digest):
        raise JournalMismatchError(
            f"row {row.number:,} is not what it was when the journal noted it; "
            "give the same rows in the same order, or another journal",
            [f"row {row.number:,}"],
        )


async def _outlast(task: "asyncio.Task[None]") -> None:
    """Wait for a task however often the caller is cancelled meanwhile."""
    is_cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            is_cancelled = True
    if is_cancelled:
        raise asyncio.CancelledError
