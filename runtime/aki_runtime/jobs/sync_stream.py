"""A job watched as it runs: iterate its events, then take the result.

Leaving the `with` block before the end cancels the job, because nobody waits for it any more.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Generic, Self

from ..events import Event
from ..http.runner import SyncRunner
from ..options import Options
from ..protocol import flows, polling
from ..protocol.effects import Flow
from ..protocol.view import EventReader, JobView, Out, Prog
from .live import open_view
from .slots import SLOTS, JobSlot


class Stream(Generic[Prog, Out]):
    """The events of one job, in order; made by `endpoint.stream(...)`, used in a `with` block."""

    def __init__(
        self,
        runner: SyncRunner,
        start: Flow[JobView[Prog, Out]],
        options: Options,
    ) -> None:
        self._runner = runner
        self._start = start
        self._options = options
        self._opened: tuple[JobSlot, EventReader[Prog, Out]] | None = None

    def __repr__(self) -> str:
        state = self._opened[0].state.status if self._opened is not None else "not started"
        return f"<{type(self).__name__} {state}>"

    @property
    def job_id(self) -> str | None:
        """The job's id on the hub; None before the stream has begun."""
        return self._opened[0].state.job_id if self._opened is not None else None

    def __iter__(self) -> Iterator[Event[Prog]]:
        reader = self._open()
        while (event := self._runner.run(flows.next_event(reader, self._news))) is not None:
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
        view = (self._open()).view
        return self._runner.run(flows.result(view, self._news))

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
        if self._opened is not None:
            session, state = self._runner.session, self._opened[0].state
            self._runner.run(polling.abandon(session, state, self._options))

    def _open(self) -> EventReader[Prog, Out]:
        if self._opened is None:
            view = self._runner.run(self._start)
            slot = SLOTS.of(self._runner.session.address.server, view.state)
            self._opened = slot, EventReader(slot.view(view.reading))
        return self._opened[1]

    def _news(self) -> Flow[None]:
        assert self._opened is not None
        return flows.watch(self._runner.session, self._opened[0].state, self._options)

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
