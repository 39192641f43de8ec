"""What a media parameter takes, and how it becomes the data URI that the hub wants.

Only a call takes text for the path of a file: the text of a model may be anybody's. The format is taken from the
bytes. What no hub could take (nothing, or bytes of an unknown format) is refused here: the public server hangs on it
until its proxy gives up.
"""

import inspect
import io
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Protocol, TypeAlias, TypeGuard

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from ..errors import MediaError
from ..options import AllowedPaths
from ..shapes import is_mapping
from .formats import FORMATS, Kind, sniff
from .objects import MEDIA_TYPES, Audio, Image, Media, Video, is_picture, uri_schema
from .sources import decode, is_data_uri


class PillowLike(Protocol):
    """What is used of a Pillow image, so that Pillow need not be there."""

    def save(self, fp: IO[bytes], kind: str | None = ..., /) -> None:
        """Write the picture into a file object."""


class UploadLike(Protocol):
    """What a web framework received, such as FastAPI's `UploadFile`."""

    @property
    def file(self) -> IO[bytes]:
        """The file, which is read at once."""
        ...


_LONGEST_NAME = 200
_ORIENTATION = 0x0112


def as_media(value: object, kind: Kind, *, allow_paths: AllowedPaths | None = True) -> Media:
    """Read what a caller gave: bytes, a path, a file, a Pillow image, a data URI or another call's output.

    Args:
        value: What was given.
        kind: What it has to be.
        allow_paths: Whether a path is opened, or below which folders; None opens a `Path` object, which only
            Python code can make, and takes text for data URIs alone.

    Raises:
        MediaError: It is none of these, empty, or of a format that no hub takes.
        OSError: The file cannot be read.
    """
    medium = _medium_of(value, MEDIA_TYPES[kind], allow_paths)
    _require_known(medium, kind)
    return medium


def allowed_paths(info: ValidationInfo) -> AllowedPaths | None:
    """Return the `allow_paths` of the context that pydantic was given; None where it has none."""
    context = info.context
    return context.get("allow_paths") if is_mapping(context) else None


def _medium_of(value: object, make: type[Media], allow_paths: AllowedPaths | None) -> Media:
    if isinstance(value, Media):
        return value
    if isinstance(value, str) and (is_data_uri(value) or not value):
        return make(value)
    if isinstance(value, str) and "://" in value[:10]:
        raise MediaError("an address is not fetched; give the bytes, a path or a data URI")
    if _is_path(value):
        path = Path(value)
        if allow_paths is None:
            allow_paths = isinstance(value, os.PathLike)
        if not isinstance(allow_paths, bool):
            return make(_file_below(allow_paths, path, make.kind))
        if not allow_paths:
            # Before the file system is asked: the sentence must not say whether there is such a file.
            raise MediaError(
                f"must be a data URI (data:{make.kind}/…;base64,…) or bytes; only a call opens paths"
            )
        try:
            # What is not a plain file (a pipe) can be read only once.
            return make(path if path.is_file() else path.read_bytes())
        except (OSError, ValueError):
            seen = _raw_base64(os.fsdecode(value), make.kind)
            if seen is None:
                raise
        raise MediaError(
            f"is base64 without a header; put data:{make.kind}/{seen};base64, before it, or give the bytes"
        )
    return make(bytes_of(value))


def _file_below(folders: Iterable[str | os.PathLike[str]], path: Path, kind: Kind) -> Path:
    """Return the file that a path means, as long as it is a plain one and lies below one of the folders."""
    named = [Path(os.path.realpath(folder)) for folder in folders]
    for folder in named:
        with suppress(OSError, ValueError):  # a name that is too long, a null character
            found = Path(os.path.realpath(folder / path))
            if found.is_relative_to(folder) and found.is_file():
                return found
    # One sentence for all: it must not say whether there is such a file elsewhere.
    below = " or ".join(map(str, named)) or "a folder, and none is allowed"
    raise MediaError(f"must be a data URI (data:{kind}/…;base64,…) or a file below {below}")


