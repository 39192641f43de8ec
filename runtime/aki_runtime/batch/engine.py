"""All rows of a batch: as many at a time as the hub bears, and an orderly end whatever ends it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

from .calls import AnyEndpoint, Calls, KeepForRow
from .errors import JournalMismatchError
from .journal import Entry, Journal, JournalWriter, RowState
from .limits import ConcurrencyLimiter, OutageTimer
from .notes import Notes
from .outcome import Outcome, Status, has_unknown_end
from .rows import Row
from .stopping import Stop

_LOOKED_UP_AT_ONCE = 64
_UNREAD = 1000


class Engine:
    """Carries out a batch, once.

    Args:
        endpoint: What is called.
        journal: Where each step is noted.
        writer: Who writes there.
        stop: How it is asked to stop.
        again: The states of rows that are begun again: `failed`, `uncertain`, both or none.
        most: Jobs at a time at most.
        outage_timeout: Seconds that the hub may be out of reach.
        keep: What becomes of media.
        on_again: Told the status of each row of an earlier run that is begun again.
        on_notice: Told what a person should know, a sentence each.

    Attributes:
        picked_up: How many jobs of earlier runs were picked up.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        journal: Journal,
        writer: JournalWriter,
        stop: Stop,
        *,
        again: frozenset[RowState],
        most: int,
        outage_timeout: float,
        keep: KeepForRow,
        on_again: Callable[[Status], None],
        on_notice: Callable[[str], object],
    ) -> None:
        self._journal = journal
        self._writer = writer
        self._stop = stop
        self._again = again
        self._on_again = on_again
        self._on_notice = on_notice
        self._limiter = ConcurrencyLimiter(most)
        self._calls = Calls(
            endpoint,
            Notes(writer, self._wait_for_room, time.monotonic),
            self._limiter,
            OutageTimer(outage_timeout, endpoint=endpoint.info.name, resume="the same command"),
            keep=keep,
            now=time.monotonic,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._found: asyncio.Queue[Outcome | None] = asyncio.Queue()
        self._read = asyncio.Event()
        self._failure: BaseException | None = None
        self._has_told = False
        self.picked_up = 0

    @property
    def running(self) -> int:
        """Rows that are under way."""
        return self._limiter.active

    @property
    def limit(self) -> int:
        """Rows that may be under way."""
        return self._limiter.limit

    async def outcomes(self, rows: AsyncIterator[Row]) -> AsyncGenerator[Outcome, None]:
        """Carry out the rows and yield each outcome once it is noted. Leaving early leaves jobs on the hub.

        Raises:
            AkiError: What ended the batch before its time; every outcome until then has been yielded.
        """
        self._stop.when(asked=self._limiter.close, now=self._calls.leave)
        feeding = asyncio.create_task(self._feed(rows))
        is_left = True
        try:
            while (outcome := await self._found.get()) is not None:
                self._read.set()
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
            await self._pick_up()
            portion: list[Row] = []
            async for row in rows:
                portion.append(row)
                if len(portion) == _LOOKED_UP_AT_ONCE:
                    await self._begin_all(portion)
                    portion = []
                if self._stop.is_asked:
                    return
            await self._begin_all(portion)
        except BaseException as error:
            self._fail(error)
        finally:
            while self._tasks:
                await asyncio.wait(self._tasks)
            self._found.put_nowait(None)

    async def _pick_up(self) -> None:
        """Jobs of earlier runs first: the hub keeps a finished result for a few minutes only."""
        for entry in self._journal.entries(RowState.SUBMITTED):
            if not await self._limiter.acquire():
                return
            self.picked_up += 1
            self._spawn(self._calls.pick_up(entry))

    async def _begin_all(self, rows: list[Row]) -> None:
        ids = [row.row_id for row in rows]
        known = await self._writer.write(lambda journal: [journal.get(row) for row in ids])
        for row, entry in zip(rows, known, strict=True):
            if entry is not None:
                _require_same(row, entry)
                if entry.state not in self._again:
                    continue
            await self._has_been_read()
            if not await self._limiter.acquire():
                return
            self._spawn(self._begin(row, entry))

    def _begin(self, row: Row, entry: Entry | None) -> Coroutine[Any, Any, Outcome | None]:
        if entry is None:
            return self._calls.carry_out(row, None)
        self._on_again("uncertain" if entry.state is RowState.UNCERTAIN else "failed")
        if has_unknown_end(entry):
            self.picked_up += 1
            return self._calls.pick_up_again(entry)
        return self._calls.carry_out(row, entry.state)

    def _spawn(self, work: Coroutine[Any, Any, Outcome | None]) -> None:
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Coroutine[Any, Any, Outcome | None]) -> None:
        try:
            outcome = await work
            if outcome is not None:
                self._found.put_nowait(outcome)
        except BaseException as error:
            self._fail(error)
        finally:
            self._limiter.release()

    async def _has_been_read(self) -> None:
        """Wait where nobody reads the outcomes as fast as they come."""
        while self._found.qsize() >= _UNREAD and not self._stop.is_asked:
            self._read.clear()
            await self._read.wait()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._stop.soon()

    def _wait_for_room(self, error: BaseException) -> None:
        self._stop.soon()
        if not self._has_told:
            self._has_told = True
            self._on_notice(
                f"nothing can be written ({error}); no further row is begun, and the results in hand wait "
                "for room: free some, or press Ctrl-C to give them up"
            )
        if self._stop.is_now:
            raise error


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
