"""One run of an endpoint, seen as it goes, and all runs of the page by the tab that waits for them.

Whoever stops waiting (a click on Cancel, another endpoint, a closed tab, the end of the program) ends the run, and with
it the job on the hub.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
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
    """The run has ended without a result."""

    error: Exception


@dataclass(frozen=True)
class Cancelled:
    """The run was ended by whoever waited for it, and the hub was asked to cancel the job."""


@dataclass(frozen=True, eq=False)
class Call:
    """What is carried out.

    Attributes:
        arguments: What is given, by parameter.
        held: What the form held.
    """

    arguments: Mapping[str, Any]
    held: Mapping[str, Any] = field(default_factory=dict[str, Any], kw_only=True)

    @property
    def said(self) -> str:
        """What is asked, in short."""
        return next((value for value in self.arguments.values() if isinstance(value, str)), "")


RunState: TypeAlias = "AnyEvent | Finished | Failed | Cancelled"


def has_ended(state: RunState) -> bool:
    """Whether nothing more is to be seen of a run."""
    return isinstance(state, Finished | Failed | Cancelled)


class Run:
    """One run. Only the latest state of it is kept: who looks late has missed nothing that still matters.

    Args:
        tab: Who waits for it.
        endpoint: What is called.
        arguments: With what.
    """

    def __init__(self, tab: str, endpoint: "AnyEndpoint", arguments: Mapping[str, Any]) -> None:
        self.tab = tab
        self._latest: RunState
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._watch(endpoint, arguments))

    async def states(self) -> AsyncIterator[RunState]:
        """Iterate over what is seen, until the end."""
        while True:
            await self._news.wait()
            self._news.clear()
            state = self._latest
            yield state
            if has_ended(state):
                return

    @property
    def is_over(self) -> bool:
        """Whether all has been seen of it."""
        return self._task.done()

    async def cancel(self) -> None:
        """End the run; returns once the hub has been asked to cancel the job."""
        self._task.cancel()
        # Waited for, not awaited: that the task was cancelled must not cancel who asked for it.
        await asyncio.wait({self._task})
        if self._task.cancelled():
            self._see(Cancelled())

    async def _watch(self, endpoint: "AnyEndpoint", arguments: Mapping[str, Any]) -> None:
        try:
            async with endpoint.stream(**arguments) as stream:
                async for event in stream:
                    self._see(event)
                self._see(Finished(await stream.result()))
        except Exception as error:  # shown on the page, whatever it is
            self._see(Failed(error))

    def _see(self, state: RunState) -> None:
        self._latest = state
        self._news.set()


class Runs:
    """The runs of every tab that is open."""

    def __init__(self) -> None:
        self._all: set[Run] = set()

    @contextlib.asynccontextmanager
    async def start(
        self, tab: str, endpoint: "AnyEndpoint", arguments: Mapping[str, Any]
    ) -> AsyncGenerator[Run]:
        """Start a run that a tab waits for; it ends with the block."""
        run = Run(tab, endpoint, arguments)
        self._all.add(run)
        try:
            yield run
        finally:
            await run.cancel()
            self._all.discard(run)

    def has(self, tab: str) -> bool:
        """Whether a tab waits for a run."""
        return any(run.tab == tab and not run.is_over for run in self._all)

    async def cancel(self, tab: str) -> None:
        """End all runs of a tab."""
        await asyncio.gather(*(run.cancel() for run in self._all if run.tab == tab))

    async def cancel_all(self) -> None:
        """End all runs."""
        await asyncio.gather(*(run.cancel() for run in self._all))
