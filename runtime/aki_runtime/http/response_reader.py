"""Collects the answer to a request within its time and size, decompressed, and without the key where it is repeated."""

import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ..errors import UnexpectedAnswerError
from ..protocol.answers import Answer
from ..protocol.requests import Request
from ..secret import without_key
from .connection import TooSlowError

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Bytes that one answer may have, decompressed; no answer of a hub is near it."""

_LARGE = 1 << 20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # whichever the first bytes show
_LARGEST_RESERVED = 64 << 20  # more is not reserved on the word of a server


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
        self._response = response
        self._until = until
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
        if time.monotonic() > self._until:
            raise TooSlowError

    def answer(self) -> Answer:
        """Return what came, without the key where the hub repeats it."""
        body = b"".join(self._pieces) if self._whole is None else self._whole
        sent = self._request.body.values if self._request.body is not None else self._request.query
        body = without_key(body, sent.get("key"))
        asked = self._response.headers.get("retry-after")
        retry_after = _seconds(asked) if asked is not None else None
        return Answer(self._response.status_code, body, retry_after)

    def _too_long(self) -> UnexpectedAnswerError:
        return self._unexpected(f"longer than {MAX_ANSWER_BYTES:,} bytes")

    def _unexpected(self, what: str) -> UnexpectedAnswerError:
        endpoint = self._request.endpoint or None
        return UnexpectedAnswerError(f"the hub's answer is {what}", endpoint=endpoint)


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
    with suppress(TypeError, ValueError, OverflowError):
        return (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    return None
