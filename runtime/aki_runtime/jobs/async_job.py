"""The handle of one job for async code; `sync_job` says how its waiters share polls."""

from collections.abc import AsyncIterator

from ..errors import DeadlineExceededError
from ..events import Event
from ..http.runner import AsyncRunner
from ..options import Options
from ..protocol import polling
from ..protocol.effects import CANCEL_SECONDS
from ..protocol.view import EventReader, JobView, Out, Prog
from .handle import JobHandle
from .ref import Origin, restore_async_job
from .slots import ASYNC_SLOTS, take_turn


class AsyncJob(JobHandle[Prog, Out]):
    """A job on the hub, for async code. It may be shared by the tasks of one event loop."""

    def __init__(
        self, runner: AsyncRunner, view: JobView[Prog, Out], options: Options, origin: Origin
    ) -> None:
        self._origin = origin
        self._runner = runner
        self._options = options
        self._slot = ASYNC_SLOTS.of(runner.session.address.server, view.state)
        self._state = self._slot.state
        self._view = self._slot.view(view.reading)
        self._turn = self._slot.turn

    async def status(self, timeout: float | None = 60.0) -> str:
        """Ask the hub and return the state: queued, processing, done, failed, canceled, lapsed, unknown, gone.

        Args:
            timeout: Seconds to wait for the hub's answer.

        Raises:
            DeadlineExceededError: The hub has not answered in this time.
        """
        deadline = self._runner.session.deadline(self._patience(timeout))
        if not self._state.ended:
            await self._poll(deadline, self._state.revision)
        return self._state.status

    async def events(self, timeout: float | None = None) -> AsyncIterator[Event[Prog]]:
        """Iterate over what happens until the job ends.

        Args:
            timeout: Seconds to wait altogether, by default as many as the option `timeout` gives a call; the job
                itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
        """
        reader = EventReader(self._view)
        deadline = self._runner.session.deadline(self._patience(timeout))
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
            timeout: Seconds to wait, by default as many as the option `timeout` gives a call; the job itself goes on
                when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
            JobError: The job ended without a result.
        """
        deadline = self._runner.session.deadline(self._patience(timeout))
        while not self._state.ended:
            await self._advance(deadline)
        return self._view.result()

    async def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        session, state = self._runner.session, self._state
        state.cancel_asked = True  # rides on the poll of another waiter that is trying
        if not await take_turn(self._turn, CANCEL_SECONDS):
            raise polling.too_late(state)
        try:
            if state.cancel_asked:
                flow = polling.cancel(session, state, self._options, CANCEL_SECONDS, whole=True)
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
            self._state.result,
            self._state.error,
        )

    async def _advance(self, deadline: float | None) -> None:
        session, state = self._runner.session, self._state
        seen = state.revision
        # Outside of the turn, so that nobody who cancels has to wait for a long pause.
        await self._runner.run(polling.rest(session, state, deadline))
        await self._poll(deadline, seen)

    async def _poll(self, deadline: float | None, seen: int) -> None:
        session, state = self._runner.session, self._state
        patience = None if deadline is None else max(deadline - session.now(), 0.0)
        if not await take_turn(self._turn, patience):
            raise polling.too_late(state)
        try:
            if state.revision == seen and not state.ended:
                await self._runner.run(
                    polling.poll(session, state, self._options, deadline, whole=True)
                )
        finally:
            self._turn.release()
