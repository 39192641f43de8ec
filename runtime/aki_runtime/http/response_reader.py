"""Collects the answer to a request within its time and size, decompressed, and without the key where it is repeated."""

import json
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from ..errors import UnexpectedAnswerError
from ..protocol.answers import Answer
from ..protocol.requests import Request

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Bytes that one answer may have, decompressed; no answer of a hub is near it."""

_SHORTEST_KEY = 8
_LARGE = 1 << 20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # whichever the first bytes show
_LARGEST_RESERVED = 64 << 20  # more is not reserved on the word of a server


class TooSlowError(Exception):
    """The time of a request was over before its answer was whole."""


class ResponseReader:
    """Collects an answer as it comes.

    Args:
        request: What is answered.
        response: The library's answer, its body not yet read.
        until: When the answer has to be whole, on the monotonic clock.

    Attributes:
        is_raw: Whether the pieces have to be as they were sent: what is compressed is decompressed here, in parts.

    Raises:
        UnexpectedAnswerError: It announces more than is taken, or is compressed in an unknown way.
    """

    def __init__(self, request: Request, response: Any, until: float) -> None:
        self._request = request
        self._status: int = response.status_code
        self._headers = response.headers
        self._until = until
        self._pieces: list[bytes] = []
        self._size = 0
        announced = self._headers.get("content-length", "")
        expected = int(announced) if announced.isdecimal() else 0
        self._refuse_beyond_limit(expected)
        encoding = self._headers.get("content-encoding", "").strip().lower() or "identity"
        # A caller's own transport may have read the answer, and decompressed it, already.
        self.is_raw = not response.is_stream_consumed
        self._inflater = self._inflater_of(encoding) if self.is_raw else None
        # A large answer is written to its place at once: pieces that are joined need it twice.
        large = encoding == "identity" and _LARGE < expected <= _LARGEST_RESERVED
        self._whole = bytearray(expected) if large else None

    def take(self, piece: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            UnexpectedAnswerError: The body is too long.
            TooSlowError: The body comes too slowly.
        """
        for part in self._inflater.parts(piece) if self._inflater is not None else (piece,):
            self._keep(part)
        if time.monotonic() > self._until:
            raise TooSlowError

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
        return Answer(self._status, body, _retry_after(self._headers.get("retry-after")))

    def _inflater_of(self, encoding: str) -> "_Inflater | None":
        if encoding == "identity":
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
                raise ValueError("the answer cannot be decompressed") from None
            yield part
            piece = self._stream.unconsumed_tail
            if not piece and len(part) < _LARGE:
                return


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


def _retry_after(header: str | None) -> float | None:
    if header is None:
        return None
    with suppress(ValueError):
        return float(header)
    with suppress(TypeError, ValueError, OverflowError):
        return (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    return None
