"""One request and its answer, over a client of httpx2 or httpx: the caller's own, or one made here.

A timeout bounds silence, never progress: whatever comes before the caller's deadline is taken.
Whatever goes wrong becomes an exception that says whether the hub may have seen the request, and
that does not lead to the library's own request, which holds the key.
"""

import logging
import math
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..errors import AkiError, ConfigurationError, ConnectionFailedError, UnexpectedAnswerError
from ..logs import logger
from ..protocol.answers import Answer
from ..protocol.certainty import UNCERTAIN
from ..protocol.effects import Send
from ..protocol.requests import SMALL_BYTES
from ..secret import without_key
from .clients import (
    HEADERS,
    add_query,
    connection_hint,
    lowest_transport,
    without_key_in_urls,
)
from .connection import TooSlowError

CONNECT_SECONDS = 10.0
"""Seconds for making a connection."""

SILENCE_SECONDS = 60.0
"""Seconds without a byte in either direction after which a connection is given up."""

BUFFERED_BYTES = 4 << 20
"""Bytes that may be on their way still when all is written: Linux buffers up to 4 MiB of a connection."""

SLOWEST_UPLOAD = 32_768
"""Bytes a second at which those go out at least; so long, and no longer, the hub has reason to be silent."""

SHORTEST_REQUEST = 0.05
"""Seconds that a request is given at least."""

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Bytes that one answer may have, decompressed; no answer of a hub is near it."""

_LARGE = 1 << 20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # whichever the first bytes show
_LARGEST_RESERVED = 64 << 20  # more is not reserved on the word of a server

_log = logger("http")
_CONTENT_TYPE = ("Content-Type", "application/json")


class Exchange:
    """One request on its way; going through it hands out its body, in pieces and within its time.

    Attributes:
        sending: What was asked for.
        client: What sends it.
        longest: Seconds that all of it may take; None where there is no deadline.
        sent_by: When all of it has to be sent, on the monotonic clock.
        until: When its answer has to be whole.
        submits: Whether it makes a job.
        key: The key that it holds, if any, which an answer may repeat.
        is_built: Whether the request is made, and is sent now.
        shows_body: Whether it is to hold its body as well, so that hooks of a caller's own client find the content as
            usual. It is sent from the stream all the same: what instruments the client captures no stream.
    """

    def __init__(self, sending: Send, client: Any, library: Any) -> None:
        request, seconds = sending.request, max(sending.seconds, SHORTEST_REQUEST)
        self._began = time.monotonic()
        self.sent_by = self._began + seconds
        self.until = self.sent_by + sending.grace
        self.submits = request.purpose == "submit"
        self.sending = sending
        self.client = client
        self.longest = None if math.isinf(seconds) else seconds + sending.grace
        self.is_built = False
        self.shows_body = False
        self._library = library
        self._url = _parsed(library, request.url)
        self._body = request.body
        self._is_handed_out = self._body is None
        values = request.query if request.body is None else request.body.values
        self.key: object = values.get("key")

    def build(self, tracing: object, pieces: object, *, is_own: bool) -> Any:
        """Make the client's request.

        Args:
            tracing: Sees connections that are made for it.
            pieces: Goes through the body as the client likes.
            is_own: Whether the client was made here.
        """
        request, client = self.sending.request, self.client
        if getattr(client, "is_closed", False):
            raise ConfigurationError("the HTTP client cannot be used: it has been closed")
        now = time.monotonic()
        seconds = max(self.sent_by - now, SHORTEST_REQUEST)
        length_of_body = 0 if self._body is None else self._body.length
        draining = min(length_of_body, BUFFERED_BYTES) / SLOWEST_UPLOAD
        timeout = {
            "connect": min(seconds, CONNECT_SECONDS),
            "write": min(seconds, SILENCE_SECONDS),
            "read": min(max(self.until - now, SHORTEST_REQUEST), SILENCE_SECONDS + draining),
            "pool": None if math.isinf(seconds) else seconds,
        }
        given: dict[str, Any] = {"extensions": {"trace": tracing, "timeout": timeout}}
        length: list[tuple[str, str]] = []
        if self._body is not None:
            # Never as bytes: what instruments a client may show those, and the key is among them.
            given["content"] = pieces
            length = [("Content-Length", str(self._body.length)), _CONTENT_TYPE]
        if is_own:
            # Its `build_request` would merge headers that it has already, one by one.
            make, given["cookies"] = self._library.Request, client.cookies
            headers = [*client.headers.raw, *length]
        else:
            make = client.build_request
            headers = [*HEADERS.items(), *length]
            self.shows_body = self._body is not None and self._body.length <= SMALL_BYTES
        built = make(request.method, self._url, headers=headers, **given)
        if request.query:
            add_query(built, request.query, self._transport())
        return built

    def __iter__(self) -> Iterator[bytes]:
        """Go through the body.

        Raises:
            MediaError: A file cannot be read any more, or has changed its size.
            TooSlowError: The time is over.
        """
        if self._body is None:
            return
        left = self._body.length
        for piece in self._body:
            if time.monotonic() > self.sent_by:
                raise TooSlowError
            left -= len(piece)
            self._is_handed_out |= left <= 0
            yield piece

    def failure_of(self, error: BaseException) -> BaseException:
        """Return what to raise in place of what went wrong."""
        failure = self._failure_of(error)
        if _log.isEnabledFor(logging.DEBUG):
            said, kind = without_key_in_urls(str(failure)), type(failure).__name__
            self.note("%s", f"{kind}: {said}" if said else kind)
        return failure

    def note(self, how: str, *values: object) -> None:
        """Write to the log how it ended."""
        request, seconds = self.sending.request, time.monotonic() - self._began
        path = urlsplit(request.url).path
        _log.debug(f"%s %s: {how}, after %.3f s", request.method, path, *values, seconds)

    def _failure_of(self, error: BaseException) -> BaseException:
        if isinstance(error, AkiError) or not isinstance(error, Exception):
            return _without_origin(error)
        library, request = self._library, self.sending.request
        endpoint = request.endpoint or None
        # Where a caller's own client raises for a status, this is the URL with its query.
        said = without_key_in_urls(str(error)) or type(error).__name__
        if not self.is_built:
            what = f"the request could not be made: {said}; nothing was sent"
            return ConnectionFailedError(what, endpoint=endpoint, sent=False)
        if isinstance(error, RuntimeError) and not (self.submits and self._is_handed_out):
            return ConfigurationError(f"the HTTP client cannot be used: {said}")
        if not _is_failure(error, library):
            return _without_origin(error)
        scheme, server, *_ = urlsplit(request.url)
        transport = self._transport()
        unconnected = isinstance(error, (library.ConnectError, library.ProxyError))
        sent = not unconnected and not isinstance(error, library.PoolTimeout)
        if isinstance(transport, (library.HTTPTransport, library.AsyncHTTPTransport)):
            # Others may not go through the pieces of the body, or take any failure for that of a connection.
            sent = sent and self._is_handed_out and not isinstance(error, library.ConnectTimeout)
        if isinstance(error, (TooSlowError, library.TimeoutException)):
            is_silence = time.monotonic() < self.sent_by - SHORTEST_REQUEST
            within = f"did not answer within {self.sending.seconds:.3g} s"
            what = f"{server} {'was silent for too long' if is_silence else within}"
        elif unconnected:
            what = (
                f"could not connect to {server}: {said}{connection_hint(transport, scheme, said)}"
            )
        else:
            what = f"the connection to {server} broke: {said}"
        if self.submits and not unconnected:
            what += f"; {UNCERTAIN if sent else 'the hub did not get the whole request'}"
        return ConnectionFailedError(what, endpoint=endpoint, sent=sent)

    def _transport(self) -> Any:
        return lowest_transport(self.client, self._library, self._url)


@dataclass(frozen=True)
class AsyncPieces:
    """The same body for an async client, which takes nothing else."""

    pieces: Exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


class ResponseReader:
    """Collects an answer as it comes, within its time and size, decompressed.

    Args:
        exchange: What is answered.
        response: The library's answer, its body not yet read.

    Attributes:
        is_raw: Whether the pieces have to be as they were sent: what is compressed is decompressed here, in parts.

    Raises:
        UnexpectedAnswerError: It announces more than is taken, or is compressed in an unknown way.
    """

    def __init__(self, exchange: Exchange, response: Any) -> None:
        self._exchange = exchange
        self._response = response
        self._pieces: list[bytes] = []
        self._size = 0
        announced = response.headers.get("content-length", "")
        expected = int(announced) if announced.isdecimal() else 0
        encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
        # A caller's own transport may have read the answer, and decompressed it, already.
        self.is_raw = not response.is_stream_consumed
        self._inflating = None
        if self.is_raw and encoding in ("gzip", "x-gzip", "deflate"):
            self._inflating = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
        elif self.is_raw and encoding != "identity":
            # One that is compressed twice may be a million times as large as it looks.
            raise self._unexpected(f"compressed as {encoding[:40]!r}, which was not asked for")
        # A large answer is written to its place at once: pieces that are joined need it twice.
        large = encoding == "identity" and _LARGE < expected <= _LARGEST_RESERVED
        self._whole = bytearray(expected) if large else None
        if expected > MAX_ANSWER_BYTES:
            raise self._too_long()

    def take(self, piece: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            UnexpectedAnswerError: The body is too long.
            TooSlowError: The body comes too slowly.
            ValueError: It is not compressed as it says.
        """
        for part in (piece,) if self._inflating is None else _inflated(self._inflating, piece):
            start, self._size = self._size, self._size + len(part)
            if self._size > MAX_ANSWER_BYTES:
                raise self._too_long()
            if self._whole is None:
                self._pieces.append(part)
            else:
                self._whole[start : self._size] = part
        if time.monotonic() > self._exchange.until:
            raise TooSlowError

    def answer(self) -> Answer:
        """Return what came, without the key where the hub repeats it; it is left in what was sent as well."""
        body = b"".join(self._pieces) if self._whole is None else self._whole
        exchange, response = self._exchange, self._response
        body = without_key(body, exchange.key)
        asked = response.headers.get("retry-after")
        retry_after = _seconds(asked) if asked is not None else None
        if _log.isEnabledFor(logging.DEBUG):
            exchange.note("%d, %d bytes", response.status_code, len(body))
        exchange.sending.answer = answer = Answer(response.status_code, body, retry_after)
        return answer

    def _too_long(self) -> UnexpectedAnswerError:
        return self._unexpected(f"longer than {MAX_ANSWER_BYTES:,} bytes")

    def _unexpected(self, what: str) -> UnexpectedAnswerError:
        endpoint = self._exchange.sending.request.endpoint or None
        return UnexpectedAnswerError(f"the hub's answer is {what}", endpoint=endpoint)


