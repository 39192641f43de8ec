"""A job watched as it runs: iterate its events, then take the result.

Leaving the `with` block before the end cancels the job, because nobody waits for it any more.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ..events import Event
from ..http.drive import SyncDriver
from ..protocol import flows
from ..protocol.view import EventReader, Out, Prog
from .handle import JobWatch
from .live import open_view


class Stream(JobWatch[SyncDriver, Prog, Out]):
    """The events of one job, in order; made by `endpoint.stream(...)`, used in a `with` block."""

    def __iter__(self) -> Iterator[Event[Prog]]:
        reader = self._open()
        while (event := self._driver.run(flows.next_event(reader, self._news))) is not None:
            yield event
        if reader.view.error is not None:
            reader.view.result()

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
        view = self._open().view
        return self._driver.run(flows.result(view, self._news))

    def show(self) -> Out:
        """Show the job as it runs, in place in a notebook and as growing text elsewhere, and return the result.

        Raises:
            DeadlineExceededError: The stream's deadline passed; the job was cancelled.
            JobError: The job ended without a result.
        """
        view = open_view()
        with self:
            for event in self:
                view.update(event)
            output = self.result()
        view.finish(output)
        return output

    def close(self) -> None:
        """Cancel the job unless it has ended."""
        if self._reader is not None:
            self._driver.run(self._abandon())

    def _open(self) -> EventReader[Prog, Out]:
        return self._reader or self._begun(self._driver.run(self._start))

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
