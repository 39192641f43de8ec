"""The handle of one job, sync and async: thin shells that share polls between their waiters.

Whoever gets the `done` answer has the only copy of the result, so there is never more than one poll at a
time for one job: waiters take turns, and each looks first whether another one has brought news.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic

from . import flows
from .errors import AkiError, DeadlineExceededError, InvalidParametersError
from .events import Event
from .flows import CANCEL_SECONDS
from .hub import Address
from .jobref import JobRef, Origin, restore_async_job, restore_job
from .jobstate import EventReader, JobState, Out, Prog
from .json_value import encode_json
from .options import Options
from .runner import AsyncRunner, SyncRunner
from .slots import ASYNC_SLOTS, SYNC_SLOTS


class _JobHandle(Generic[Prog, Out]):
    """What both handles can say without asking the hub."""

    _state: JobState[Prog, Out]
    _origin: Origin

    def settle(self, output: Out | None, error: AkiError | None) -> None:
        """Give the handle an end that is known from elsewhere: the hub would not tell it again."""
        if not self._state.ended:
            self._state.output, self._state.error = output, error

    def _ref(self, address: Address) -> JobRef:
        return JobRef(self._origin, self.endpoint, address.server, address.layout, self.id)

    @property
    def id(self) -> str:
        """The job's id on the hub. Whoever knows it can read the job: treat it as a secret."""
        return self._state.job_id

    @property
    def endpoint(self) -> str:
        """The endpoint's name on the hub."""
        return self._state.reading.endpoint

    @property
    def ended(self) -> bool:
        """Whether the job's end is known here."""
        return self._state.ended

    def send(self, **progress_inputs: Any) -> None:
        """Give the running job extra inputs; they ride on the next poll.

        Raises:
            InvalidParametersError: A value that is no JSON.
        """
        try:
            encode_json(progress_inputs)
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"progress inputs must be JSON values: {error}"
            raise InvalidParametersError(self.endpoint, [reason]) from None
        self._state.inputs_to_send.update(progress_inputs)

    def __eq__(self, other: object) -> bool:
        """Two handles are equal where they know the same job, and know the same of it."""
        state: object = getattr(other, "_state", None)
        return type(other) is type(self) and self._state is state

    def __hash__(self) -> int:
        return hash((self.endpoint, self.id))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.endpoint} {self.id[:8]}… {self._state.status}>"


