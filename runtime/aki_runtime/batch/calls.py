"""The life of one row: begun, submitted, followed, settled, and each step noted before the next one.

It holds the order of these steps, on which everything rests that is promised of a batch. What runs side by
side, and when it stops, is decided in `engine`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..client.endpoint import AsyncEndpoint
from ..errors import AkiError, InvalidParametersError, JobError
from ..events import Queued
from ..fields.base import OutputModel
from ..jobs.async_job import AsyncJob
from ..media.objects import Media
from ..shapes import integer_or_none
from .journal import Entry, RowState
from .limits import ConcurrencyLimiter, OutageTimer
from .notes import Notes
from .outcome import STATUSES, Outcome, RowError
from .plain import holds_media, plain_fields, plain_outputs
from .rows import Row
from .verdict import ENDS, Verdict, of_poll, of_submit

AnyEndpoint: TypeAlias = AsyncEndpoint[..., Any, Any]
KeepForRow: TypeAlias = Callable[[int, Media, str], str]
"""Stores a medium of a row under a name and returns what stands for it in the outputs."""

SUBMITS_AT_ONCE = 16
"""Rows that are being submitted at the same time, at most: so many can be uncertain when the process is killed."""


class Calls:
    """Carries out single rows, each within a slot of the limiter.

    Args:
        endpoint: What is called.
        notes: Where each step is noted.
        limiter: Where a refused row waits for another slot, and what learns how the hub takes rows.
        outage: How long the hub may be out of reach.
        keep: What becomes of media.
        now: The clock.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        notes: Notes,
        limiter: ConcurrencyLimiter,
        outage: OutageTimer,
        *,
        keep: KeepForRow,
        now: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._notes = notes
        self._limiter = limiter
        self._outage = outage
        self._keep = keep
        self._now = now
        self._submits = asyncio.Semaphore(SUBMITS_AT_ONCE)
        self._polling: set[asyncio.Task[Any]] = set()
        self._leaves = False

    def leave(self) -> None:
        """Leave jobs on the hub, those too whose submit is under way, and submit no further row."""
        self._leaves = True
        for task in list(self._polling):
            task.cancel()

    async def carry_out(self, row: Row, after: RowState | None) -> Outcome | None:
        """Submit a row and follow its job to the end; None where the batch stops before.

        Args:
            row: The row.
            after: The state in which an earlier run left it, where it is to be begun again.

        Raises:
            AkiError: No further row would succeed.
        """
        while True:
            begun = self._now()
            async with self._submits:
                if self._leaves or not await self._notes.claim(row, after):
                    return None
                made = await self._submit(row)
                if not isinstance(made, AsyncJob):
                    state = ENDS.get(of_submit(made))
                    if state is not None:
                        return await self._without_job(row, state, made, begun)
                    await self._notes.release(row)
            if isinstance(made, AsyncJob):
                return await self._follow(made, row.number, row.kept, begun)
            if of_submit(made) is Verdict.RUN_FAILED:
                raise made
            self._outage.record_failure(made)
            after = None
            if not await self._limiter.acquire_again(begun):
                return None

    async def pick_up(self, entry: Entry) -> Outcome | None:
        """Follow a job of an earlier run to the end; None where the batch stops before.

        Raises:
            AkiError: No further row would succeed.
        """
        job = self._endpoint.job(entry.job_id or "")
        return await self._follow(job, entry.place, entry.kept, self._now())

    async def pick_up_again(self, entry: Entry) -> Outcome | None:
        """Follow a job whose end an earlier run could not learn; None where the batch stops before.

        Raises:
            AkiError: No further row would succeed.
        """
        if not await self._notes.claim_job(entry):
            return None
        return await self.pick_up(entry)

    async def _submit(self, row: Row) -> AsyncJob[Any, Any] | AkiError:
        """Submit a row once and note its job; what went wrong is returned."""
        if row.problems:
            return InvalidParametersError(self._endpoint.info.name, row.problems)
        try:
            job: AsyncJob[Any, Any] = await self._endpoint.submit(**row.parameters)
        except AkiError as error:
            return error
        except BaseException:
            # Nothing that the client raises otherwise comes after the sending.
            await self._notes.release(row)
            raise
        self._outage.record_success()
        self._limiter.on_accepted()
        await self._notes.job(row, job.id)
        return job

    async def _follow(
        self, job: AsyncJob[Any, Any], number: int, kept: Mapping[str, Any], begun: float
    ) -> Outcome | None:
        if self._leaves:
            return None
        task = asyncio.current_task()
        assert task is not None
        output: OutputModel | None = None
        error: AkiError | None = None
        self._polling.add(task)
        try:
            await self._watch(job, begun)
            output = await job.result()
        except asyncio.CancelledError:
            self._polling.discard(task)
            if not job.ended:
                return None
            # The answer came all the same, and nobody else can have it.
            task.uncancel()
            try:
                output = await job.result()
            except JobError as ended:
                error = ended
        except AkiError as failed:
            error = failed
        finally:
            self._polling.discard(task)
        if error is not None and of_poll(error) is Verdict.RUN_FAILED:
            raise error
        self._limiter.on_finished()
        state = RowState.DONE if error is None else ENDS[of_poll(error)]
        return await self._settle(job, number, kept, begun, state, output, error)

    async def _watch(self, job: AsyncJob[Any, Any], begun: float) -> None:
        """Wait for the job's end, and tell the limiter its first place in the queue."""
        is_first = True
        async for event in job.events():
            if is_first:
                position = event.position if isinstance(event, Queued) else 0
                self._limiter.on_queued(position or 0, begun)
            is_first = False
        if is_first:
            self._limiter.on_queued(0, begun)

    async def _settle(
        self,
        job: AsyncJob[Any, Any],
        number: int,
        kept: Mapping[str, Any],
        begun: float,
        state: RowState,
        output: OutputModel | None,
        error: AkiError | None,
    ) -> Outcome:
        def keep(medium: Media, name: str) -> str:
            return self._keep(number, medium, name)

        def make_plain() -> dict[str, Any]:
            if output is not None:
                return plain_outputs(output, keep)
            return plain_fields(error.partial if isinstance(error, JobError) else {}, keep)

        if output is not None and not holds_media(output):
            outputs = make_plain()
        else:
            outputs = await self._notes.surely(lambda: asyncio.to_thread(make_plain))
        meta = output.meta if output is not None else None
        outcome = Outcome(
            row=number,
            status=STATUSES[state],
            outputs=outputs,
            error=RowError.of(error) if error is not None else None,
            input=kept,
            job_id=job.id,
            total_duration=meta.total_duration if meta else None,
            compute_duration=meta.compute_duration if meta else None,
            tokens=integer_or_none(outputs.get("num_generated_tokens")),
            seconds=round(self._now() - begun, 3),
        )
        await self._notes.outcome(state, outcome)
        return outcome

    async def _without_job(
        self, row: Row, state: RowState, error: AkiError, begun: float
    ) -> Outcome:
        seconds = round(self._now() - begun, 3)
        described = RowError.of(error)
        outcome = Outcome(
            row.number, STATUSES[state], error=described, input=row.kept, seconds=seconds
        )
        await self._notes.outcome(state, outcome)
        return outcome
