"""One run of an endpoint, seen as it goes, and all runs of the page by the tab that waits for them.

Whoever stops waiting (a click on Cancel, another endpoint, a closed tab, the end of the program) ends the run, and with
it the job on the hub.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from aki_client import AsyncEndpoint, Queued, Running

    AnyEndpoint: TypeAlias = AsyncEndpoint[..., Any, Any]
    AnyEvent: TypeAlias = Queued[Any] | Running[Any]


@dataclass(frozen=True)
class Finished:
    """The run has ended with a result."""

    output: Any


@dataclass(frozen=True)
class Failed:
    """The run has ended without a result.

    Attributes:
        error: Why.
    """

    error: Exception


@dataclass(frozen=True)
class Cancelled:
    """The run was ended by whoever waited for it, and the hub was asked to cancel the job."""


RunState: TypeAlias = "AnyEvent | Finished | Failed | Cancelled"


def has_ended(state: RunState) -> bool:
    """Whether nothing more is to be seen of a run."""
    return isinstance(state, Finished | Failed | Cancelled)


class Run:
    """One run. Only the latest state of it is kept: who looks late has missed nothing that still matters.

    Args:
        endpoint: What is called.
        arguments: With what.
    """

    def __init__(self, endpoint: "AnyEndpoint", arguments: Mapping[str, Any]) -> None:
        self._latest: RunState | None = None
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._watch(endpoint, arguments))

    async def states(self) -> AsyncIterator[RunState]:
        """Iterate over what is seen, until the end; leaving early ends the run."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                seen = self._latest
                if seen is not None:
                    yield seen
                if seen is not None and has_ended(seen):
                    return
        finally:
            await self.cancel()

    @property
    def is_over(self) -> bool:
        """Whether all has been seen of it."""
        return self._task.done()

    async def cancel(self) -> None:
        """End the run; returns once the hub has been asked to cancel the job."""
        self._task.cancel()
        # Waited for, not awaited: that the task was cancelled must not cancel who asked for it.
        await asyncio.wait({self._task})

    async def _watch(self, endpoint: "AnyEndpoint", arguments: Mapping[str, Any]) -> None:
        try:
            async with endpoint.stream(**arguments) as stream:
                async for event in stream:
                    self._see(event)
                self._see(Finished(await stream.result()))
        except asyncio.CancelledError:
            self._see(Cancelled())
            raise
        except Exception as error:  # shown on the page, whatever it is
            self._see(Failed(error))

    def _see(self, state: RunState) -> None:
        self._latest = state
        self._news.set()


class Runs:
    """The runs of every tab that is open."""

    def __init__(self) -> None:
        self._by_tab: dict[str, set[Run]] = {}

    @contextlib.asynccontextmanager
    async def start(
        self, tab: str, endpoint: "AnyEndpoint", arguments: Mapping[str, Any]
    ) -> AsyncGenerator[Run]:
        """Start a run that a tab waits for; it ends with the block."""
        run = Run(endpoint, arguments)
        self._by_tab.setdefault(tab, set()).add(run)
        try:
            yield run
        finally:
            await run.cancel()
            waiting = self._by_tab.get(tab, set())
            waiting.discard(run)
            if not waiting:
                self._by_tab.pop(tab, None)

    def has(self, tab: str) -> bool:
        """Whether a tab waits for a run."""
        return not all(run.is_over for run in self._by_tab.get(tab, ()))

    async def cancel(self, tab: str) -> None:
        """End all runs of a tab."""
        await asyncio.gather(*(run.cancel() for run in self._by_tab.pop(tab, set())))

    async def cancel_all(self) -> None:
        """End all runs."""
        await asyncio.gather(*(self.cancel(tab) for tab in list(self._by_tab)))