def bytes_of(value: object) -> bytes:
    """Read the bytes of what a caller gave that is not a path."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    reader = getattr(value, "read", None)
    if inspect.iscoroutinefunction(reader):
        # A file that a web framework received holds one that can be read at once.
        value = getattr(value, "file", None)
        reader = getattr(value, "read", None)
        if not callable(reader) or inspect.iscoroutinefunction(reader):
            raise MediaError("its read() is async: await it, and give the bytes")
    if callable(reader):
        data = _read_and_rewind(value, reader)
        if isinstance(data, bytes):
            return data
        raise MediaError("the file is opened as text; open it with mode 'rb'")
    if is_picture(value):
        return _encoded(value)
    raise MediaError(
        "give bytes, a path, a file object, a Pillow image, a data URI or another call's output, "
        f"not {type(value).__name__}"
    )


def _raw_base64(text: str, kind: Kind) -> str | None:
    """Return the format of a medium in base64 alone, None where it is not a medium."""
    try:
        return sniff(decode("".join(text[:80].split())[:32]), kind)
    except ValueError:
        return None


def _read_and_rewind(file: object, read: Callable[[], object]) -> object:
    """Read a file from where it stands, and leave it there for the next call."""
    place = file.tell() if isinstance(file, io.IOBase) and file.seekable() else None
    try:
        return read()
    except UnicodeDecodeError:
        return None
    finally:
        if place is not None and isinstance(file, io.IOBase):
            file.seek(place)


def _encoded(picture: Any) -> bytes:
    exif = getattr(picture, "getexif", dict[int, int])()
    if exif.get(_ORIENTATION, 1) != 1:
        from PIL import ImageOps

        picture = ImageOps.exif_transpose(picture)  # a hub looks at the pixels alone
    buffer = io.BytesIO()
    try:
        picture.save(buffer, "PNG")
    except OSError:  # PNG has no form for some modes, CMYK among them
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG")
    return buffer.getvalue()


def unreadable(value: object, error: OSError | ValueError) -> str:
    """Say that what a caller gave cannot be read; a path is named, as far as it is short."""
    name = os.fspath(value) if _is_path(value) else ""
    named = f"{name!r} " if 0 < len(name) <= _LONGEST_NAME else ""
    return f"{named}cannot be read: {getattr(error, 'strerror', None) or error}"


def _is_path(value: object) -> TypeGuard[str | os.PathLike[str]]:
    return isinstance(value, str | os.PathLike)


def _require_known(medium: Media, kind: Kind) -> None:
    medium.check()
    head = medium.head(16)
    if not head:
        raise MediaError(f"the {kind} is empty")
    if sniff(head, kind) is None and (not medium.is_named() or _is_another_kind(head, kind)):
        known = ", ".join(FORMATS[kind])
        raise MediaError(f"the {kind} is of an unknown format ({known})")


def _is_another_kind(head: bytes, kind: Kind) -> bool:
    return any(sniff(head, other) for other in FORMATS if other != kind)


class _MediaParameter:
    """Pydantic's view of a media parameter."""

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.parameter_type = kind

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return uri_schema(self.kind)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], core_schema.CoreSchema]
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self._validate,
            # Elsewhere than in JSON a medium stays itself, and is encoded while it is sent.
            serialization=core_schema.plain_serializer_function_ser_schema(
                Media.data_uri, when_used="json"
            ),
        )

    def _validate(self, value: object, info: ValidationInfo) -> Media:
        try:
            return as_media(value, self.kind, allow_paths=allowed_paths(info))
        except MediaError as error:
            reason = error.message
        except (OSError, ValueError) as error:
            reason = unreadable(value, error)
        raise PydanticCustomError("media", "{reason}", {"reason": reason})

    def __repr__(self) -> str:
        return f"{self.kind.capitalize()}Input"


if TYPE_CHECKING:
    _Bytes: TypeAlias = bytes | bytearray | str | os.PathLike[str] | IO[bytes] | UploadLike
    ImageInput: TypeAlias = Image | _Bytes | PillowLike
    AudioInput: TypeAlias = Audio | _Bytes
    VideoInput: TypeAlias = Video | _Bytes
else:
    ImageInput = Annotated[Any, _MediaParameter("image")]
    AudioInput = Annotated[Any, _MediaParameter("audio")]
    VideoInput = Annotated[Any, _MediaParameter("video")]