@lru_cache(maxsize=256)
def _parsed(library: Any, url: str) -> Any:
    """Parse a URL once: that takes as long as much else of a request."""
    return library.URL(url)


def _is_failure(error: Exception, library: Any) -> bool:
    """Whether an exception is the library's or the connection's, and not of a caller's own hook."""
    known = (library.HTTPError, library.StreamError, TooSlowError, ValueError, OSError)
    root = type(error).__module__.partition(".")[0]
    return isinstance(error, known) or root in ("aiohttp", "anyio", "h11", "httpcore", "httpcore2")


def _without_origin(error: BaseException) -> BaseException:
    """Forget where an exception struck and what led to it: both know the library's request, and with it the key."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _inflated(stream: Any, piece: bytes) -> Iterator[bytes]:
    """Go through what a compressed piece holds, a part at a time: it may hold a thousand times as much."""
    while True:
        try:
            part = stream.decompress(piece, _LARGE)
        except zlib.error:
            raise ValueError("the answer cannot be decompressed") from None
        yield part
        piece = stream.unconsumed_tail
        if not piece and len(part) < _LARGE:
            return


def _seconds(retry_after: str) -> float | None:
    """Return in how many seconds a server wants to be asked again, which it says as a number or as a date."""
    with suppress(ValueError):
        return float(retry_after)
    from email.utils import parsedate_to_datetime  # which few answers need

    with suppress(TypeError, ValueError, OverflowError):
        return (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    return None
