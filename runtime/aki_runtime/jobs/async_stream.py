"""A job watched as it runs, for async code; `sync_stream` says when it is cancelled."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from ..events import Event
from ..http.drive import AsyncDriver
from ..protocol import flows
from ..protocol.view import EventReader, Out, Prog
from .handle import JobWatch
from .live import open_view


class AsyncStream(JobWatch[AsyncDriver, Prog, Out]):
    """The events of one job, in order; made by `endpoint.stream(...)`, used in an `async with` block."""

    async def __aiter__(self) -> AsyncIterator[Event[Prog]]:
        reader = await self._open()
        while (event := await self._driver.run(flows.next_event(reader, self._news))) is not None:
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
        return await self._driver.run(flows.result(view, self._news))

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
        if self._reader is not None:
            await self._driver.run(self._abandon())

    async def _open(self) -> EventReader[Prog, Out]:
        return self._reader or self._begun(await self._driver.run(self._start))

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
