"""The life of one row: started, submitted, followed, settled, and each step noted before the next one.

It holds the order of these steps, on which everything rests that is promised of a batch and of a Ray dataset. Where
they are noted is a `RowNotes`; what runs side by side, and when it stops, is for the caller to decide.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

from ..client.endpoint import AsyncEndpoint
from ..errors import (
    AkiError,
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    DeadlineExceededError,
    EndpointRemovedError,
    InvalidParametersError,
    JobError,
    NotEntitledError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ..events import Event, Queued
from ..fields.base import OutputModel, came, holds_media, plain_fields
from ..jobs.async_job import AsyncJob
from ..jobs.handle import canceled_too_late, giving_up, result_fields
from ..media.objects import Media
from ..protocol.certainty import is_busy, made_no_job, result_lost
from ..usage import count_or_none
from .errors import JournalFullError
from .journal import RowState
from .limits import ConcurrencyLimiter, OutageTimer
from .outcome import STATUSES, Outcome, RowError
from .rows import Row

T = TypeVar("T")
P = ParamSpec("P")
AnyEndpoint: TypeAlias = AsyncEndpoint[..., Any, Any]
OnEvent: TypeAlias = Callable[[Event[Any]], object]
KeepForRow: TypeAlias = Callable[[int, Media, str], str]
"""Stores a medium of a row under a name and returns what stands for it in the outputs."""

SUBMITS_AT_ONCE = 16
"""Rows that are being submitted at the same time: at most so many are uncertain after the process is killed."""

ROOM_SECONDS = 600.0
"""Seconds that results in hand wait for room on the disk before they are given up."""

_PAUSE_FOR_ROOM = 1.0
_CANCEL_WAIT = 10.0
"""Seconds that an overdue job is given to end once the hub was asked to cancel it."""

_NO_ROW_WILL_DO = (
    AuthenticationError,
    BudgetExceededError,
    NotEntitledError,
    NotFoundError,
    EndpointRemovedError,
    ConfigurationError,
)


class ErrorClass(Enum):
    """What a failed submit or poll means for the row, and for the run."""

    RETRY = "no job was made, and a later try may succeed"
    ROW_FAILED = "this row will never succeed as it is"
    RUN_FAILED = "no row will succeed"
    UNCERTAIN = "a job may have been made or has run, and its result cannot be had"

    @classmethod
    def of_submit(cls, error: AkiError) -> "ErrorClass":
        """Classify a submit that brought no job."""
        if is_busy(error):
            return cls.RETRY
        return cls._without_result(error) if made_no_job(error) else cls.UNCERTAIN

    @classmethod
    def of_poll(cls, error: AkiError) -> "ErrorClass":
        """Classify a job whose end could not be learnt, or that ended without a result."""
        return cls.UNCERTAIN if result_lost(error) else cls._without_result(error)

    @classmethod
    def _without_result(cls, error: AkiError) -> "ErrorClass":
        return cls.RUN_FAILED if isinstance(error, _NO_ROW_WILL_DO) else cls.ROW_FAILED


_ENDS = {ErrorClass.UNCERTAIN: RowState.UNCERTAIN, ErrorClass.ROW_FAILED: RowState.FAILED}


@dataclass(frozen=True, slots=True)
class Started:
    """A row that is the caller's.

    Attributes:
        job_id: The job that it has already, to be followed; None where it is to be submitted.
    """

    job_id: str | None = None


class RowNotes(Protocol):
    """Where the steps of one row are noted."""

    @property
    def is_live(self) -> bool:
        """Whether the caller may follow the row's job; else it is left to the next run, or to another worker."""
        ...

    async def start(self) -> Started | None:
        """Note that the row is about to be submitted; None where that is not, or not now, for the caller to do."""
        ...

    async def release(self) -> None:
        """Forget the start: it is certain that no job was made."""
        ...

    async def note_job(self, job_id: str) -> bool:
        """Note the row's job; false where the row has become somebody else's.

        Raises:
            UnexpectedAnswerError: The job is another row's.
        """
        ...

    async def note_outcome(self, state: RowState, outcome: Outcome) -> Outcome | None:
        """Note how the row ended, and return the outcome that counts; None where the row is somebody else's."""
        ...


