"""Media as files: under a name that is free, with the suffix of their format, whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from .formats import Kind, is_suffix


class Medium(Protocol):
    """What can be saved; files in a folder are named after its kind."""

    kind: ClassVar[Kind]

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
    if overwrite:
        _replace_file(target.resolve(), medium.pieces())
    else:
        _make_file(target, medium.pieces())
    return target


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


def _replace_file(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a file in place of another, which stays where that fails."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _make_file(beside, pieces)
    beside.replace(path)
