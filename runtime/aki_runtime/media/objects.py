"""Images, audio and video as objects: what the hub gives back, decoded when it is asked for.

On the wire they are data URIs with the format in capitals, or plain base64 whose format only the bytes show.
"""

import errno
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from pydantic_core import PydanticCustomError, core_schema

from ..errors import ConfigurationError, MediaError
from ..files import replacing
from ..logs import logger
from ..shapes import is_array, is_mapping, is_multiple, is_object, object_or_empty
from .formats import (
    HEAD_BYTES,
    UNKNOWN,
    Kind,
    format_of_suffix,
    image_size,
    is_suffix,
    normal_name,
    sniff,
    suffix_of,
    wav_seconds,
)
from .sources import BytesSource, FileSource, Source, TextSource, is_data_uri

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


_LARGE = 1 << 20
_PLAIN_HEAD = re.compile(r"data:[a-z0-9.+/=;_-]*,", re.IGNORECASE | re.ASCII)

_log = logger()

IN_WORDS: Mapping[str, str] = {"media": "in words"}
"""The context in which a model's media become JSON as a few words, for readers that cannot do with bytes."""

_Data: TypeAlias = bytes  # in the class below, `bytes` is a property


class Media:
    """Something to see or hear; use `Image`, `Audio` or `Video`.

    Args:
        source: A data URI, plain base64 text, the bytes themselves, or the path of a file, which is read when its
            bytes are needed.
        format: What it is, as in "mp3", where the bytes do not show it or you know better.

    Raises:
        MediaError: The format is not a name.
        OSError: The file cannot be read.
    """

    kind: ClassVar[Kind]

    __slots__ = ("_bytes", "_format", "_named", "_source")

    def __init__(
        self,
        source: str | bytes | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002
    ) -> None:
        self._source: Source
        self._bytes: bytes | None = None
        if isinstance(source, str):
            self._source = TextSource(source)
        elif isinstance(source, bytes):
            self._source, self._bytes = BytesSource(source), source
        else:
            self._source = FileSource(Path(source))
        self._source.kind = self.kind
        self._named = normal_name(format) if format is not None else None
        if self._named is not None and not _is_name(self._named):
            raise MediaError(f"format={format!r} must be a name such as 'png' or 'mp3'")
        self._format: str | None = None

    @property
    def bytes(self) -> bytes:
        """The decoded bytes.

        Raises:
            MediaError: The hub sent something that is not base64, or the file cannot be read any more.
        """
        if self._bytes is None:
            self._bytes = b"".join(self.pieces())
        return self._bytes

    @property
    def format(self) -> str:
        """The format in small letters, as in "jpeg", as named, by the first bytes, or as declared in a data URI.

        It is "octet-stream" where it is unknown.
        """
        if self._format is None:
            self._format = self._named or self._seen_format() or self._declared_format() or UNKNOWN
        return self._format

    @property
    def mime(self) -> str:
        """The MIME type, as in "image/jpeg"."""
        return f"application/{UNKNOWN}" if self.format == UNKNOWN else f"{self.kind}/{self.format}"

    @property
    def suffix(self) -> str:
        """The usual suffix of a file, as in ".jpg"."""
        return suffix_of(self.format, self.kind)

    @property
    def size(self) -> int:
        """Bytes in all; up to two more where they have not been decoded."""
        return self._source.size

    def check(self) -> None:
        """Decode base64 text for once, and keep nothing of it.

        Raises:
            MediaError: It is not base64.
        """
        if self._bytes is None and isinstance(self._source, TextSource):
            for _ in self.pieces():
                pass

    def head(self, size: int) -> _Data:
        """Return the first bytes, without decoding or reading the rest.

        Raises:
            MediaError: The hub sent something that is not base64, or the file cannot be read any more.
        """
        return self._source.head(size)

    def pieces(self) -> Iterator[_Data]:
        """Go through the bytes, without ever holding the whole.

        Raises:
            MediaError: The hub sent something that is not base64, or the file cannot be read any more.
        """
        return self._source.pieces()

    def data_uri(self) -> str:
        """Return the whole as a data URI, as the hub takes it."""
        source = self._source
        if self._named is None and isinstance(source, TextSource) and source.is_data_uri:
            return source.text
        return b"".join(self.data_uri_pieces()).decode("ascii")

    def as_it_came(self) -> str:
        """Return the data URI, or what the hub sent in place of one."""
        try:
            self.head(16)
        except MediaError:
            if isinstance(self._source, TextSource):
                return self._source.text
        return self.data_uri()

    def data_uri_length(self) -> int:
        """Return how many characters the data URI has."""
        return len(self._data_uri_head()) + self._source.base64_length

    def data_uri_pieces(self) -> Iterator[_Data]:
        """Go through the data URI, without ever holding the whole.

        Raises:
            MediaError: The file cannot be read any more, or has changed.
        """
        yield self._data_uri_head().encode("ascii")
        yield from self._source.base64_pieces()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a file and return its path, whose suffix is never that of another format.

        Args:
            path: A file, whose suffix is added where it has none, or a folder, in which a free name is taken. A picture
                is converted to the format that the suffix names, with Pillow; where that cannot be, and for sound and
                video, the file gets its own suffix, and the log says so.
            overwrite: Replace a file that is there.

        Raises:
            FileExistsError: The file is there, and `overwrite` was not said.
        """
        return _save(self, path, overwrite=overwrite)

    def is_named(self) -> bool:
        """Whether somebody has said what it is: `format`, or a data URI of this kind of media."""
        head = self._source.header if isinstance(self._source, TextSource) else ""
        is_of_kind = head.lower().startswith(f"data:{self.kind}/")
        return self._named is not None or (is_of_kind and self._declared_format() is not None)

    def _seen_format(self) -> str | None:
        with suppress(MediaError):
            return sniff(self.head(16), self.kind)
        return None

    def _declared_format(self) -> str | None:
        return _declared_in(self._source.text) if isinstance(self._source, TextSource) else None

    def _data_uri_head(self) -> str:
        # What another hub wrote before the base64 is sent without escapes, so it must need none.
        if isinstance(self._source, TextSource) and self._named is None:
            header = self._source.header
            if _PLAIN_HEAD.fullmatch(header):
                return header
        return f"data:{self.kind}/{self.format};base64,"

    def __repr__(self) -> str:
        form = self._format or self._declared_format() or "of unknown format"
        return f"<{type(self).__name__} {form}, about {self.size:,} bytes>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from .display import media_bundle  # which notebooks need

        return media_bundle(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Media) and (self.kind, self.bytes) == (other.kind, other.bytes)

    def __hash__(self) -> int:
        return hash((self.kind, self.bytes))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Say that it is a data URI."""
        return uri_schema(cls.kind)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: Callable[[Any], core_schema.CoreSchema]
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_as_sent, info_arg=True),
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

    @property
    def seconds(self) -> float | None:
        """How long it plays, in seconds, where it is WAV that says so; None of any other."""
        try:
            return wav_seconds(self.head(HEAD_BYTES), self.size)
        except MediaError:
            return None


