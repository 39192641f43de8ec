"""The life of one row: begun, submitted, followed, settled, and each step noted before the next one.

It holds the order of these steps, on which everything rests that is promised of a batch. What runs side by
side, and when it stops, is decided in `engine`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from ..client.endpoint import AsyncEndpoint
from ..errors import AkiError, ConnectionFailedError, InvalidParametersError, JobError
from ..events import Queued
from ..jobs.async_job import AsyncJob
from ..media.objects import Media
from ..models.base import OutputModel
from ..shapes import integer_or_none
from .committer import Committer
from .entry import Entry, RowState
from .errors import BatchStoppedError, JournalFullError
from .gate import Gate
from .outcome import STATUSES, Outcome, RowError
from .plain import holds_media, plain_fields, plain_outputs
from .rows import Row
from .speed import Speed
from .verdict import Verdict, of_poll, of_submit

T = TypeVar("T")
AnyEndpoint: TypeAlias = AsyncEndpoint[..., Any, Any]
KeepForRow: TypeAlias = Callable[[int, Media, str], str]
"""Stores a medium of a row under a name and returns what stands for it in the outputs."""

ROOM_SECONDS = 600.0
"""Seconds that results in hand wait for room on the disk before they are given up."""

SUBMITS_AT_ONCE = 16
"""Rows that are being submitted at the same time, at the most: so many can be uncertain when the process is killed."""

_PAUSE_FOR_ROOM = 1.0
_ENDS = {Verdict.UNCERTAIN: RowState.UNCERTAIN, Verdict.ROW_FAILED: RowState.FAILED}


class Calls:
    """Carries out single rows, each within a turn of the gate.

    Args:
        endpoint: What is called.
        committer: Where each step is noted.
        gate: Where a refused row waits for another turn.
        speed: What is told how the hub takes it.
        keep: What becomes of media.
        patience: Seconds that the hub may be out of reach before the batch is stopped.
        on_no_room: Told why nothing can be written, each time that is tried in vain; raises where it is to be given up.
        now: The clock.
    """

    def __init__(
        self,
        endpoint: AnyEndpoint,
        committer: Committer,
        gate: Gate,
        speed: Speed,
        *,
        keep: KeepForRow,
        patience: float,
        on_no_room: Callable[[BaseException], None],
        now: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._committer = committer
        self._gate = gate
        self._speed = speed
        self._keep = keep
        self._patience = patience
        self._on_no_room = on_no_room
        self._now = now
        self._away_since: float | None = None
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
                if self._leaves or not await self._claim(row, after):
                    return None
                made = await self._submit(row)
                if not isinstance(made, AsyncJob):
                    state = _ENDS.get(of_submit(made))
                    if state is not None:
                        return await self._without_job(row, state, made, begun)
                    await self._note_release(row)
            if isinstance(made, AsyncJob):
                return await self._follow(made, row.number, row.kept, begun)
            if of_submit(made) is Verdict.RUN_FAILED:
                raise made
            self._require_patience(made)
            after = None
            if not await self._gate.enter_again(begun):
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
        row_id, job_id = entry.row_id, entry.job_id or ""
        claim = await self._committer.note(
            lambda journal: journal.begin_again(row_id, after=RowState.FAILED)
        )
        if not claim.is_mine:
            return None
        await self._committer.note(lambda journal: journal.note_job(row_id, job_id))
        return await self.pick_up(entry)

    async def _claim(self, row: Row, after: RowState | None) -> bool:
        if after is not None:
            claim = await self._committer.note(
                lambda journal: journal.begin_again(row.row_id, after=after)
            )
        else:
            claim = await self._committer.note(
                lambda journal: journal.begin(
                    row.row_id, place=row.number, digest=row.digest, kept=row.kept
                )
            )
        return claim.is_mine

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
            await self._note_release(row)
            raise
        self._away_since = None
        self._speed.took()
        await self._surely(
            lambda: self._committer.note(lambda journal: journal.note_job(row.row_id, job.id))
        )
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
        self._speed.ended()
        state = RowState.DONE if output is not None else RowState.FAILED
        return await self._settle(job, number, kept, begun, state, output, error)

    async def _watch(self, job: AsyncJob[Any, Any], begun: float) -> None:
        """Wait for the job's end, and tell the speed of its first place in the queue."""
        is_first = True
        async for event in job.events():
            if is_first:
                position = event.position if isinstance(event, Queued) else 0
                self._speed.queued(position or 0, begun, self._now())
            is_first = False
        if is_first:
            self._speed.queued(0, begun, self._now())

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
            outputs = await self._surely(lambda: asyncio.to_thread(make_plain))
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
        await self._note_outcome(state, outcome)
        return outcome

    async def _without_job(
        self, row: Row, state: RowState, error: AkiError, begun: float
    ) -> Outcome:
        seconds = round(self._now() - begun, 3)
        described = RowError.of(error)
        outcome = Outcome(
            row.number, STATUSES[state], error=described, input=row.kept, seconds=seconds
        )
        await self._note_outcome(state, outcome)
        return outcome

    async def _note_outcome(self, state: RowState, outcome: Outcome) -> None:
        row_id, noted = str(outcome.row), outcome.to_note()
        await self._surely(
            lambda: self._committer.note(lambda journal: journal.note_outcome(row_id, state, noted))
        )

    async def _note_release(self, row: Row) -> None:
        await self._surely(
            lambda: self._committer.note(lambda journal: journal.release(row.row_id))
        )

    async def _surely(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat what writes something that was paid for until there is room for it."""
        until = self._now() + ROOM_SECONDS
        while True:
            try:
                return await attempt()
            except (JournalFullError, OSError) as error:
                self._on_no_room(error)
                if self._now() > until:
                    raise
            await asyncio.sleep(_PAUSE_FOR_ROOM)

    def _require_patience(self, reason: AkiError) -> None:
        if not isinstance(reason, ConnectionFailedError):
            self._away_since = None
            return
        now = self._now()
        self._away_since = self._away_since if self._away_since is not None else now
        if now - self._away_since > self._patience:
            raise BatchStoppedError(
                f"the hub has not been reached for {self._patience:.0f} s ({reason.message}); "
                "the same command goes on from here",
                endpoint=self._endpoint.info.name,
            )
