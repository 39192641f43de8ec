"""The handle of one job: a thin shell that shares polls between its waiters.

Whoever gets the `done` answer has the only copy of the result, so there is never more than one poll at a
time for one job: waiters take turns, and each looks first whether another one has brought news.
"""

from collections.abc import Iterator

from ..errors import DeadlineExceededError
from ..events import Event
from ..http.runner import SyncRunner
from ..options import Options
from ..protocol import polling
from ..protocol.effects import CANCEL_SECONDS
from ..protocol.view import EventReader, JobView, Out, Prog
from .handle import JobHandle
from .ref import Origin, restore_job
from .slots import SYNC_SLOTS


class Job(JobHandle[Prog, Out]):
    """A job on the hub. It may be shared by threads."""

    def __init__(
        self, runner: SyncRunner, view: JobView[Prog, Out], options: Options, origin: Origin
    ) -> None:
        self._origin = origin
        self._runner = runner
        self._options = options
        self._slot = SYNC_SLOTS.of(runner.session.address.server, view.state)
        self._state = self._slot.state
        self._view = self._slot.view(view.reading)
        self._turn = self._slot.turn

    def status(self, timeout: float | None = 60.0) -> str:
        """Ask the hub and return the state: queued, processing, done, failed, canceled, lapsed, unknown, gone.

        Args:
            timeout: Seconds to wait for the hub's answer.

        Raises:
            DeadlineExceededError: The hub has not answered in this time.
        """
        deadline = self._runner.session.deadline(self._patience(timeout))
        if not self._state.ended:
            self._poll(deadline, self._state.revision)
        return self._state.status

    def events(self, timeout: float | None = None) -> Iterator[Event[Prog]]:
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
            self._advance(deadline)

    def result(self, timeout: float | None = None) -> Out:
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
            self._advance(deadline)
        return self._view.result()

    def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        session, state = self._runner.session, self._state
        state.cancel_asked = True  # rides on the poll of another waiter that is trying
        if not self._turn.acquire(timeout=CANCEL_SECONDS):
            raise polling.too_late(state)
        try:
            if state.cancel_asked:
                flow = polling.cancel(session, state, self._options, CANCEL_SECONDS, whole=True)
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
            self._state.result,
            self._state.error,
        )

    def _advance(self, deadline: float | None) -> None:
        session, state = self._runner.session, self._state
        seen = state.revision
        # Outside of the turn, so that nobody who cancels has to wait for a long pause.
        self._runner.run(polling.rest(session, state, deadline))
        self._poll(deadline, seen)

    def _poll(self, deadline: float | None, seen: int) -> None:
        session, state = self._runner.session, self._state
        patience = -1.0 if deadline is None else max(deadline - session.now(), 0.0)
        if not self._turn.acquire(timeout=patience):
            raise polling.too_late(state)
        try:
            if state.revision == seen and not state.ended:
                self._runner.run(polling.poll(session, state, self._options, deadline, whole=True))
        finally:
            self._turn.release()
