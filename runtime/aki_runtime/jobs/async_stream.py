"""A job watched as it runs, for async code; `sync_stream` says when it is cancelled."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, Self

from ..events import Event
from ..http.runner import AsyncRunner
from ..options import Options
from ..protocol import flows, polling
from ..protocol.effects import Flow
from ..protocol.view import EventReader, JobView, Out, Prog
from .live import open_view
from .slots import SLOTS, JobSlot


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
        self._opened: tuple[JobSlot, EventReader[Prog, Out]] | None = None

    def __repr__(self) -> str:
        state = self._opened[0].state.status if self._opened is not None else "not started"
        return f"<{type(self).__name__} {state}>"

    @property
    def job_id(self) -> str | None:
        """The job's id on the hub; None before the stream has begun."""
        return self._opened[0].state.job_id if self._opened is not None else None

    async def __aiter__(self) -> AsyncIterator[Event[Prog]]:
        reader = await self._open()
        while (event := await self._runner.run(flows.next_event(reader, self._news))) is not None:
            yield event
        if reader.view.error is not None:
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
        view = (await self._open()).view
        return await self._runner.run(flows.result(view, self._news))

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
        if self._opened is not None:
            session, state = self._runner.session, self._opened[0].state
            await self._runner.run(polling.abandon(session, state, self._options))

    async def _open(self) -> EventReader[Prog, Out]:
        if self._opened is None:
            view = await self._runner.run(self._start)
            slot = SLOTS.of(self._runner.session.address.server, view.state)
            self._opened = slot, EventReader(slot.view(view.reading))
        return self._opened[1]

    def _news(self) -> Flow[None]:
        assert self._opened is not None
        return flows.watch(self._runner.session, self._opened[0].state, self._options)

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