class RowLife:
    """Carries out single rows, each within a slot of the limiter.

    Args:
        endpoint: What is called.
        limiter: Where a refused row waits for another slot, and what learns how the hub takes rows.
        outage: How long the hub may be out of reach.
        keep: What becomes of media.
        cancels_overdue: Whether a job is cancelled that has not ended within the endpoint's timeout.
        on_no_room: Called each time that something which was paid for cannot be written; it may raise to give it up.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        limiter: ConcurrencyLimiter,
        outage: OutageTimer,
        *,
        keep: KeepForRow,
        cancels_overdue: bool,
        on_no_room: Callable[[BaseException], object],
    ) -> None:
        self._endpoint = endpoint
        self._limiter = limiter
        self._outage = outage
        self._keep = keep
        self._cancels_overdue = cancels_overdue
        self._on_no_room = on_no_room
        self._submits = asyncio.Semaphore(SUBMITS_AT_ONCE)
        self._following: set[asyncio.Task[Any]] = set()
        self._under_way = 0
        self._for_budget: deque[asyncio.Future[None]] = deque()

    def leave(self) -> None:
        """Follow no job any more; those whose submit is under way are noted first."""
        for task in list(self._following):
            task.cancel()

    async def carry_out(
        self, row: Row, notes: RowNotes, on_event: OnEvent | None = None
    ) -> Outcome | None:
        """Submit a row, or take the job up that it has, and follow it to the end; each event of the job is handed on.

        Returns:
            The outcome; None where the row is left, to be carried out later or by somebody else.

        Raises:
            AkiError: No further row would succeed.
        """
        self._under_way += 1
        try:
            return await self._carry_out(row, notes, on_event)
        finally:
            self._under_way -= 1
            if self._for_budget:
                self._wake_one()

    async def _carry_out(
        self, row: Row, notes: RowNotes, on_event: OnEvent | None
    ) -> Outcome | None:
        while True:
            started = time.monotonic()
            async with self._submits:
                start = await notes.start()
                if start is None:
                    return None
                made = await self._make(row, notes, start)
                if isinstance(made, AkiError):
                    kind = ErrorClass.of_submit(made)
                    if kind in _ENDS:
                        return await self._settle(row, notes, started, _ENDS[kind], error=made)
                    # Before others submit: a process that is killed until then leaves the row behind as uncertain.
                    await self._surely(notes.release)
            if made is None:
                return None
            if isinstance(made, BudgetExceededError):
                await self._wait_for_budget(made)
                if self._limiter.is_closed:
                    return None
                continue
            if isinstance(made, AsyncJob):
                if self._for_budget:
                    self._wake_one()
                return await self._follow(row, notes, started, made, on_event)
            if ErrorClass.of_submit(made) is ErrorClass.RUN_FAILED:
                raise made
            self._outage.record_failure(made)
            if not await self._limiter.acquire_again(started):
                return None

    async def _wait_for_budget(self, refusal: BudgetExceededError) -> None:
        """Wait for another row to end, as it mostly costs less than was reserved for it; raise where none is left."""
        self._under_way -= 1
        try:
            if not self._under_way:
                raise refusal
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._for_budget.append(turn)
            await turn
        finally:
            self._under_way += 1

    def _wake_one(self) -> None:
        # One, who wakes the next where there is room for it too: all of them would ask in vain with each row.
        while self._for_budget:
            turn = self._for_budget.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def _make(
        self, row: Row, notes: RowNotes, start: Started
    ) -> AsyncJob[Any, Any] | AkiError | None:
        """Submit a row once and note its job; what went wrong is returned, and None where it is somebody else's."""
        if start.job_id is not None:
            return self._endpoint.job(start.job_id)
        if row.problems:
            return InvalidParametersError(self._endpoint.info.name, row.problems)
        try:
            job: AsyncJob[Any, Any] = await self._endpoint.submit(**row.parameters)
        except AkiError as error:
            return error
        except BaseException:
            # Nothing that the client raises otherwise comes after the sending.
            await self._surely(notes.release)
            raise
        self._outage.record_success()
        self._limiter.on_accepted()
        try:
            is_mine = await self._surely(notes.note_job, job.id)
        except UnexpectedAnswerError as error:
            return error  # cancelling the job would cost the row that has it
        if is_mine:
            return job
        # This process was taken for dead, and somebody decided to submit the row again.
        with suppress(AkiError):
            await job.cancel()
        return None

    async def _follow(
        self,
        row: Row,
        notes: RowNotes,
        started: float,
        job: AsyncJob[Any, Any],
        on_event: OnEvent | None,
    ) -> Outcome | None:
        if not notes.is_live:
            return None
        task = asyncio.current_task()
        assert task is not None
        self._following.add(task)
        error: AkiError | None = None
        try:
            await self._watch(job, started, on_event)
        except AkiError as failure:
            error = failure
        except asyncio.CancelledError:
            # `leave` was called. An answer that came all the same is the only copy of the result.
            task.uncancel()
            if not job.ended:
                return None
        finally:
            self._following.discard(task)
        if isinstance(error, DeadlineExceededError) and self._cancels_overdue:
            # It may have ended as done before the hub heard of it: then it was paid for, and its result counts.
            with suppress(AkiError), giving_up(job, error):
                await job.cancel(_CANCEL_WAIT)
            error = canceled_too_late(job) if result_fields(job) is None else None
        output: OutputModel | None = None
        state = RowState.DONE
        if error is None:
            try:
                output = await job.result()
            except AkiError as failure:
                error = failure
        if error is not None:
            kind = ErrorClass.of_poll(error)
            if kind is ErrorClass.RUN_FAILED:
                raise error
            state = _ENDS[kind]
        return await self._settle(row, notes, started, state, job, output, error)

    async def _watch(
        self, job: AsyncJob[Any, Any], started: float, on_event: OnEvent | None
    ) -> None:
        """Wait for the job's end; the limiter learns its first position in the queue."""
        position: int | None = None
        async for event in job.events():
            if on_event is not None:
                on_event(event)
            if position is None:
                position = (isinstance(event, Queued) and event.position) or 0
                self._limiter.on_queued(position, started)
        if position is None:
            self._limiter.on_queued(0, started)

    async def _settle(
        self,
        row: Row,
        notes: RowNotes,
        started: float,
        state: RowState,
        job: AsyncJob[Any, Any] | None = None,
        output: OutputModel | None = None,
        error: AkiError | None = None,
    ) -> Outcome | None:
        values: Mapping[str, Any] = error.partial if isinstance(error, JobError) else {}
        if output is not None:
            values = came(output)
        if job is not None:
            self._limiter.on_finished()
        keep = partial(self._keep, row.number)
        if job is None or (output is not None and not holds_media(output)):
            outputs = plain_fields(values, keep)
        else:
            # Decoding takes a while, and a full disk may keep it waiting: beside the event loop, and until it is done.
            outputs = await self._surely(asyncio.to_thread, plain_fields, values, keep)
        outcome = Outcome(
            row=row.number,
            status=STATUSES[state],
            outputs=outputs,
            error=RowError.of(error) if error is not None else None,
            input=row.kept,
            job_id=job.id if job is not None else None,
            total_duration=output.meta.total_duration if output is not None else None,
            compute_duration=output.meta.compute_duration if output is not None else None,
            tokens=count_or_none(outputs.get("num_generated_tokens")),
            seconds=round(time.monotonic() - started, 3),
            cost=output.cost if output is not None else None,
        )
        return await self._surely(notes.note_outcome, state, outcome)

    async def _surely(
        self, write: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Repeat what writes something that was paid for until there is room for it."""
        until = time.monotonic() + ROOM_SECONDS
        while True:
            try:
                return await write(*args, **kwargs)
            except (JournalFullError, OSError) as error:
                self._on_no_room(error)
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(_PAUSE_FOR_ROOM)


def keep_within(row: int, medium: Media, name: str) -> str:
    """Keep a medium within the outputs, as a data URI."""
    return medium.as_it_came()
