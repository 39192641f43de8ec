"""Images, audio and video as objects: what the hub gives back, decoded when it is asked for.

On the wire they are data URIs with the format in capitals, or plain base64 whose format only the bytes show.
"""

import base64
import binascii
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import PydanticCustomError, core_schema

from .display import media_bundle
from .errors import ConfigurationError, MediaError
from .formats import UNKNOWN, Kind, is_suffix, normal_name, sniff, suffix_of

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


def is_data_uri(text: str) -> bool:
    """Whether a text is a data URI; capitals make no difference."""
    return text[:5].lower() == "data:"


class Media:
    """Something to see or hear; use `Image`, `Audio` or `Video`.

    Args:
        source: A data URI, plain base64 text, or the bytes themselves.
    """

    kind: ClassVar[Kind]

    __slots__ = ("_bytes", "_format", "_text")

    def __init__(self, source: str | bytes) -> None:
        self._text = source if isinstance(source, str) else None
        self._bytes = source if isinstance(source, bytes) else None
        self._format = _declared_format(source) if isinstance(source, str) else None

    @property
    def bytes(self) -> bytes:
        """The decoded bytes.

        Raises:
            MediaError: The hub sent something that is no base64.
        """
        if self._bytes is None:
            text = self._text or ""
            body = text.partition(",")[2] if is_data_uri(text) else text
            try:
                self._bytes = base64.b64decode(body, validate=True)
            except (binascii.Error, ValueError) as error:
                raise MediaError(f"the {self.kind} is not valid base64: {error}") from None
        return self._bytes

    @property
    def format(self) -> str:
        """The format in small letters, as in "jpeg"; "octet-stream" where it is unknown."""
        if self._format is None:
            self._format = sniff(self.bytes[:16], self.kind) or UNKNOWN
        return self._format

    @property
    def mime(self) -> str:
        """The MIME type, as in "image/jpeg"."""
        return f"application/{UNKNOWN}" if self.format == UNKNOWN else f"{self.kind}/{self.format}"

    @property
    def suffix(self) -> str:
        """The usual suffix of a file, as in ".jpg"."""
        return suffix_of(self.format, self.kind)

    def data_uri(self) -> str:
        """Return the whole as a data URI, as the hub takes it."""
        if self._text is not None and is_data_uri(self._text):
            return self._text
        body = self._text or base64.b64encode(self.bytes).decode("ascii")
        return f"data:{self.kind}/{self.format};base64,{body}"

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a file and return its path.

        Args:
            path: A file, whose suffix is added where it has none, or a folder, in which a free name is taken.
            overwrite: Replace a file that is there.

        Raises:
            FileExistsError: The file is there, and `overwrite` was not said.
        """
        target = Path(path)
        if os.fspath(path).endswith(("/", os.sep)):
            target.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            return self._save_in(target)
        if not is_suffix(target.suffix):
            target = target.with_name(target.name + self.suffix)
        data = self.bytes  # before there is a file: what is no base64 leaves none
        with target.open("wb" if overwrite else "xb") as file:
            file.write(data)
        return target

    def _save_in(self, folder: Path) -> Path:
        number = 1
        while True:
            try:
                return self.save(folder / f"{self.kind}-{number}{self.suffix}")
            except FileExistsError:
                number += 1

    def __repr__(self) -> str:
        size = len(self._bytes) if self._bytes is not None else len(self._text or "") * 3 // 4
        return (
            f"<{type(self).__name__} {self._format or 'of unknown format'}, about {size:,} bytes>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return media_bundle(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Media) and (self.kind, self.bytes) == (other.kind, other.bytes)

    def __hash__(self) -> int:
        return hash((self.kind, self.bytes))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: Callable[[Any], core_schema.CoreSchema]
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_as_sent),
        )

    @classmethod
    def _validate(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str | bytes):
            return cls(value)
        raise PydanticCustomError("media", "must be a data URI")


class Image(Media):
    """A picture."""

    kind = "image"
    __slots__ = ()

    def open(self) -> "PillowImage":
        """Open it with Pillow.

        Raises:
            ConfigurationError: Pillow is not installed.
        """
        try:
            from PIL import Image as PillowModule
        except ImportError:
            raise ConfigurationError("opening images needs Pillow: pip install pillow") from None
        return PillowModule.open(io.BytesIO(self.bytes))


class Audio(Media):
    """A sound."""

    kind = "audio"
    __slots__ = ()


class Video(Media):
    """A film."""

    kind = "video"
    __slots__ = ()


def _as_sent(value: object) -> object:
    # An output that is no media is kept as it came.
    return value.data_uri() if isinstance(value, Media) else value


def _declared_format(text: str) -> str | None:
    if not is_data_uri(text):
        return None
    head = text[5 : text.find(",")] if "," in text[:200] else ""
    name = normal_name(head.partition(";")[0].rpartition("/")[2])
    return name if name and name != UNKNOWN and name.isalnum() else None
