"""What is seen of a connection while requests pass over it: its age, the clock, what is left on it.

An HTTP library bounds each wait for the next byte, and closes an idle connection that is readable.
It does not see a server that sends or reads a byte at a time, an answer that nobody asked for and
that came together with the one before, or a connection that a router on the way has forgotten. The
extension `trace`, which httpx and httpx2 document, hands out each connection as it is made; its
methods are wrapped here.
"""

import re
import ssl
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..secret import without_key
from ..shapes import is_array
from .clients import IDLE_SECONDS

if TYPE_CHECKING:
    from .exchange import Exchange

SUBMIT_IDLE_SECONDS = 1.5
"""Seconds after which an idle connection is not used for a submit, which is never repeated: servers close what is idle
for 2 s (gunicorn) or 5 s (uvicorn, Node), perhaps in the moment in which the submit is on its way."""

_MADE = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")
_PIECE = 65_536
_LARGEST_READ = 262_144  # what asyncio reads at a time: a part of it must not stay behind
_CHUNKED_END = b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)


class TooSlowError(Exception):
    """The time of a request was over before its answer was whole."""


class StaleConnectionError(Exception):
    """A connection cannot be used again; nothing was sent over it."""


current: ContextVar["Exchange | None"] = ContextVar("current", default=None)
"""The request that this thread or task performs now."""


def trace(event: str, info: dict[str, Any], *, is_async: bool = False) -> None:
    """Watch a connection from the moment it is made; called by the library, with the extension `trace`."""
    if event.endswith(_MADE):
        stream = info["return_value"]
        connection = _AsyncConnection(stream) if is_async else _Connection(stream)
        stream.read, stream.write = connection.read, connection.write
        stream.get_extra_info = connection.get_extra_info
    elif event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
        # Calls for what comes once the connection is made would take a fifth of a poll's time.
        if "target" not in info["request"].extensions:
            info["request"].extensions.pop("trace", None)
    elif event.endswith("receive_response_headers.complete"):
        # A redirect repeats the query with the key, and what instruments a client may show headers.
        headers, times = info["return_value"][-1], current.get()
        if is_array(headers) and times is not None:
            headers[:] = [(name, without_key(value, times.key)) for name, value in headers]


async def async_trace(event: str, info: dict[str, Any]) -> None:
    """Do the same for an async client."""
    trace(event, info, is_async=True)


class _Connection:
    """One connection, with the methods that stand in for those of the library's."""

    def __init__(self, stream: Any) -> None:
        self._read: Any = stream.read
        self._write: Any = stream.write
        self._info: Any = stream.get_extra_info
        self._used = time.monotonic()
        self._held = b""
        """The head of a request that goes out together with the beginning of its body."""
        self._head = b""
        """What came since the last request, up to the end of the answer's head."""
        self._left = 0
        """Bytes of the answer that have not come, where it is chunked at least 1; below 0 where more came."""
        self._tail = b""
        """The last bytes of a chunked answer."""

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        """Read within the time of the request."""
        times = current.get()
        if times is not None:
            timeout = _time_left(times.until, timeout)
        return self._saw(self._read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> Any:
        """Write in pieces, within the time of the request: a server that reads slowly does not stretch it."""
        times = current.get()
        buffer = self._outgoing(buffer, times)
        for start in range(0, len(buffer), _PIECE):
            if times is not None:
                timeout = _time_left(times.sent_by, timeout)
            self._write(buffer[start : start + _PIECE], timeout)

    def get_extra_info(self, info: str) -> Any:
        """Say of a connection that holds more than the answer that it is readable: then it is closed, not used."""
        if info == "is_readable" and self._head and (self._left or current.get() is not None):
            # A pool asks this of each idle connection for each request; the one that is used is looked at then.
            return self._left != 0
        return self._info(info)

    def _outgoing(self, buffer: bytes, times: "Exchange | None") -> bytes:
        """Return what to write now.

        Raises:
            StaleConnectionError: This begins another request, and the connection is too old for it, or closed.
        """
        if self._head and times is not None:
            idle = time.monotonic() - self._used
            tls = self._info("ssl_object")
            # HTTP/2 may have the answers to other requests on their way.
            is_closed = self._head.startswith(b"HTTP/1") and (
                self._info("is_readable") or (isinstance(tls, ssl.SSLObject) and _is_ahead(tls))
            )
            if is_closed or idle > (SUBMIT_IDLE_SECONDS if times.submits else IDLE_SECONDS):
                raise StaleConnectionError
        self._head = b""
        if times is not None and buffer.startswith(b"POST "):
            # The libraries write head and body apart; one write less is one packet and a tenth of a poll's time less.
            self._held = buffer
            return b""
        held, self._held = self._held, b""
        return held + buffer if held else buffer

    def _saw(self, data: bytes) -> bytes:
        """Take note of what came, and return it."""
        self._used = time.monotonic()
        body = data
        if not self._head.endswith(b"\r\n\r\n"):
            self._head, end, body = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._left = 1
                return data
            self._head += end
            length = _LENGTH.search(self._head)
            is_chunked = length is None and _CHUNKED.search(self._head)
            self._tail = b"\r\n" if is_chunked else b""
            self._left = int(length[1]) if length is not None else 1 if is_chunked else 0
        if not self._tail:
            self._left -= len(body)
        elif self._left >= 0:
            seen = self._tail + body
            _, end, more = seen.partition(_CHUNKED_END)
            self._left = -len(more) if end else 1
            self._tail = seen[-len(_CHUNKED_END) :]
        return data


class _AsyncConnection(_Connection):
    """The same for an async client, whose task bounds the time of a request."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read."""
        return self._saw(await self._read(max(max_bytes, _LARGEST_READ), timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write."""
        if buffer := self._outgoing(buffer, current.get()):
            await self._write(buffer, timeout)


def _is_ahead(tls: ssl.SSLObject) -> bool:
    """Whether more of a TLS connection was read than is used, or its end, which the socket does not show any more.

    Only async clients, and what goes through a proxy that is itself asked over TLS, read more than one record.
    """
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return True


def _time_left(until: float, timeout: float | None) -> float | None:
    """Return what is left of a timeout.

    Raises:
        TooSlowError: Nothing is.
    """
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TooSlowError
    return min(seconds, timeout) if timeout is not None else None
