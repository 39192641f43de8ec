"""One run at a time for one output folder, so that two at once do not write into each other."""

import hashlib
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..problems import GenerationError

WAIT_SECONDS = 600.0
"""Time to wait for another run."""


@contextmanager
def only_run(folder: Path, wait: float = WAIT_SECONDS) -> Generator[None, None, None]:
    """Wait until no other run of this user works on a folder, and keep others waiting.

    Raises:
        GenerationError: Another run has not ended in time.
    """
    # Beside the package nothing but the report is written, so the lock lies elsewhere.
    place = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    lock = FileLock(Path(tempfile.gettempdir()) / f"aki-codegen-{place}.lock")
    try:
        with lock.acquire(timeout=0.2):
            yield
            return
    except Timeout:
        print(f"Waiting for another run that writes {folder}.", file=sys.stderr, flush=True)
    try:
        with lock.acquire(timeout=wait):
            yield
    except Timeout:
        raise GenerationError(f"another run has been writing {folder} for {wait:.0f} s") from None
