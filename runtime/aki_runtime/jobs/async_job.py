"""The handle of one job, and a job watched as it runs, for async code; `sync_job` says when that is cancelled."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

from ..events import Event
from ..http.drive import AsyncDriver
from ..protocol.effects import Flow
from ..protocol.flows import JobReader
from ..protocol.job import EventReader, Out, Prog
from .handle import JobHandle, JobStream


class AsyncJob(JobHandle[AsyncDriver, Prog, Out]):
    """A job on the hub, for async code. It may be shared by tasks, event loops and threads."""

    _client = "AsyncAki"

    async def status(self, timeout: float | None = 60.0) -> str:
        """Ask the hub and return the state: queued, processing, done, failed, canceled, lapsed, unknown, gone.

        Args:
            timeout: Seconds to wait for the hub's answer.

        Raises:
            DeadlineExceededError: The hub has not answered in this time.
        """
        return await self._driver.run(self._ask(timeout))

    async def events(self, timeout: float | None = None) -> AsyncIterator[Event[Prog]]:
        """Iterate over what happens until the job ends.

        Args:
            timeout: Seconds to wait altogether, by default as many as the option `timeout` gives a call; the job
                itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
        """
        reader, events = self._read(timeout), EventReader(self._state, self._reading)
        while (event := await self._driver.run(reader.next_event(events))) is not None:
            yield event

    async def result(self, timeout: float | None = None) -> Out:
        """Wait for the result. It stays in this handle and can be read again.

        Args:
            timeout: Seconds to wait, by default as many as the option `timeout` gives a call; the job itself goes on
                when they have passed.

        Raises:
            DeadlineExceededError: The job has not ended in this time.
            JobError: The job ended without a result.
        """
        return await self._driver.run(self._read(timeout).result())

    async def cancel(self, wait: float = 0.0) -> None:
        """Ask the hub to cancel the job; returns once the hub has answered.

        Args:
            wait: Seconds to wait for the job's end. It may still end as done, or not at all.
        """
        await self._driver.run(self._cancel(wait))


class AsyncStream(JobStream[AsyncDriver, AsyncJob[Prog, Out], Prog, Out]):
    """The events of one job, in order; made by `endpoint.stream(...)`, used in an `async with` block."""

    async def __aiter__(self) -> AsyncIterator[Event[Prog]]:
        reader = await self._open()
        while (event := await self._driver.run(reader.next_event(self._events))) is not None:
            yield event
        if reader.job.error is not None:
            reader.reading.result(reader.job)  # raises it

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
        return await self._driver.run((await self._open()).result())

    async def show(self) -> Out:
        """Show the job as it runs, in place in a notebook and as growing text elsewhere, and return the result.

        Raises:
            DeadlineExceededError: The stream's deadline passed; the job was cancelled.
            JobError: The job ended without a result.
        """
        from .showing import open_view  # which few programs need

        view = open_view()
        async with self:
            async for event in self:
                view.update(event)
            output = await self.result()
        view.finish(output)
        return output

    async def aclose(self) -> None:
        """Cancel the job unless it has ended."""
        if self._job is not None:
            await self._driver.run(self._reader.cancel_on_error())

    def _run_later(self, flow: Flow[None]) -> None:
        self._driver.run_later(flow, self._loop)

    async def _open(self) -> JobReader[Prog, Out]:
        self._loop = asyncio.get_running_loop()
        return await self._driver.run(self._opened())

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()
