"""Media as files: under a name that is free, with the suffix of their format, whole or not at all."""

import errno
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from ..files import replacing
from .formats import UNKNOWN, Kind, format_of_suffix, is_suffix

_log = logging.getLogger("aki_client")


class Medium(Protocol):
    """What can be saved; files in a folder are named after its kind."""

    kind: ClassVar[Kind]

    @property
    def format(self) -> str:
        """Its format, as in "jpeg"."""
        ...

    @property
    def suffix(self) -> str:
        """The suffix of a file, as in ".jpg"."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Go through the bytes."""
        ...


def save(medium: Medium, path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Write a file and return its path; `Media.save` says what the arguments mean.

    Raises:
        FileExistsError: The file is there, and is not to be overwritten.
    """
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


def _converted(medium: Medium, wanted: str) -> bytes | None:
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


def _save_in(medium: Medium, folder: Path) -> Path:
    number = 1
    while True:
        path = folder / f"{medium.kind}-{number}{medium.suffix}"
        try:
            return save(medium, path, overwrite=False)
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
