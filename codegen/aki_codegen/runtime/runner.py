"""A session and the transport that runs its flows: what endpoints, jobs and streams need of a client."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from .flows import Flow, Session
from .transport import AsyncTransport, SyncTransport

T = TypeVar("T")


class Handles:
    """The job handles in use, by endpoint and id. Two handles of one job would poll it side by side."""

    def __init__(self) -> None:
        self._handles: WeakValueDictionary[tuple[str, str], Any] = WeakValueDictionary()
        self._lock = threading.Lock()

    def get_or_make(self, endpoint: str, job_id: str, make: Callable[[], T]) -> T:
        """Return the handle in use, or a new one."""
        with self._lock:
            handle: T = self._handles.get((endpoint, job_id)) or make()
            self._handles[(endpoint, job_id)] = handle
            return handle


class SyncRunner:
    """Runs flows in the calling thread.

    Args:
        open_session: Returns the session and its transport; called whenever they are needed.
        handles: The handles of jobs that are in use, so that a job has one.
    """

    def __init__(
        self, open_session: Callable[[], tuple[Session, SyncTransport]], handles: Handles
    ) -> None:
        self._open = open_session
        self.handles = handles

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
        handles: The handles of jobs that are in use, so that a job has one.
    """

    def __init__(
        self, open_session: Callable[[], tuple[Session, AsyncTransport]], handles: Handles
    ) -> None:
        self._open = open_session
        self.handles = handles

    @property
    def session(self) -> Session:
        """Whom the flows talk to."""
        return self._open()[0]

    async def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for."""
        return await self._open()[1].run(flow)
