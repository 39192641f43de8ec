"""What is seen of a connection while requests pass over it: its age, the clock, what is left on it.

An HTTP library bounds each wait for the next byte, and closes an idle connection that is readable.
It does not see a server that sends or reads a byte at a time, an answer that nobody asked for and
that came together with the one before, or a connection that a router on the way has forgotten. The
extension `trace`, which httpx and httpx2 document, hands out each connection as it is made; its
methods are wrapped here.
"""

import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from .response_reader import TooSlowError

IDLE_SECONDS = 15.0
"""Seconds after which an idle connection is closed instead of used. Routers and load balancers forget one after 30 s or
more, and the pauses between the polls of a job are shorter."""

SUBMIT_IDLE_SECONDS = 1.5
"""The same for a submit, which is never repeated: servers close what is idle for 2 s (gunicorn) or 5 s (uvicorn, Node),
perhaps in the moment in which the submit is on its way."""

_MADE = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")
_PIECE = 65_536
_LARGEST_READ = 262_144  # what asyncio reads at a time: a part of it must not stay behind
_CHUNKED_END = b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)


@dataclass
class Exchange:
    """The request that this thread or task performs now.

    Attributes:
        sent_by: When all of it has to be sent, on the monotonic clock.
        until: When its answer has to be whole.
        submits: Whether it makes a job.
    """

    sent_by: float
    until: float
    submits: bool

    def left(self, until: float, timeout: float | None) -> float | None:
        """Return what is left of a timeout.

        Raises:
            TooSlowError: Nothing is.
        """
        seconds = until - time.monotonic()
        if seconds <= 0:
            raise TooSlowError
        return min(seconds, timeout) if timeout is not None else None


current: ContextVar[Exchange | None] = ContextVar("current", default=None)


class StaleConnectionError(Exception):
    """A connection was idle for too long to be used again; nothing was sent over it."""


def trace(event: str, info: dict[str, Any]) -> None:
    """Watch a connection from the moment it is made; called by the library, with the extension `trace`."""
    if event.endswith(_MADE):
        stream = info["return_value"]
        connection = _Connection(stream)
        stream.read, stream.write = connection.read, connection.write
        stream.get_extra_info = connection.get_extra_info
    else:
        _end(event, info)


async def async_trace(event: str, info: dict[str, Any]) -> None:
    """Do the same for an async client."""
    if event.endswith(_MADE):
        stream = info["return_value"]
        connection = _Connection(stream)
        stream.read, stream.write = connection.aread, connection.awrite
        stream.get_extra_info = connection.get_extra_info
    else:
        _end(event, info)


def _end(event: str, info: dict[str, Any]) -> None:
    # Calls for what comes once the connection is made would take a fifth of a poll's time.
    if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
        info["request"].extensions.pop("trace", None)


class _Connection:
    """One connection, with the methods that stand in for those of the library's."""

    def __init__(self, stream: Any) -> None:
        self._read: Callable[[int, float | None], Any] = stream.read
        self._write: Callable[[bytes, float | None], Any] = stream.write
        self._info: Callable[[str], Any] = stream.get_extra_info
        self._used = time.monotonic()
        self._size = 0
        """Bytes that came since the last request."""
        self._head = b""
        self._expected: int | None = None
        """Bytes that the answer has; None where it is chunked, or not known yet."""
        self._tail = b""
        self._exceeded = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read within the time of the request."""
        if (exchange := current.get()) is not None:
            timeout = exchange.left(exchange.until, timeout)
        return self._saw(self._read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in pieces, within the time of the request: a server that reads slowly does not stretch it."""
        exchange = self._begin()
        if exchange is None:
            self._write(buffer, timeout)
            return
        for start in range(0, len(buffer), _PIECE):
            left = exchange.left(exchange.sent_by, timeout)
            self._write(buffer[start : start + _PIECE], left)

    async def aread(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read; the time of an async request is bounded by its task."""
        return self._saw(await self._read(max(max_bytes, _LARGEST_READ), timeout))

    async def awrite(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write."""
        self._begin()
        await self._write(buffer, timeout)

    def get_extra_info(self, info: str) -> Any:
        """Say of a connection that holds more than the answer that it is readable: then it is closed, not used."""
        if info == "is_readable" and self._size and self._holds_more():
            return True
        return self._info(info)

    def _begin(self) -> Exchange | None:
        """Note that bytes are written; the first ones after an answer begin another request.

        Raises:
            StaleConnectionError: The connection is too old for it.
        """
        exchange = current.get()
        if self._size:
            submits = exchange is not None and exchange.submits
            idle = time.monotonic() - self._used
            if idle > (SUBMIT_IDLE_SECONDS if submits else IDLE_SECONDS):
                raise StaleConnectionError
            self._size, self._head, self._tail = 0, b"", b""
            self._expected, self._exceeded = None, False
        return exchange

    def _saw(self, data: bytes) -> bytes:
        self._used = time.monotonic()
        if not self._size or not self._head.endswith(b"\r\n\r\n"):
            self._see_head(data)
        elif self._expected is None:
            self._see_chunks(data)
        self._size += len(data)
        return data

    def _see_head(self, data: bytes) -> None:
        head, end, rest = (self._head + data).partition(b"\r\n\r\n")
        self._head = head + end
        if not end:
            return
        length = _LENGTH.search(self._head)
        if length is not None:
            self._expected = len(self._head) + int(length[1])
        elif _CHUNKED.search(self._head):
            self._tail = b"\r\n"
            self._see_chunks(rest)
        else:
            self._expected = len(self._head)

    def _see_chunks(self, data: bytes) -> None:
        seen = self._tail + data
        end = seen.find(_CHUNKED_END)
        self._exceeded |= 0 <= end < len(seen) - len(_CHUNKED_END)
        self._tail = seen[-len(_CHUNKED_END) :]

    def _holds_more(self) -> bool:
        if self._expected is None:
            return self._exceeded or self._tail != _CHUNKED_END
        return self._size != self._expected
