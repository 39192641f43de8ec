"""The life of one row in a worker: begun, submitted, followed, settled, each step noted before the next one.

Any moment may be this worker's last, and another may believe so while it lives: whatever the ledger answers,
a row is submitted once, and its job followed by one worker at a time.
"""

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from ..batch.calls import SUBMITS_AT_ONCE, AnyEndpoint
from ..batch.errors import JournalMismatchError
from ..batch.journal import RowState
from ..batch.limits import ConcurrencyLimiter, OutageTimer
from ..batch.outcome import Outcome, outcome_of
from ..batch.verdict import ENDS, Verdict, of_submit
from ..errors import AkiError
from ..jobs.async_job import AsyncJob
from ..media.objects import Media
from .cells import CallRow
from .following import (
    LONGEST_PAUSE,
    Book,
    Following,
    cancel_job,
    failed_outcome,
    note_outcome,
)
from .operations import (
    Answer,
    Attempt,
    Begin,
    Differs,
    Fresh,
    Held,
    Known,
    Look,
    NoteJob,
    Release,
    RowEnd,
)


class Calls:
    """Carries out the rows of one worker, in one event loop.

    Args:
        worker: What the ledger calls it.
        endpoint: What is called.
        book: Where each step is noted.
        concurrency: Jobs at a time at most.
        timeout: Seconds for each job.
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
        timeout: float | None,
        outage_timeout: float,
        lease: float,
        again: frozenset[RowState],
        keep: Callable[[str, Media, str], str],
    ) -> None:
        self._worker = worker
        self._endpoint = endpoint
        self._book = book
        self._outage = OutageTimer(
            outage_timeout, endpoint=endpoint.info.name, resume="the same run"
        )
        self._again = again
        self._limiter = ConcurrencyLimiter(concurrency)
        self._following = Following(
            endpoint, book, self._limiter, timeout=timeout, lease=lease, keep=keep
        )
        self._submits = asyncio.Semaphore(SUBMITS_AT_ONCE)
        self._numbers = count(1)
        self._running: dict[str, tuple[str, asyncio.Task[Outcome]]] = {}

    async def outcomes(self, rows: list[CallRow]) -> list[Outcome]:
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
        self._following.lose()

    async def _outcome(self, row: CallRow, is_over: asyncio.Event) -> Outcome:
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

    async def _carry_out(self, row: CallRow, is_over: asyncio.Event) -> Outcome:
        # Most rows of a block that is run again have an outcome, and need no turn among those that are to be called.
        answer = await self._book.ask(Look(row.row_id))
        if isinstance(answer, RowEnd) and answer.entry.state not in self._again:
            if answer.entry.digest not in ("", row.digest):
                raise _mismatch(row)
            return outcome_of(answer.entry)
        while True:
            await self._limiter.acquire()
            try:
                if is_over.is_set():
                    raise _LeftError
                found = await self._attempt(row)
            finally:
                self._limiter.release()
            if isinstance(found, Outcome):
                return found
            # Outside of a slot, so that rows that others are at keep nobody out.
            await asyncio.sleep(min(max(found, 0.05), LONGEST_PAUSE))

    async def _attempt(self, row: CallRow) -> Outcome | float:
        """Try to bring a row to its end; seconds to wait where it is not, or not now, this worker's to do so."""
        while True:
            attempt = Attempt(self._worker, next(self._numbers))
            begun = time.monotonic()
            async with self._submits:
                answer = await self._begin_and_submit(row, attempt)
                if isinstance(answer, AkiError):
                    state = ENDS.get(of_submit(answer))
                    if state is not None:
                        return await note_outcome(
                            self._book, row, attempt, state, failed_outcome(answer)
                        )
                    # Within its turn: who is killed before this leaves a row behind that counts as uncertain.
                    await self._book.ask(Release(row.row_id, attempt))
            if not isinstance(answer, AkiError):
                return await self._go_on(row, attempt, answer)
            if of_submit(answer) is Verdict.RUN_FAILED:
                raise answer
            self._outage.record_failure(answer)
            await self._limiter.acquire_again(begun)

    async def _go_on(self, row: CallRow, attempt: Attempt, answer: Answer) -> Outcome | float:
        match answer:
            case Known(job_id, is_taken_over):
                return await self._following.follow(
                    row, attempt, job_id, is_taken_over=is_taken_over
                )
            case RowEnd(entry):
                return outcome_of(entry)
            case Held(seconds):
                return seconds
            case Differs():
                raise _mismatch(row)
            case _:
                return 0.0

    async def _begin_and_submit(self, row: CallRow, attempt: Attempt) -> Answer | AkiError:
        answer = await self._book.ask(Begin(row.row_id, attempt, row.digest, self._again))
        if not isinstance(answer, Fresh):
            return answer
        if not self._book.is_alive:
            return await self._book.ask(Release(row.row_id, attempt))
        return await self._submit(row, attempt)

    async def _submit(self, row: CallRow, attempt: Attempt) -> Answer | AkiError:
        """Submit a row once and note its job; what went wrong is returned."""
        try:
            job: AsyncJob[Any, Any] = await self._endpoint.submit(**row.parameters)
        except AkiError as error:
            return error
        except BaseException:
            # Nothing that the client raises otherwise comes after the sending.
            await self._book.ask(Release(row.row_id, attempt))
            raise
        self._outage.record_success()
        self._limiter.on_accepted()
        answer = await self._book.ask(NoteJob(row.row_id, attempt, job.id))
        if not isinstance(answer, Known):
            # This worker was taken for dead, and somebody decided to submit the row again.
            await cancel_job(job)
        return answer


class _LeftError(Exception):
    """A row was not begun, because another one showed that none will succeed."""

    def __init__(self) -> None:
        super().__init__("another row has failed in a way that ends the run")


def _mismatch(row: CallRow) -> JournalMismatchError:
    return JournalMismatchError(
        f"row {row.row_id!r} is not what it was when the journal noted it: two rows have this id, or the input "
        "was changed; give each row an id of its own, or another journal",
        [f"row {row.row_id!r}"],
    )
