"""The job of a row, followed to its end: what came of it is noted, whoever has noted it.

Another worker may be at the same job, or believe that it has to be: a result that the hub has handed out is
waited for where it may yet be noted.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..batch.calls import AnyEndpoint
from ..batch.journal import RowState
from ..batch.limits import ConcurrencyLimiter
from ..batch.outcome import Outcome, RowError, outcome_of
from ..batch.plain import holds_media, plain_fields, plain_outputs
from ..batch.verdict import ENDS, Verdict, of_poll
from ..errors import AkiError, DeadlineExceededError, JobError
from ..fields.base import OutputModel
from ..jobs.async_job import AsyncJob
from ..media.objects import Media
from ..protocol.certainty import result_lost
from .cells import CallRow
from .operations import Answer, Attempt, Held, Look, NoteOutcome, Operation, RowEnd

LONGEST_PAUSE = 1.0
"""Seconds at most between two looks at what another worker is at."""

_CANCEL_SECONDS = 10.0


class Book(Protocol):
    """Where each step is noted: a `Mailbox`."""

    @property
    def is_alive(self) -> bool:
        """Whether this worker certainly counts among the living."""
        ...

    async def ask(self, operation: Operation) -> Answer:
        """Note something, or ask for something."""
        ...


class Following:
    """Follows the jobs of one worker, in one event loop.

    Args:
        endpoint: What was called.
        book: Where the end of each is noted.
        limiter: What learns that a job has ended.
        timeout: Seconds for each job.
        lease: Seconds after which a silent worker is taken for dead.
        keep: Stores a medium of a row under a name and returns what stands for it.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        book: Book,
        limiter: ConcurrencyLimiter,
        *,
        timeout: float | None,
        lease: float,
        keep: Callable[[str, Media, str], str],
    ) -> None:
        self._endpoint = endpoint
        self._book = book
        self._limiter = limiter
        self._timeout = timeout
        self._lease = lease
        self._keep = keep
        self._tasks: set[asyncio.Task[Any]] = set()

    def lose(self) -> None:
        """Follow no job any more, because another worker may be about to."""
        for task in list(self._tasks):
            task.cancel()

    async def follow(
        self, row: CallRow, attempt: Attempt, job_id: str, *, is_taken_over: bool
    ) -> Outcome | float:
        """Return what came of a row's job; seconds to wait where that is not, or not now, this worker's to say."""
        job: AsyncJob[Any, Any] = self._endpoint.job(job_id)
        error = await self._await_end(job)
        if error is None and not job.ended:
            return 0.0
        if is_taken_over and error is not None and result_lost(error):
            other = await self._outcome_of_another(row)
            if other is not None:
                return other
        self._limiter.on_finished()
        if error is not None:
            verdict = of_poll(error)
            if verdict is Verdict.RUN_FAILED:
                raise error
            partial = error.partial if isinstance(error, JobError) else {}
            failed = failed_outcome(error, plain_fields(partial, self._keeper(row)), job.id)
            return await note_outcome(self._book, row, attempt, ENDS[verdict], failed)
        return await note_outcome(
            self._book, row, attempt, RowState.DONE, await self._done(row, job)
        )

    async def _await_end(self, job: AsyncJob[Any, Any]) -> AkiError | None:
        """Wait for a job's end and return why it has no result; it has not ended where another may be at it."""
        task = asyncio.current_task()
        assert task is not None
        if not self._book.is_alive:
            return None
        self._tasks.add(task)
        try:
            await job.result(self._timeout)
        except asyncio.CancelledError:
            # `lose` was called; an answer that came all the same is the only copy.
            task.uncancel()
            return await _error_of(job)
        except DeadlineExceededError as error:
            self._tasks.discard(task)
            await cancel_job(job, _CANCEL_SECONDS)
            is_done = job.ended and await _error_of(job) is None
            return None if is_done else error
        except AkiError as error:
            return error
        finally:
            self._tasks.discard(task)
        return None

    async def _outcome_of_another(self, row: CallRow) -> Outcome | None:
        """Wait for the outcome of a worker that was taken for dead, and may yet have got the result."""
        until = time.monotonic() + self._lease
        while time.monotonic() < until:
            answer = await self._book.ask(Look(row.row_id))
            if isinstance(answer, RowEnd) and answer.entry.state is RowState.DONE:
                return outcome_of(answer.entry)
            await asyncio.sleep(LONGEST_PAUSE)
        return None

    async def _done(self, row: CallRow, job: AsyncJob[Any, Any]) -> Outcome:
        output: OutputModel = await job.result()
        keep = self._keeper(row)
        if holds_media(output):
            outputs = await asyncio.to_thread(plain_outputs, output, keep)
        else:
            outputs = plain_outputs(output, keep)
        meta = output.meta
        return Outcome(
            0,
            "done",
            outputs,
            job_id=job.id,
            total_duration=meta.total_duration,
            compute_duration=meta.compute_duration,
        )

    def _keeper(self, row: CallRow) -> Callable[[Media, str], str]:
        return lambda medium, name: self._keep(row.row_id, medium, name)


async def note_outcome(
    book: Book, row: CallRow, attempt: Attempt, state: RowState, outcome: Outcome
) -> Outcome | float:
    """Note how a row ended, and return what counts; seconds to wait where another worker has the row now."""
    note = NoteOutcome(row.row_id, attempt, state, outcome.to_note())
    answer = await book.ask(note)
    match answer:
        case RowEnd(entry):
            return outcome_of(entry)
        case Held(seconds):
            return seconds
        case _:
            return 0.0


def failed_outcome(
    error: AkiError, outputs: Mapping[str, Any] | None = None, job_id: str | None = None
) -> Outcome:
    """Return the outcome of a row that has no result."""
    return Outcome(0, "failed", outputs or {}, RowError.of(error), job_id=job_id)


async def cancel_job(job: AsyncJob[Any, Any], wait: float = 0.0) -> None:
    """Ask the hub to cancel a job; that it cannot be asked does not matter."""
    try:
        await job.cancel(wait)
    except AkiError:
        return


async def _error_of(job: AsyncJob[Any, Any]) -> AkiError | None:
    """Return why a job that has ended has no result."""
    try:
        if job.ended:
            await job.result()
    except AkiError as error:
        return error
    return None
