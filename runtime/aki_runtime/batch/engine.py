"""All rows of a batch: as many at a time as the hub bears, and an orderly end whatever ends it."""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from ..errors import BudgetExceededError
from .errors import JournalMismatchError
from .journal import Entry, Journal, RowState
from .limits import ConcurrencyLimiter, OutageTimer
from .outcome import (
    Outcome,
    Progress,
    Summary,
    Tally,
    faults_of,
    has_unknown_end,
    is_started_again,
    start_again,
)
from .row_life import AnyEndpoint, KeepForRow, RowLife, Started
from .rows import Row
from .settings import Settings, Stop

T = TypeVar("T")
P = ParamSpec("P")
_Note: TypeAlias = tuple[Callable[[], Any], "asyncio.Future[Any]"]

MOST_TOGETHER = 200
"""Largest number of notes that are written as one transaction."""

_LOOKED_UP_AT_ONCE = 64
"""Rows that are looked up in the journal as one question."""

_UNREAD = 1000
"""Outcomes that wait for a slow reader before no further row is started."""

_FEW = 3
"""Outcomes before a rate says anything."""


class Engine:
    """Carries out a batch, once.

    Args:
        endpoint: What is called.
        journal: Where each step is noted.
        settings: How many jobs at a time, which rows again, how it is stopped.
        keep: What becomes of media.
        count: How many rows there are; None while nobody knows.
        started: When the run started, in seconds on the monotonic clock.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        journal: Journal,
        settings: Settings,
        keep: KeepForRow,
        count: int | None,
        started: float,
    ) -> None:
        self.journal = journal
        self._writer = JournalWriter(journal)
        self._settings = settings
        self._count = count
        self._started = started
        self._stop = settings.stop or Stop()
        self._limiter = ConcurrencyLimiter(settings.concurrency)
        self._tally = Tally(journal.counts())
        self._life = RowLife(
            endpoint,
            self._limiter,
            OutageTimer(
                settings.outage_timeout,
                endpoint=endpoint.info.name,
                resume="the same command",
                on_notice=settings.on_notice,
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
        self._picked_up = 0
        self._refusal = ""

    def progress(self) -> Progress:
        """Return how far the batch is."""
        seconds = max(time.monotonic() - self._started, 1e-6)
        rate = self._tally.ended / seconds if self._tally.ended >= _FEW else None
        todo = None if self._count is None else max(0, self._count - self._tally.total)
        return Progress(
            rows=self._count,
            running=self._limiter.active,
            limit=self._limiter.limit,
            seconds=seconds,
            rate=rate,
            left=todo / rate if rate and todo is not None else None,
            **self._tally.figures(),
        )

    def summary(self, output: Path) -> Summary:
        """Return what came of the batch."""
        return Summary(
            rows=self._count if self._count is not None else self._tally.total,
            before=self._tally.before,
            picked_up=self._picked_up,
            seconds=time.monotonic() - self._started,
            interrupted=self._stop.is_asked,
            output=output,
            journal=self.journal.path,
            faults=faults_of(self.journal),
            cost=self._tally.cost,
            cost_unknown=self._tally.cost_unknown,
            refused=self._refusal,
            **self._tally.figures(),
        )

    async def outcomes(self, rows: AsyncIterator[Row]) -> AsyncGenerator[Outcome, None]:
        """Carry out the rows and yield each outcome once it is noted. Leaving early leaves jobs on the hub.

        Raises:
            AkiError: What ended the batch before its time; every outcome until then has been yielded.
        """
        self._stop.when(asked=self._limiter.close, now=self._life.leave)
        async with self._writer:
            # A task of its own, because the caller may leave at any `yield`, and rows under way need their journal.
            feeding = asyncio.create_task(self._feed(rows))
            is_left = True
            try:
                while (outcome := await self._found.get()) is not None:
                    self._read.set()
                    self._tally.add(outcome)
                    yield outcome
                is_left = False
            finally:
                if is_left:
                    self._stop.now()
                self._read.set()
                await _outlast(feeding)
        if self._failure is not None:
            raise self._failure

    async def _feed(self, rows: AsyncIterator[Row]) -> None:
        try:
            # Jobs of earlier runs first: the hub keeps a finished result for a few minutes only.
            for entry in self.journal.entries(RowState.SUBMITTED):
                row = Row(entry.place, entry.row_id, {}, entry.kept)
                if not await self._start(row, entry):
                    return
            portion: list[Row] = []
            async for row in rows:
                portion.append(row)
                if len(portion) == _LOOKED_UP_AT_ONCE:
                    await self._start_all(portion)
                    portion = []
                if self._stop.is_asked:
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
            while self._found.qsize() >= _UNREAD and not self._stop.is_asked:
                self._read.clear()
                await self._read.wait()
            if not await self._start(row, entry):
                return

    async def _start(self, row: Row, entry: Entry | None) -> bool:
        """Carry a row out beside the others once there is room for it; false where nothing more is started."""
        if not await self._limiter.acquire():
            return False
        if entry is not None:
            is_under_way = entry.state is RowState.SUBMITTED
            self._picked_up += is_under_way or has_unknown_end(entry)
            if not is_under_way:
                self._tally.forget(entry)
        notes = _BatchNotes(self._writer, self._stop, row, entry)
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
            self._refusal = self._refusal or error.message
            self._stop.soon()
        except BaseException as error:
            self._fail(error)
        finally:
            self._limiter.release()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._stop.soon()

    def _wait_for_room(self, error: BaseException) -> None:
        self._stop.soon()
        if not self._has_warned and self._settings.on_notice is not None:
            self._has_warned = True
            self._settings.on_notice(
                f"nothing can be written ({error}); no further row is started, and the results in hand wait "
                "for room: free some, or press Ctrl-C to give them up"
            )
        if self._stop.is_now:
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
        written: asyncio.Future[T] = self._loop.create_future()
        self._notes.put((partial(note, self._journal, *args, **kwargs), written))
        return await written

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

    def _write(self, notes: list[_Note]) -> None:
        ends: list[tuple[Any, BaseException | None]] = []
        try:
            with self._journal.together():
                for write, _ in notes:
                    ends.append((write(), None))
        except BaseException:
            # One of them spoiled it for all: each gets a transaction, and an outcome, of its own.
            ends = []
            for write, _ in notes:
                try:
                    ends.append((write(), None))
                except BaseException as error:
                    ends.append((None, error))
        self._loop.call_soon_threadsafe(_tell, notes, ends)


def _tell(notes: list[_Note], ends: list[tuple[Any, BaseException | None]]) -> None:
    for (_, written), (value, error) in zip(notes, ends, strict=True):
        if written.done():
            continue  # its task was cancelled meanwhile
        if error is None:
            written.set_result(value)
        else:
            written.set_exception(error)


class _BatchNotes:
    """The steps of one row, noted in the journal of the batch."""

    def __init__(self, writer: JournalWriter, stop: Stop, row: Row, entry: Entry | None) -> None:
        self._writer = writer
        self._stop = stop
        self._row = row
        self._entry = entry

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
            return Started() if claim.is_mine else None
        if entry.state is RowState.SUBMITTED:
            return Started(entry.job_id)
        return Started(await self._writer.write(start_again, entry))

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
            "give the same rows in the same order, or another output and journal",
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
