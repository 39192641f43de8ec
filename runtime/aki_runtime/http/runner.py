"""A session and the transport that runs its flows: what endpoints, jobs and streams need of a client."""

from collections.abc import Callable
from typing import TypeVar

from ..protocol.effects import Flow, Session
from .async_transport import AsyncTransport
from .sync_transport import SyncTransport

T = TypeVar("T")


class SyncRunner:
    """Runs flows in the calling thread.

    Args:
        open_session: Returns the session and its transport; called whenever they are needed.
    """

    def __init__(self, open_session: Callable[[], tuple[Session, SyncTransport]]) -> None:
        self._open = open_session

    @property
    def session(self) -> Session:
        """Whom the flows talk to."""
        return self._open()[0]

    def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for."""
        return self._open()[1].run(flow)


class AsyncRunner:
    """Runs flows in the calling task.

    Args:
        open_session: Returns the session and its transport; called whenever they are needed.
    """

    def __init__(self, open_session: Callable[[], tuple[Session, AsyncTransport]]) -> None:
        self._open = open_session

    @property
    def session(self) -> Session:
        """Whom the flows talk to."""
        return self._open()[0]

    async def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for."""
        return await self._open()[1].run(flow)
