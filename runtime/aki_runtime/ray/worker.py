"""One worker: a client and its event loop in a thread, the rows that it carries out, each step noted by the ledger.

Any moment may be this worker's last, and another may believe so while it lives: whatever the ledger answers,
a row is submitted once, and its job followed by one worker at a time.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from ..batch.errors import JournalMismatchError
from ..batch.files import MediaFolder
from ..batch.journal import RowState
from ..batch.limits import ConcurrencyLimiter, OutageTimer
from ..batch.outcome import Outcome, outcome_of
from ..batch.row_life import AnyEndpoint, RowLife, Started, keep_within
from ..batch.rows import Row
from ..errors import UnexpectedAnswerError
from ..logs import logger
from .ledger import (
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
    Release,
    Reply,
    RowEnd,
    Taken,
)
from .mailbox import Deliver, Mailbox
from .options import CallOptions

T = TypeVar("T")

_LONGEST_PAUSE = 1.0  # between two looks at what another worker is at

_log = logger("ray")


class Worker:
    """Carries out rows with one client for all of them. It may be shared by threads.

    Args:
        options: How.
        sender: Returns what brings the operations of a worker to the ledger.

    Raises:
        ConfigurationError: The client cannot be made.
        OutputError: The folder for media cannot be written to.
    """

    def __init__(self, options: CallOptions, sender: Callable[[str], Deliver]) -> None:
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aki-ray", daemon=True)
        self._thread.start()
        self._running: dict[str, tuple[str, asyncio.Task[Outcome]]] = {}
        self._run(self._open(sender))

    @property
    def api_server(self) -> str:
        """The hub's address."""
        return self._client.api_server

    def outcomes(self, rows: list[Row]) -> list[Outcome]:
        """Return the outcome of each row, whoever has carried it out.

        Raises:
            AkiError: No further row would succeed. Rows that had been submitted by then have come to their end.
        """
        return self._run(self._outcomes(rows))

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._run(self._mailbox.close())
        self._run(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, sender: Callable[[str], Deliver]) -> None:
        options, name = self._options, uuid4().hex
        self._client = options.make_client()
        endpoint: AnyEndpoint = getattr(self._client, options.found.name)
        self._limiter = ConcurrencyLimiter(options.concurrency)
        self._life = RowLife(
            endpoint.with_options(timeout=options.timeout),
            self._limiter,
            OutageTimer(options.outage_timeout, endpoint=endpoint.info.name, resume="the same run"),
            keep=keep_within if options.media is None else _folder(options.media).keep,
            cancels_overdue=True,
            on_no_room=lambda error: _log.warning("a result waits to be written: %s", error),
        )
        # Without the ledger no job is followed any more, because another worker may be about to.
        self._mailbox = Mailbox(sender(name), options.journal.lease, self._life.leave)
        self._attempts = (Attempt(name, number) for number in count(1))

    async def _outcomes(self, rows: list[Row]) -> list[Outcome]:
        is_over = asyncio.Event()
        ended = await asyncio.gather(
            *(self._outcome(row, is_over) for row in rows), return_exceptions=True
        )
        reasons = [end for end in ended if isinstance(end, BaseException)]
        for reason in sorted(reasons, key=lambda reason: isinstance(reason, _LeftError)):
            raise reason
        return [end for end in ended if isinstance(end, Outcome)]

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
        answer = await self._mailbox.ask(Look(row.row_id))
        if isinstance(answer, RowEnd) and answer.entry.state not in self._options.again:
            if answer.entry.digest not in ("", row.digest):
                raise _mismatch(row)
            return outcome_of(answer.entry)
        notes = _LedgerNotes(row, self._mailbox, self._attempts, self._options)
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
        self, row: Row, mailbox: Mailbox, attempts: Iterator[Attempt], options: CallOptions
    ) -> None:
        self.outcome: Outcome | None = None
        self.seconds_left = 0.0
        self._row = row
        self._mailbox = mailbox
        self._attempts = attempts
        self._options = options
        self._is_taken_over = False

    @property
    def is_live(self) -> bool:
        return self._mailbox.is_alive

    async def start(self) -> Started | None:
        self._attempt, self._is_taken_over = next(self._attempts), False
        begin = Begin(self._row.row_id, self._attempt, self._row.digest, self._options.again)
        answer = await self._mailbox.ask(begin)
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
        await self._mailbox.ask(Release(self._row.row_id, self._attempt))

    async def note_job(self, job_id: str) -> bool:
        answer = await self._mailbox.ask(NoteJob(self._row.row_id, self._attempt, job_id))
        if isinstance(answer, Taken):
            raise UnexpectedAnswerError(answer.reason)
        self._take(answer)
        return isinstance(answer, Known)

    async def note_outcome(self, state: RowState, outcome: Outcome) -> Outcome | None:
        if self._is_taken_over and state is RowState.UNCERTAIN:
            await self._wait_for_another()
        note = NoteOutcome(self._row.row_id, self._attempt, state, outcome.to_note())
        self._take(await self._mailbox.ask(note))
        return self.outcome

    async def _wait_for_another(self) -> None:
        """Give a worker that was taken for dead the time to note the result: the hub may have handed it out to it."""
        until = time.monotonic() + self._options.journal.lease
        while time.monotonic() < until:
            answer = await self._mailbox.ask(Look(self._row.row_id))
            if isinstance(answer, RowEnd) and answer.entry.state is RowState.DONE:
                return
            await asyncio.sleep(_LONGEST_PAUSE)

    def _take(self, answer: Reply) -> None:
        self.outcome = outcome_of(answer.entry) if isinstance(answer, RowEnd) else None
        self.seconds_left = answer.seconds if isinstance(answer, Held) else 0.0


def _folder(path: str) -> MediaFolder:
    return MediaFolder(Path(path), Path(path), survives_power_loss=True)


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
