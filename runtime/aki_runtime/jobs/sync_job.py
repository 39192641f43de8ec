"""The handle of one job, and a job watched as it runs: thin shells around flows, for code that is not async.

Leaving the `with` block of a stream before the end cancels its job, because nobody waits for it any more.
"""

import threading
from collections.abc import Iterator
from typing import Self

from ..events import Event
from ..http.drive import SyncDriver
from ..protocol.effects import Flow
from ..protocol.flows import JobReader
from ..protocol.job import EventReader, Out, Prog
from .handle import JobHandle, JobStream


class Job(JobHandle[SyncDriver, Prog, Out]):
    """A job on the hub. It may be shared by threads."""

    _client = "Aki"

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
        reader, events = self._read(timeout), EventReader(self._state, self._reading)
        while (event := self._driver.run(reader.next_event(events))) is not None:
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
        return self._driver.run(self._read(timeout).result())

    def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        self._driver.run(self._cancel(wait))


class Stream(JobStream[SyncDriver, Job[Prog, Out], Prog, Out]):
    """The events of one job, in order; made by `endpoint.stream(...)`, used in a `with` block."""

    def __iter__(self) -> Iterator[Event[Prog]]:
        reader = self._open()
        while (event := self._driver.run(reader.next_event(self._events))) is not None:
            yield event
        if reader.job.error is not None:
            reader.reading.result(reader.job)  # raises it

    def text(self) -> Iterator[str]:
        """Iterate over the new text only; text that was rewritten comes whole, which the events alone tell."""
        for event in self:
            if event.text_delta:
                yield event.text_delta

    def result(self) -> Out:
        """Wait for the end and return the result.

        Raises:
            DeadlineExceededError: The stream's deadline passed; the job was cancelled.
            JobError: The job ended without a result.
        """
        return self._driver.run(self._open().result())

    def show(self) -> Out:
        """Show the job as it runs, in place in a notebook and as growing text elsewhere, and return the result.

        Raises:
            DeadlineExceededError: The stream's deadline passed; the job was cancelled.
            JobError: The job ended without a result.
        """
        from .showing import open_view  # which few programs need

        view = open_view()
        with self:
            for event in self:
                view.update(event)
            output = self.result()
        view.finish(output)
        return output

    def close(self) -> None:
        """Cancel the job unless it has ended."""
        if self._job is not None:
            self._driver.run(self._reader.cancel_on_error())

    def _run_later(self, flow: Flow[None]) -> None:
        try:
            threading.Thread(target=self._driver.run, args=(flow,), name="aki-cancel").start()
        except RuntimeError:  # no more threads: the interpreter ends, or there are too many
            self._driver.run(flow)

    def _open(self) -> JobReader[Prog, Out]:
        return self._driver.run(self._opened())

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()
