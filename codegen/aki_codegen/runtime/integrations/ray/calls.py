"""The life of one row in a worker: begun, submitted, followed, settled, each step noted before the next one.

Any moment may be this worker's last, and another may believe so while it lives: whatever the ledger answers,
a row is submitted once, and its job followed by one worker at a time.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Protocol

from ...batch.calls import SUBMITS_AT_ONCE, AnyEndpoint
from ...batch.entry import RowState
from ...batch.errors import BatchStoppedError, JournalMismatchError
from ...batch.gate import Gate
from ...batch.outcome import Outcome, RowError, outcome_of
from ...batch.plain import holds_media, plain_fields, plain_outputs
from ...batch.speed import Speed
from ...batch.verdict import Verdict, of_poll, of_submit
from ...errors import (
    AkiError,
    ConnectionFailedError,
    DeadlineExceededError,
    JobError,
    ResultGoneError,
)
from ...jobs.async_job import AsyncJob
from ...media.objects import Media
from ...models.base import OutputModel
from .cells import CallRow
from .operations import (
    Answer,
    Attempt,
    Begin,
    Differs,
    Ended,
    Fresh,
    Held,
    Known,
    Look,
    NoteJob,
    NoteOutcome,
    Operation,
    Release,
)

_LONGEST_PAUSE = 1.0
_CANCEL_SECONDS = 10.0
_WITHOUT_JOB = {
    Verdict.UNCERTAIN: RowState.UNCERTAIN,
    Verdict.ROW_FAILED: RowState.FAILED,
}


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
        concurrency: Jobs at a time at the most.
        timeout: Seconds for each job.
        patience: Seconds that the hub may be out of reach.
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
        patience: float,
        lease: float,
        again: frozenset[RowState],
        keep: Callable[[str, Media, str], str],
    ) -> None:
        self._worker = worker
        self._endpoint = endpoint
        self._book = book
        self._timeout = timeout
        self._patience = patience
        self._lease = lease
        self._again = again
        self._keep = keep
        self._speed = Speed(concurrency)
        self._gate = Gate(self._speed, time.monotonic)
        self._submits = asyncio.Semaphore(SUBMITS_AT_ONCE)
        self._numbers = count(1)
        self._running: dict[str, tuple[str, asyncio.Task[Outcome]]] = {}
        self._following: set[asyncio.Task[Any]] = set()
        self._away_since: float | None = None

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
        for task in list(self._following):
            task.cancel()

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
        if isinstance(answer, Ended) and answer.entry.state not in self._again:
            if answer.entry.digest not in ("", row.digest):
                raise _mismatch(row)
            return outcome_of(answer.entry)
        while True:
            await self._gate.enter()
            try:
                if is_over.is_set():
                    raise _LeftError
                found = await self._attempt(row)
            finally:
                self._gate.leave()
            if isinstance(found, Outcome):
                return found
            # Outside of the gate, so that rows that others are at keep nobody out.
            await asyncio.sleep(min(max(found, 0.05), _LONGEST_PAUSE))

    async def _attempt(self, row: CallRow) -> Outcome | float:
        """Try to bring a row to its end; seconds to wait where it is not, or not now, this worker's to do so."""
        while True:
            attempt = Attempt(self._worker, next(self._numbers))
            begun = time.monotonic()
            async with self._submits:
                answer = await self._begin_and_submit(row, attempt)
                if isinstance(answer, AkiError):
                    state = _WITHOUT_JOB.get(of_submit(answer))
                    if state is not None:
                        return await self._note(row, attempt, state, _failed(answer))
                    # Within its turn: who is killed before this leaves a row behind that counts as uncertain.
                    await self._book.ask(Release(row.row_id, attempt))
            if not isinstance(answer, AkiError):
                return await self._go_on(row, attempt, answer)
            if of_submit(answer) is Verdict.RUN_FAILED:
                raise answer
            self._require_patience(answer)
            await self._gate.enter_again(begun)

    async def _go_on(self, row: CallRow, attempt: Attempt, answer: Answer) -> Outcome | float:
        match answer:
            case Known(job_id, is_taken_over):
                return await self._follow(row, attempt, job_id, is_taken_over=is_taken_over)
            case Ended(entry):
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
        self._away_since = None
        self._speed.took()
        answer = await self._book.ask(NoteJob(row.row_id, attempt, job.id))
        if not isinstance(answer, Known):
            # This worker was taken for dead, and somebody decided to submit the row again.
            await _cancel(job)
        return answer

    async def _follow(
        self, row: CallRow, attempt: Attempt, job_id: str, *, is_taken_over: bool
    ) -> Outcome | float:
        job: AsyncJob[Any, Any] = self._endpoint.job(job_id)
        error = await self._await_end(job)
        if error is None and not job.ended:
            return 0.0
        if is_taken_over and isinstance(error, ResultGoneError):
            other = await self._outcome_of_another(row)
            if other is not None:
                return other
        self._speed.ended()
        if error is not None:
            if of_poll(error) is Verdict.RUN_FAILED:
                raise error
            partial = error.partial if isinstance(error, JobError) else {}
            failed = _failed(error, plain_fields(partial, self._keeper(row)), job.id)
            return await self._note(row, attempt, RowState.FAILED, failed)
        return await self._note(row, attempt, RowState.DONE, await self._done(row, job))

    async def _await_end(self, job: AsyncJob[Any, Any]) -> AkiError | None:
        """Wait for a job's end and return why it has no result; it has not ended where another may be at it."""
        task = asyncio.current_task()
        assert task is not None
        if not self._book.is_alive:
            return None
        self._following.add(task)
        try:
            await job.result(self._timeout)
        except asyncio.CancelledError:
            # `lose` was called; an answer that came all the same is the only copy.
            task.uncancel()
            return await _error_of(job)
        except DeadlineExceededError as error:
            self._following.discard(task)
            await _cancel(job, _CANCEL_SECONDS)
            is_done = job.ended and await _error_of(job) is None
            return None if is_done else error
        except AkiError as error:
            return error
        finally:
            self._following.discard(task)
        return None

    async def _outcome_of_another(self, row: CallRow) -> Outcome | None:
        """Wait for the outcome of a worker that was taken for dead, and may yet have got the result."""
        until = time.monotonic() + self._lease
        while time.monotonic() < until:
            answer = await self._book.ask(Look(row.row_id))
            if isinstance(answer, Ended) and answer.entry.state is RowState.DONE:
                return outcome_of(answer.entry)
            await asyncio.sleep(_LONGEST_PAUSE)
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

    async def _note(
        self, row: CallRow, attempt: Attempt, state: RowState, outcome: Outcome
    ) -> Outcome | float:
        note = NoteOutcome(row.row_id, attempt, state, outcome.to_note())
        answer = await self._book.ask(note)
        match answer:
            case Ended(entry):
                return outcome_of(entry)
            case Held(seconds):
                return seconds
            case _:
                return 0.0

    def _keeper(self, row: CallRow) -> Callable[[Media, str], str]:
        return lambda medium, name: self._keep(row.row_id, medium, name)

    def _require_patience(self, reason: AkiError) -> None:
        if not isinstance(reason, ConnectionFailedError):
            self._away_since = None
            return
        now = time.monotonic()
        self._away_since = now if self._away_since is None else self._away_since
        if now - self._away_since > self._patience:
            raise BatchStoppedError(
                f"the hub has not been reached for {self._patience:.0f} s ({reason.message}); "
                "the same run goes on from here",
                endpoint=self._endpoint.info.name,
            )


class _LeftError(Exception):
    """A row was not begun, because another one showed that none will succeed."""

    def __init__(self) -> None:
        super().__init__("another row has failed in a way that ends the run")


async def _error_of(job: AsyncJob[Any, Any]) -> AkiError | None:
    """Return why a job that has ended has no result."""
    try:
        if job.ended:
            await job.result()
    except AkiError as error:
        return error
    return None


async def _cancel(job: AsyncJob[Any, Any], wait: float = 0.0) -> None:
    try:
        await job.cancel(wait)
    except AkiError:
        return


def _failed(
    error: AkiError, outputs: Mapping[str, Any] | None = None, job_id: str | None = None
) -> Outcome:
    return Outcome(0, "failed", outputs or {}, RowError.of(error), job_id=job_id)


def _mismatch(row: CallRow) -> JournalMismatchError:
    return JournalMismatchError(
        f"row {row.row_id!r} is not what it was when the journal noted it: two rows have this id, or the input "
        "was changed; give each row an id of its own, or another journal",
        [f"row {row.row_id!r}"],
    )