class Video(Media):
    """A video."""

    kind = "video"
    __slots__ = ()


MEDIA_TYPES: dict[str, type[Media]] = {"image": Image, "audio": Audio, "video": Video}
"""The class of each kind of media."""


def takes_long(value: object, depth: int = 5) -> bool:
    """Whether reading an argument may take a while: a picture to encode, a file, or a large text or medium.

    Args:
        value: The argument.
        depth: How deep to look; the media of a conversation are five levels down.
    """
    if isinstance(value, str | bytes | bytearray):
        return len(value) > _LARGE
    if isinstance(value, Media):
        return value.size > _LARGE
    if depth and is_mapping(value):
        return any(takes_long(item, depth - 1) for item in value.values())
    if depth and is_array(value):
        return any(takes_long(item, depth - 1) for item in value)
    return callable(getattr(value, "read", None)) or is_picture(value)


def is_picture(value: object) -> bool:
    """Whether it can be saved as a picture, as what Pillow opens can."""
    return callable(getattr(value, "save", None))


def broken_limit(medium: Media, limits: Any) -> str | None:
    """Say which limit a medium breaks, as far as its first bytes tell its format and size."""
    rules = {
        name: rule
        for name, rule in object_or_empty(limits).items()
        if is_object(rule) and not rule.get("converted")
    }
    formats = rules.get("format", {}).get("supported")
    if formats and medium.format not in formats:
        return f"is {medium.format}; the endpoint takes {', '.join(formats)}"
    if medium.kind != "image" or "size" not in rules:
        return None
    size = image_size(medium.head(HEAD_BYTES), medium.format)
    return _broken_size(size, rules["size"]) if size else None


