"""Where the bytes of a medium are: in memory, in a file, or in base64 text. Each is read in pieces.

Base64 goes through pybase64 where it is installed: the same text, several times as fast.

Nothing here holds a second copy of a medium, so that a large one can be sent or saved in little memory.
"""

import binascii
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import MediaError

PIECE_BYTES = 3 * 65_536
"""Bytes of one piece; a multiple of three, so that the base64 of the pieces is the base64 of the whole."""

_PIECE_CHARACTERS = PIECE_BYTES // 3 * 4


class Source(ABC):
    """The bytes of one medium.

    Attributes:
        kind: What a `MediaError` calls it.
        size: Bytes in all; where they are base64 text, up to two more.
    """

    kind: str = "medium"
    size: int

    @property
    def base64_length(self) -> int:
        """Characters of the base64 form."""
        return -(-self.size // 3) * 4

    def head(self, size: int) -> bytes:
        """Return the first bytes; raises as `pieces` does."""
        return b"".join(islice(self.pieces(), -(-size // PIECE_BYTES)))[:size]

    @abstractmethod
    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes.

        Raises:
            MediaError: They cannot be read any more, have changed, or are not base64.
        """

    def base64_pieces(self) -> Iterator[bytes]:
        """Go through the base64 form; raises as `pieces` does."""
        return map(encode, self.pieces())

    def _wrong(self, what: str) -> MediaError:
        return MediaError(f"the {self.kind} {what}")


class BytesSource(Source):
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes."""
        for start in range(0, self.size, PIECE_BYTES):
            yield self.data[start : start + PIECE_BYTES]


class FileSource(Source):
    """A file, which is read when its bytes are needed.

    Args:
        path: The file.

    Raises:
        OSError: It is not there or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        with path.open("rb") as file:
            self.size = file.seek(0, 2)

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes, unless the file is gone or has another size than at first."""
        left = self.size
        try:
            with self._path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    left -= len(piece)
                    if left < 0:
                        break
                    yield piece
        except OSError as error:
            raise self._wrong(f"in {self._path.name} cannot be read: {error.strerror}") from None
        if left:
            raise self._wrong(f"in {self._path.name} has changed since it was given; give it again")


class TextSource(Source):
    """Base64 text, alone or in a data URI."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_data_uri = is_data_uri(text)
        comma = text.find(",") if self.is_data_uri else -1
        self._start = comma + 1 if comma >= 0 or not self.is_data_uri else len(text)
        self.size = (len(text) - self._start) * 3 // 4

    @property
    def header(self) -> str:
        """What stands before the base64."""
        return self.text[: self._start]

    @property
    def base64_length(self) -> int:
        """Characters of the base64 form."""
        return len(self.text) - self._start

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        return self._decode(self._start, self._start + -(-size // 3) * 4)[:size]

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes, unless the text is not base64."""
        for start in range(self._start, len(self.text), _PIECE_CHARACTERS):
            yield self._decode(start, start + _PIECE_CHARACTERS)

    def base64_pieces(self) -> Iterator[bytes]:
        """Go through the base64 form, unless it holds what would end a text of JSON."""
        for start in range(self._start, len(self.text), _PIECE_CHARACTERS):
            piece = self.text[start : start + _PIECE_CHARACTERS]
            # It is sent without escapes.
            if not piece.isascii() or '"' in piece or "\\" in piece:
                raise self._wrong("is not valid base64: it holds other characters")
            yield piece.encode("ascii")

    def _decode(self, start: int, end: int) -> bytes:
        text = self.text[start:end]
        if end < len(self.text) and "=" in text:
            raise self._wrong("is not valid base64: it has padding before its end")
        try:
            return decode(text)
        except ValueError as error:
            raise self._wrong(f"is not valid base64: {error}") from None


def is_data_uri(text: str) -> bool:
    """Whether a text is a data URI; capitals make no difference."""
    return text[:5].lower() == "data:"


def encode(data: bytes) -> bytes:
    """Return bytes as base64 without line breaks."""
    return _codec()[0](data)


def decode(text: str) -> bytes:
    """Return the bytes of a base64 text.

    Raises:
        ValueError: It holds what base64 does not, or ends amid a group.
    """
    return _codec()[1](text)


@cache
def _codec() -> tuple[Callable[[bytes], bytes], Callable[[str], bytes]]:
    try:
        fast: Any = importlib.import_module("pybase64")
    except ImportError:
        plain: Any = binascii
        return partial(plain.b2a_base64, newline=False), partial(plain.a2b_base64, strict_mode=True)
    return fast.b64encode, partial(fast.b64decode, validate=True)
