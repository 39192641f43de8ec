"""A job watched as it runs: iterate its events, then take the result.

Leaving the `with` block before the end cancels the job, because nobody waits for it any more.
"""

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, Self

from ..events import Event
from ..http.runner import SyncRunner
from ..options import Options
from ..protocol import flows, polling
from ..protocol.effects import CANCEL_SECONDS, Flow
from ..protocol.view import EventReader, JobView, Out, Prog
from .live import open_view
from .slots import SYNC_SLOTS, JobSlot


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
        self._opened: tuple[JobSlot[threading.Lock], EventReader[Prog, Out]] | None = None

    def __repr__(self) -> str:
        state = self._opened[0].state.status if self._opened is not None else "not begun"
        return f"<{type(self).__name__} {state}>"

    @property
    def job_id(self) -> str | None:
        """The job's id on the hub; None before the stream has begun."""
        return self._opened[0].state.job_id if self._opened is not None else None

    def __iter__(self) -> Iterator[Event[Prog]]:
        slot, reader = self._open()
        state = slot.state
        while True:
            event = reader.read()
            if event is not None:
                yield event
            if state.ended:
                break
            self._advance(slot)
        if state.error is not None:
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
        slot, reader = self._open()
        while not slot.state.ended:
            self._advance(slot)
        return reader.view.result()

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
        slot = self._opened[0] if self._opened is not None else None
        if slot is None or slot.state.ended:
            return
        slot.state.cancel_asked = True  # rides on the poll of another waiter that is trying
        if slot.turn.acquire(timeout=CANCEL_SECONDS):
            try:
                if slot.state.cancel_asked:
                    self._runner.run(
                        polling.abandon(self._runner.session, slot.state, self._options)
                    )
            finally:
                slot.turn.release()

    def _open(self) -> tuple[JobSlot[threading.Lock], EventReader[Prog, Out]]:
        if self._opened is None:
            view = self._runner.run(self._start)
            slot = SYNC_SLOTS.of(self._runner.session.address.server, view.state)
            self._opened = slot, EventReader(slot.view(view.reading))
        return self._opened

    def _advance(self, slot: JobSlot[threading.Lock]) -> None:
        session, state = self._runner.session, slot.state
        seen = state.revision
        patience = -1.0 if state.deadline is None else max(state.deadline - session.now(), 0.0)
        if not slot.turn.acquire(timeout=patience):
            self.close()
            if not state.ended:
                raise polling.too_late(state)
            return
        try:
            if state.revision == seen and not state.ended:
                self._runner.run(flows.watch(session, state, self._options))
        finally:
            slot.turn.release()

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
