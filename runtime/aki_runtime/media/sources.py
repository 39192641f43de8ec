"""Where the bytes of a medium are: in memory, in a file, or in base64 text. Each is read in pieces.

Nothing here holds a second copy of a medium, so that a large one can be sent or saved in little memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ..errors import MediaError
from . import base64_text

PIECE_BYTES = 3 * 65_536
"""Bytes of one piece; a multiple of three, so that the base64 of the pieces is the base64 of the whole."""

_PIECE_CHARACTERS = PIECE_BYTES // 3 * 4


class Source(Protocol):
    """The bytes of one medium. What a `MediaError` of it says goes on after "the image"."""

    @property
    def size(self) -> int:
        """Bytes in all; where they are base64 text, about as many."""
        ...

    @property
    def base64_length(self) -> int:
        """Characters of the base64 form."""
        ...

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes."""
        ...

    def base64_pieces(self) -> Iterator[bytes]:
        """Go through the base64 form."""
        ...


class BytesSource:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    @property
    def base64_length(self) -> int:
        """Characters of the base64 form."""
        return _base64_length(self.size)

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        return self.data[:size]

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes."""
        for start in range(0, self.size, PIECE_BYTES):
            yield self.data[start : start + PIECE_BYTES]

    def base64_pieces(self) -> Iterator[bytes]:
        """Go through the base64 form."""
        return map(base64_text.encode, self.pieces())


class FileSource:
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

    @property
    def base64_length(self) -> int:
        """Characters of the base64 form."""
        return _base64_length(self.size)

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        with self._path.open("rb") as file:
            return file.read(size)

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes.

        Raises:
            MediaError: The file cannot be read any more, or is of another size than at first.
        """
        left = self.size
        try:
            with self._path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    left -= len(piece)
                    if left < 0:
                        break
                    yield piece
        except OSError as error:
            raise MediaError(f"in {self._path.name} cannot be read: {error.strerror}") from None
        if left:
            raise MediaError(f"in {self._path.name} has changed since it was given; give it again")

    def base64_pieces(self) -> Iterator[bytes]:
        """Go through the base64 form."""
        return map(base64_text.encode, self.pieces())


class TextSource:
    """Base64 text, alone or in a data URI."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_data_uri = is_data_uri(text)
        comma = text.find(",") if self.is_data_uri else -1
        self._start = comma + 1 if comma >= 0 or not self.is_data_uri else len(text)

    @property
    def header(self) -> str:
        """What stands before the base64."""
        return self.text[: self._start]

    @property
    def size(self) -> int:
        """Bytes in all, or up to two more."""
        return self.base64_length * 3 // 4

    @property
    def base64_length(self) -> int:
        """Characters of the base64 form."""
        return len(self.text) - self._start

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        return self._decode(self._start, self._start + -(-size // 3) * 4)[:size]

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes.

        Raises:
            MediaError: The text is no base64.
        """
        for start in range(self._start, len(self.text), _PIECE_CHARACTERS):
            yield self._decode(start, start + _PIECE_CHARACTERS)

    def base64_pieces(self) -> Iterator[bytes]:
        """Go through the base64 form.

        Raises:
            MediaError: The text is no base64.
        """
        for start in range(self._start, len(self.text), _PIECE_CHARACTERS):
            piece = self.text[start : start + _PIECE_CHARACTERS]
            # It is sent without escapes, so it must not hold what ends a text.
            if not piece.isascii() or '"' in piece or "\\" in piece:
                raise MediaError("is not valid base64: it holds other characters")
            yield piece.encode("ascii")

    def _decode(self, start: int, end: int) -> bytes:
        text = self.text[start:end]
        if end < len(self.text) and "=" in text:
            raise MediaError("is not valid base64: it has padding before its end")
        try:
            return base64_text.decode(text)
        except ValueError as error:
            raise MediaError(f"is not valid base64: {error}") from None


def is_data_uri(text: str) -> bool:
    """Whether a text is a data URI; capitals make no difference."""
    return text[:5].lower() == "data:"


def _base64_length(size: int) -> int:
    return -(-size // 3) * 4
