"""Files replaced in one step: whole or not at all, whatever interrupts their writing."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(
    path: Path, *, sync: bool = False, overwrite: bool = True, mark: str | None = None
) -> Generator[Path]:
    """Give a path beside a file, and move what the block writes there to the file's place.

    Args:
        path: The file.
        sync: Whether the content is on the disk before it takes the place.
        overwrite: Whether to replace a file that is there by then, instead of raising `FileExistsError`.
        mark: Ends the name beside it, random by default. A fixed one allows one writer at a time, and the next writes
            over what a killed one left.
    """
    part = path.with_name(f".{path.name}.{mark or os.urandom(4).hex()}")
    try:
        yield part
        if sync:
            with part.open("rb+") as file:
                os.fsync(file.fileno())
        if overwrite or not linked(part, path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def linked(path: Path, other: Path) -> bool:
    """Give a file another name, where its file system has such; `FileExistsError` says that the name is taken."""
    try:
        other.hardlink_to(path)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        return False
    return True