class Job(_JobHandle[Prog, Out]):
    """A job on the hub. It may be shared by threads."""

    def __init__(
        self, runner: SyncRunner, state: JobState[Prog, Out], options: Options, origin: Origin
    ) -> None:
        self._origin = origin
        self._runner = runner
        self._options = options
        self._slot = SYNC_SLOTS.of(runner.session.address.server, state)
        self._state = self._slot.state
        self._turn = self._slot.turn

    def status(self, timeout: float | None = 60.0) -> str:
        """Ask the hub and return the state: queued, processing, done, failed, canceled, lapsed, unknown, gone.

        Args:
            timeout: Seconds to wait for the hub's answer.

        Raises:
            DeadlineExceededError: The hub has not answered in this time.
        """
        deadline = self._runner.session.deadline(timeout)
        if not self._state.ended:
            self._poll(deadline, self._state.revision)
        return self._state.status

    def events(self, timeout: float | None = None) -> Iterator[Event[Prog]]:
        """Iterate over what happens until the job ends.

        Args:
            timeout: Seconds to wait altogether; the job itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
        """
        reader = EventReader(self._state)
        deadline = self._runner.session.deadline(timeout)
        while True:
            event = reader.read()
            if event is not None:
                yield event
            if self._state.ended:
                return
            self._advance(deadline)

    def result(self, timeout: float | None = None) -> Out:
        """Wait for the result. It stays in this handle and can be read again.

        Args:
            timeout: Seconds to wait; the job itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
            JobError: The job ended without a result.
        """
        deadline = self._runner.session.deadline(timeout)
        while not self._state.ended:
            self._advance(deadline)
        return self._state.result()

    def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        session, state = self._runner.session, self._state
        state.cancel_asked = True  # rides on the poll of another waiter that is trying
        if not self._turn.acquire(timeout=CANCEL_SECONDS):
            raise flows.too_late(state)
        try:
            if state.cancel_asked:
                flow = flows.cancel(session, state, self._options, CANCEL_SECONDS, whole=True)
                self._runner.run(flow)
        finally:
            self._turn.release()
        deadline = session.deadline(wait)
        try:
            while wait and not self._state.ended:
                self._advance(deadline)
        except DeadlineExceededError:
            return

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle where the job is and how it ended, never the key."""
        return restore_job, (
            self._ref(self._runner.session.address),
            self._state.output,
            self._state.error,
        )

    def _advance(self, deadline: float | None) -> None:
        session, state = self._runner.session, self._state
        seen = state.revision
        # Outside of the turn, so that nobody who cancels has to wait for a long pause.
        self._runner.run(flows.rest(session, state, deadline))
        self._poll(deadline, seen)

    def _poll(self, deadline: float | None, seen: int) -> None:
        session, state = self._runner.session, self._state
        patience = -1.0 if deadline is None else max(deadline - session.now(), 0.0)
        if not self._turn.acquire(timeout=patience):
            raise flows.too_late(state)
        try:
            if state.revision == seen and not state.ended:
                self._runner.run(flows.poll(session, state, self._options, deadline, whole=True))
        finally:
            self._turn.release()


class AsyncJob(_JobHandle[Prog, Out]):
    """A job on the hub, for async code. It may be shared by the tasks of one event loop."""

    def __init__(
        self, runner: AsyncRunner, state: JobState[Prog, Out], options: Options, origin: Origin
    ) -> None:
        self._origin = origin
        self._runner = runner
        self._options = options
        self._slot = ASYNC_SLOTS.of(runner.session.address.server, state)
        self._state = self._slot.state
        self._turn = self._slot.turn

    async def status(self, timeout: float | None = 60.0) -> str:
        """Ask the hub and return the state: queued, processing, done, failed, canceled, lapsed, unknown, gone.

        Args:
            timeout: Seconds to wait for the hub's answer.

        Raises:
            DeadlineExceededError: The hub has not answered in this time.
        """
        deadline = self._runner.session.deadline(timeout)
        if not self._state.ended:
            await self._poll(deadline, self._state.revision)
        return self._state.status

    async def events(self, timeout: float | None = None) -> AsyncIterator[Event[Prog]]:
        """Iterate over what happens until the job ends.

        Args:
            timeout: Seconds to wait altogether; the job itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
        """
        reader = EventReader(self._state)
        deadline = self._runner.session.deadline(timeout)
        while True:
            event = reader.read()
            if event is not None:
                yield event
            if self._state.ended:
                return
            await self._advance(deadline)

    async def result(self, timeout: float | None = None) -> Out:
        """Wait for the result. It stays in this handle and can be read again.

        Args:
            timeout: Seconds to wait; the job itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
            JobError: The job ended without a result.
        """
        deadline = self._runner.session.deadline(timeout)
        while not self._state.ended:
            await self._advance(deadline)
        return self._state.result()

    async def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        session, state = self._runner.session, self._state
        state.cancel_asked = True  # rides on the poll of another waiter that is trying
        await self._take_turn(CANCEL_SECONDS)
        try:
            if state.cancel_asked:
                flow = flows.cancel(session, state, self._options, CANCEL_SECONDS, whole=True)
                await self._runner.run(flow)
        finally:
            self._turn.release()
        deadline = session.deadline(wait)
        try:
            while wait and not self._state.ended:
                await self._advance(deadline)
        except DeadlineExceededError:
            return

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle where the job is and how it ended, never the key."""
        return restore_async_job, (
            self._ref(self._runner.session.address),
            self._state.output,
            self._state.error,
        )

    async def _advance(self, deadline: float | None) -> None:
        session, state = self._runner.session, self._state
        seen = state.revision
        # Outside of the turn, so that nobody who cancels has to wait for a long pause.
        await self._runner.run(flows.rest(session, state, deadline))
        await self._poll(deadline, seen)

    async def _poll(self, deadline: float | None, seen: int) -> None:
        session, state = self._runner.session, self._state
        await self._take_turn(None if deadline is None else max(deadline - session.now(), 0.0))
        try:
            if state.revision == seen and not state.ended:
                await self._runner.run(
                    flows.poll(session, state, self._options, deadline, whole=True)
                )
        finally:
            self._turn.release()

    async def _take_turn(self, patience: float | None) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._turn.acquire()
        except TimeoutError:
            raise flows.too_late(self._state) from None