def uri_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a medium."""
    words = f"{kind} as a data URI, data:{kind}/FORMAT;base64,BYTES"
    return {"type": "string", "format": "data-uri", "description": words}


def _broken_size(size: tuple[int, int], limits: dict[str, Any]) -> str | None:
    low, high, step = (limits.get(name) for name in ("minimum", "maximum", "align"))
    shown = f"is {size[0]} by {size[1]} pixels"
    if low and (size[0] < low[0] or size[1] < low[1]):
        return f"{shown}; at least {low[0]:g} by {low[1]:g} is needed"
    if high and (size[0] > high[0] or size[1] > high[1]):
        return f"{shown}; at most {high[0]:g} by {high[1]:g} is taken"
    if step and not all(is_multiple(s, by) for s, by in zip(size, step, strict=True) if by):
        return f"{shown}; only multiples of {step[0]:g} by {step[1]:g} are taken"
    return None


def _as_sent(value: object, info: core_schema.SerializationInfo[object]) -> object:
    # An output that is not media is kept as it came, and so is one that is not base64.
    if not isinstance(value, Media):
        return value
    return repr(value) if info.context is IN_WORDS else value.as_it_came()


def _declared_in(text: str) -> str | None:
    if not is_data_uri(text):
        return None
    head = text[5 : text.find(",")] if "," in text[:200] else ""
    name = normal_name(head.partition(";")[0].rpartition("/")[2])
    return name if name != UNKNOWN and _is_name(name) else None


def _is_name(text: str) -> bool:
    # It is sent without escapes.
    return text.isascii() and text.isalnum()


def _save(medium: Media, path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    target = Path(path)
    if os.fspath(path).endswith(("/", os.sep)):
        target.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        return _save_in(medium, target)
    if not is_suffix(target.suffix):
        target = target.with_name(target.name + medium.suffix)
    if not overwrite and target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    pieces = medium.pieces()
    wanted = format_of_suffix(target.suffix, medium.kind)
    if wanted not in (None, UNKNOWN, medium.format) and medium.format != UNKNOWN:
        converted = _converted(medium, wanted)
        if converted is None:
            target = target.with_suffix(medium.suffix)
            _log.warning("saved as %s: it is %s, not %s", target.name, medium.format, wanted)
        else:
            pieces = iter((converted,))
    if overwrite:
        with replacing(target.resolve()) as part:
            _make_file(part, pieces)
    else:
        _make_file(target, pieces)
    return target


def _converted(medium: Media, wanted: str) -> bytes | None:
    """Return a picture in another format; None where that cannot be done without losing parts of it."""
    if medium.kind != "image":
        return None
    try:
        from PIL import Image

        buffer = io.BytesIO()
        with Image.open(io.BytesIO(b"".join(medium.pieces()))) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                return None
            # JPEG has no transparency.
            plain = picture.convert("RGB") if wanted == "jpeg" and "A" in picture.mode else picture
            plain.save(buffer, wanted.upper(), exif=picture.getexif())
    except (ImportError, KeyError, OSError, ValueError):  # KeyError: Pillow knows no such format
        return None
    return buffer.getvalue()


def _save_in(medium: Media, folder: Path) -> Path:
    number = 1
    while True:
        path = folder / f"{medium.kind}-{number}{medium.suffix}"
        try:
            return _save(medium, path, overwrite=False)
        except FileExistsError:
            number += 1


def _make_file(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a new file, whole or not at all."""
    with path.open("xb") as file:
        try:
            file.writelines(pieces)
        except BaseException:
            path.unlink()
            raise
