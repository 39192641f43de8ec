"""A job watched as it runs, for async code; `sync_stream` says when it is cancelled."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, Self

from ..events import Event
from ..http.runner import AsyncRunner
from ..options import Options
from ..protocol import flows, polling
from ..protocol.effects import CANCEL_SECONDS, Flow
from ..protocol.view import EventReader, JobView, Out, Prog
from .live import open_view
from .slots import ASYNC_SLOTS, JobSlot, take_turn


class AsyncStream(Generic[Prog, Out]):
    """The events of one job, in order; made by `endpoint.stream(...)`, used in an `async with` block."""

    def __init__(
        self,
        runner: AsyncRunner,
        start: Flow[JobView[Prog, Out]],
        options: Options,
    ) -> None:
        self._runner = runner
        self._start = start
        self._options = options
        self._opened: tuple[JobSlot[asyncio.Lock], EventReader[Prog, Out]] | None = None

    def __repr__(self) -> str:
        state = self._opened[0].state.status if self._opened is not None else "not begun"
        return f"<{type(self).__name__} {state}>"

    @property
    def job_id(self) -> str | None:
        """The job's id on the hub; None before the stream has begun."""
        return self._opened[0].state.job_id if self._opened is not None else None

    async def __aiter__(self) -> AsyncIterator[Event[Prog]]:
        slot, reader = await self._open()
        state = slot.state
        while True:
            event = reader.read()
            if event is not None:
                yield event
            if state.ended:
                break
            await self._advance(slot)
        if state.error is not None:
            reader.view.result()

    async def text(self) -> AsyncIterator[str]:
        """Iterate over the new text only; text that was rewritten comes whole, which the events alone tell."""
        async for event in self:
            if event.text_delta:
                yield event.text_delta

    async def result(self) -> Out:
        """Wait for the end and return the result.

        Raises:
            DeadlineExceededError: The stream's deadline passed; the job was cancelled.
            JobError: The job ended without a result.
        """
        slot, reader = await self._open()
        while not slot.state.ended:
            await self._advance(slot)
        return reader.view.result()

    async def show(self) -> Out:
        """Show the job as it runs, in place in a notebook and as growing text elsewhere, and return the result.

        Raises:
            DeadlineExceededError: The stream's deadline passed; the job was cancelled.
            JobError: The job ended without a result.
        """
        view = open_view()
        async with self:
            async for event in self:
                view.update(event)
            output = await self.result()
        view.finish(output)
        return output

    async def aclose(self) -> None:
        """Cancel the job unless it has ended."""
        slot = self._opened[0] if self._opened is not None else None
        if slot is None or slot.state.ended:
            return
        slot.state.cancel_asked = True  # rides on the poll of another waiter that is trying
        if await take_turn(slot.turn, CANCEL_SECONDS):
            try:
                if slot.state.cancel_asked:
                    await self._runner.run(
                        polling.abandon(self._runner.session, slot.state, self._options)
                    )
            finally:
                slot.turn.release()

    async def _open(self) -> tuple[JobSlot[asyncio.Lock], EventReader[Prog, Out]]:
        if self._opened is None:
            view = await self._runner.run(self._start)
            slot = ASYNC_SLOTS.of(self._runner.session.address.server, view.state)
            self._opened = slot, EventReader(slot.view(view.reading))
        return self._opened

    async def _advance(self, slot: JobSlot[asyncio.Lock]) -> None:
        session, state = self._runner.session, slot.state
        seen = state.revision
        patience = None if state.deadline is None else max(state.deadline - session.now(), 0.0)
        if not await take_turn(slot.turn, patience):
            await self.aclose()
            if not state.ended:
                raise polling.too_late(state)
            return
        try:
            if state.revision == seen and not state.ended:
                await self._runner.run(flows.watch(session, state, self._options))
        finally:
            slot.turn.release()

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
