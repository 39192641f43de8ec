"""One run at a time for one output folder, so that two at once do not write into each other."""

import hashlib
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from ..problems import GenerationError
from ..terminal import say

WAIT_SECONDS = 600.0
"""Time to wait for another run."""


@contextmanager
def only_run(folder: Path, wait: float = WAIT_SECONDS) -> Generator[None, None, None]:
    """Wait until no other run of this user works on a folder, and keep others waiting.

    Raises:
        GenerationError: Another run has not ended in time.
    """
    # Beside the package nothing but the report is written, so the lock lies elsewhere.
    # Whoever comes by a link comes to the same folder, and nobody can open the lock of another user.
    user = os.getuid() if hasattr(os, "getuid") else ""
    place = hashlib.sha256(f"{user} {folder.resolve()}".encode()).hexdigest()[:24]
    lock = FileLock(Path(tempfile.gettempdir()) / f"aki-codegen-{place}.lock")
    try:
        _acquire(lock, folder, wait)
    except Timeout:
        raise GenerationError(f"another run has been writing {folder} for {wait:.0f} s") from None
    except OSError as error:
        raise GenerationError(
            f"{lock.lock_file} keeps other runs waiting and cannot be opened: "
            f"{error.strerror or error}; remove it, or set TMPDIR to a folder of yours"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: BaseFileLock, folder: Path, wait: float) -> None:
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        say(f"Waiting for another run that writes {folder}.")
        lock.acquire(timeout=wait)
