"""What comes back of a request: answers, collected within their time and size, and failures.

Whatever goes wrong on the way becomes a `ConnectionFailedError` that says whether the hub may have seen the request.
"""

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import httpcore

from ..errors import (
    AkiError,
    ConfigurationError,
    ConnectionFailedError,
    UnexpectedAnswerError,
)
from ..protocol.answers import Answer
from ..protocol.certainty import UNCERTAIN
from ..protocol.requests import Request
from .library import without_key_in_urls

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Bytes of one answer at the most, decompressed; no answer of a hub is near it."""

_SHORTEST_KEY = 8
_LARGE = 1 << 20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # whichever the first bytes show
_LARGEST_RESERVED = 64 << 20  # more is not reserved on the word of a server


class NoConnectionFreeError(Exception):
    """All connections of a client were in use until the time was over."""


class TooSlowError(Exception):
    """The body of an answer came too slowly."""


class AnswerReader:
    """Collects an answer as it comes, within its time and size.

    Args:
        request: What is answered.
        status: The answer's status.
        headers: Its headers, by names in small letters.
        until: When the answer has to be whole, on the monotonic clock.
        is_raw: Whether the pieces come as they were sent, compressed or not.

    Raises:
        UnexpectedAnswerError: It announces more than is taken, or is compressed in a way that is not known.
    """

    def __init__(
        self,
        request: Request,
        status: int,
        headers: Mapping[str, str],
        until: float,
        *,
        is_raw: bool = True,
    ) -> None:
        self._request = request
        self._status = status
        self._headers = headers
        self._until = until
        self._pieces: list[bytes] = []
        self._size = 0
        announced = headers.get("content-length", "")
        self._announced = int(announced) if announced.isdecimal() else 0
        self._refuse_beyond_limit(self._announced)
        encoding = headers.get("content-encoding", "identity").strip().lower()
        self._inflater = self._inflater_of(encoding) if is_raw else None
        # A large answer is written to its place at once: pieces that are joined need it twice.
        large = encoding == "identity" and _LARGE < self._announced <= _LARGEST_RESERVED
        self._whole = bytearray(self._announced) if large else None

    def take(self, piece: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            UnexpectedAnswerError: The body is too long.
            TooSlowError: The body comes too slowly.
        """
        for part in self._inflater.parts(piece) if self._inflater is not None else (piece,):
            self._keep(part)
        if time.monotonic() > self._until:
            raise TooSlowError("the answer comes too slowly")

    def _keep(self, piece: bytes) -> None:
        start, self._size = self._size, self._size + len(piece)
        self._refuse_beyond_limit(self._size)
        if self._whole is None:
            self._pieces.append(piece)
        else:
            self._whole[start : self._size] = piece

    def answer(self) -> Answer:
        """Return what came, without the key where the hub repeats it."""
        came = b"".join(self._pieces) if self._whole is None else self._whole
        body = _without_key_of(self._request, came)
        return Answer(self._status, body, _seconds(self._headers))

    def _inflater_of(self, encoding: str) -> "_Inflater | None":
        if encoding in ("", "identity"):
            return None
        if encoding in ("gzip", "x-gzip", "deflate"):
            return _Inflater()
        # One that is compressed twice may be a million times as large as it looks.
        raise UnexpectedAnswerError(
            f"the hub's answer is compressed as {encoding[:40]!r}, which was not asked for",
            endpoint=self._request.endpoint or None,
        )

    def _refuse_beyond_limit(self, size: int) -> None:
        if size > MAX_ANSWER_BYTES:
            raise UnexpectedAnswerError(
                f"the hub's answer is longer than {MAX_ANSWER_BYTES:,} bytes",
                endpoint=self._request.endpoint or None,
            )


class _Inflater:
    """Decompresses an answer, a part at a time: a small piece may hold a thousand times as much."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """Go through what a piece holds.

        Raises:
            ValueError: It is not compressed as it says.
        """
        while True:
            try:
                part = self._stream.decompress(piece, _LARGE)
            except zlib.error:
                raise ValueError("the answer can not be decompressed") from None
            yield part
            piece = self._stream.unconsumed_tail
            if not piece and len(part) < _LARGE:
                return


def is_raw(response: Any) -> bool:
    """Whether an HTTP library's answer is compressed, and still as it was sent: then we decompress it ourselves."""
    return "content-encoding" in response.headers and not response.is_stream_consumed


def _without_key_of(request: Request, body: bytes | bytearray) -> bytes | bytearray:
    key = (request.payload or request.query).get("key")
    if not isinstance(key, str) or len(key) < _SHORTEST_KEY:
        return body
    for form in _written_forms(key):
        if form in body:
            body = body.replace(form, b"***")
    return body


@lru_cache(maxsize=8)
def _written_forms(key: str) -> tuple[bytes, ...]:
    written = {key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1]}
    longest_first = sorted(written, key=len, reverse=True)
    return tuple(form.encode("utf-8", "replace") for form in longest_first)


def _seconds(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after")
    if told is None:
        return None
    with suppress(ValueError):
        return float(told)
    with suppress(TypeError, ValueError, OverflowError):
        return (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    return None


def without_origin(error: BaseException) -> BaseException:
    """Forget where an exception struck and what led to it: both know the library's request, and with it the key."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def failure_of(
    error: BaseException, request: Request, seconds: float, library: Any
) -> BaseException:
    """Return what to raise in place of what went wrong while a request was under way.

    Args:
        error: What went wrong.
        request: The request.
        seconds: What it was given.
        library: The library of the client that sent it.
    """
    if isinstance(error, RuntimeError):
        return ConfigurationError(f"the HTTP client can not be used: {error}")
    if isinstance(error, AkiError) or not isinstance(error, (*_FAILED, library.HTTPError)):
        return without_origin(error)
    server = urlsplit(request.url).netloc
    never_sent = isinstance(error, (*_NEVER_SENT, *_never_sent(library)))
    # Where a caller's own client raises for a status, this is the URL with its query.
    said = without_key_in_urls(str(error))
    if isinstance(error, (*_LATE, library.TimeoutException)):
        what = f"{server} did not answer within {seconds:.3g} s"
    elif never_sent:
        what = f"could not connect to {server}: {said}"
    else:
        what = f"the connection to {server} broke: {said or type(error).__name__}"
    if not never_sent and request.purpose == "submit":
        what += f"; {UNCERTAIN}"
    return ConnectionFailedError(what, endpoint=request.endpoint or None, sent=not never_sent)


def _never_sent(library: Any) -> tuple[type[Exception], ...]:
    return (
        library.ConnectError,
        library.ConnectTimeout,
        library.PoolTimeout,
        library.ProxyError,
    )


_NEVER_SENT: tuple[type[Exception], ...] = (NoConnectionFreeError, *_never_sent(httpcore))
_LATE: tuple[type[Exception], ...] = (
    NoConnectionFreeError,
    TooSlowError,
    httpcore.TimeoutException,
)
_FAILED: tuple[type[Exception], ...] = (
    *_NEVER_SENT,
    *_LATE,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    ValueError,
)
