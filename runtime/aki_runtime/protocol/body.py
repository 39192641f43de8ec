"""The JSON body of a request, as pieces of known length: media are encoded while they are sent.

A medium takes no memory beyond the piece that is on its way, whatever its size. Base64 needs no escapes in JSON,
nor in JSON within JSON, so that a medium's place in the encoded text can be found and filled in later.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from ..json_value import JsonText, encode_json
from ..media.objects import Media

SMALL_BYTES = 65_536
"""Bytes of a body that is sent in one piece; no piece of text is larger."""


class Body:
    """What is sent: bytes and media in turn.

    Attributes:
        length: Bytes in all.
    """

    def __init__(self, parts: list[bytes | Media]) -> None:
        self._parts = parts
        self.length = sum(
            part.data_uri_length() if isinstance(part, Media) else len(part) for part in parts
        )

    def __iter__(self) -> Iterator[bytes]:
        """Go through the pieces, as often as the request is sent.

        Raises:
            MediaError: A file cannot be read any more, or has changed its size.
        """
        pieces = self._pieces()
        return iter([b"".join(pieces)]) if self.length <= SMALL_BYTES else pieces

    def _pieces(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, Media):
                yield from part.data_uri_pieces()
            else:
                for start in range(0, len(part), SMALL_BYTES):
                    yield part[start : start + SMALL_BYTES]


def encode_body(payload: Mapping[str, Any]) -> Body:
    """Encode the values of a request; media among them, however deep, stay what they are."""
    marks = _Marks()
    try:
        text = encode_json(payload)
    except TypeError:  # there are media in it
        text = encode_json(payload, marks.mark)
    # A lone surrogate cannot be UTF-8; as an escape it is still JSON.
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        marks = _Marks()
        encoded = json.dumps(
            payload, default=marks.mark, allow_nan=False, separators=(",", ":")
        ).encode()
    return Body(marks.split(encoded))


class _Marks:
    """Marks in a JSON text, each of which stands for a medium."""

    def __init__(self) -> None:
        self._media: list[Media] = []
        self._sign = ""

    def mark(self, value: object) -> str:
        """Return what stands for a value that has no JSON form of its own."""
        if isinstance(value, JsonText):
            return encode_json(value.value, self.mark)
        if not isinstance(value, Media):
            raise TypeError(f"{type(value).__name__} has no JSON form")
        # No text of a caller can hold it: it is made after all of them.
        self._sign = self._sign or f"<{secrets.token_hex(16)}>"
        self._media.append(value)
        return self._sign

    def split(self, encoded: bytes) -> list[bytes | Media]:
        """Return the text between the media, and the media."""
        if not self._media:
            return [encoded]
        first, *rest = encoded.split(self._sign.encode())
        parts: list[bytes | Media] = [first]
        for medium, text in zip(self._media, rest, strict=True):
            parts += [medium, text]
        return parts
