"""The handle of one job: a thin shell around flows, which share polls between all who read the job."""

from collections.abc import Iterator

from ..events import Event
from ..http.drive import SyncDriver
from ..protocol import flows
from ..protocol.view import EventReader, Out, Prog
from .handle import JobHandle
from .ref import restore_job


class Job(JobHandle[SyncDriver, Prog, Out]):
    """A job on the hub. It may be shared by threads."""

    def status(self, timeout: float | None = 60.0) -> str:
        """Ask the hub and return the state: queued, processing, done, failed, canceled, lapsed, unknown, gone.

        Args:
            timeout: Seconds to wait for the hub's answer.

        Raises:
            DeadlineExceededError: The hub has not answered in this time.
        """
        return self._driver.run(self._ask(timeout))

    def events(self, timeout: float | None = None) -> Iterator[Event[Prog]]:
        """Iterate over what happens until the job ends.

        Args:
            timeout: Seconds to wait altogether, by default as many as the option `timeout` gives a call; the job
                itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
        """
        reader, news = EventReader(self._view), self._news(timeout)
        while (event := self._driver.run(flows.next_event(reader, news))) is not None:
            yield event

    def result(self, timeout: float | None = None) -> Out:
        """Wait for the result. It stays in this handle and can be read again.

        Args:
            timeout: Seconds to wait, by default as many as the option `timeout` gives a call; the job itself goes on
                when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
            JobError: The job ended without a result.
        """
        news = self._news(timeout)
        return self._driver.run(flows.result(self._view, news))

    def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        self._driver.run(self._cancel(wait))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle where the job is and how it ended, never the key."""
        return restore_job, (
            self._ref(),
            self._state.result,
            self._state.error,
        )
