"""Writing a package: whole or not at all, one run at a time. It knows files, and nothing of what is in them."""

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Container, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aki_runtime.files import linked, replacing
from aki_runtime.http.interruption import handling
from filelock import FileLock, Timeout

from ..problems import GenerationError
from ..terminal import say
from .folder import MANIFEST_NAME, files_of, generated_files

_OLD = ".aki-codegen-old-"
_NEW = ".aki-codegen-new-"
_PACKAGE = "package"
"""Where a new package is made within the folder in which all that is new waits."""


WAIT_SECONDS = 600.0
"""Time to wait for another run."""


@dataclass(frozen=True)
class Written:
    """What writing a package did.

    Attributes:
        added: Files that are new, by their path within the package.
        changed: Files with other bytes than before.
        removed: Files that are gone.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@contextmanager
def only_run(folder: Path, wait: float = WAIT_SECONDS) -> Generator[None]:
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
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            say(f"Waiting for another run that writes {folder}.")
            lock.acquire(timeout=wait)
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


def write_package(
    folder: Path,
    files: Mapping[PurePosixPath, bytes],
    before: Mapping[str, bytes] | None = None,
    beside: Mapping[str, str] | None = None,
) -> Written:
    """Replace a package folder by exactly these files; what an older manifest does not name is carried over.

    The new folder is made beside the old one and takes its place at the end, so that an interrupted run
    leaves the old one whole. Files that stay as they are get a second name instead of a copy.

    Args:
        folder: The package's folder; a link to one is followed.
        files: What it shall hold.
        before: What it holds, where that has been read.
        beside: The texts of files beside it that tell of it, by their names: both are new, or neither.

    Raises:
        GenerationError: The folder cannot be written, or is not a generated package.
    """
    before, beside = files_of(folder) if before is None else before, beside or {}
    after = {str(path): content for path, content in files.items()}
    generated = generated_files(before).keys()
    foreign = {p: content for p, content in before.items() if p not in generated | after.keys()}
    written = Written(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(p for p in after.keys() & before.keys() if after[p] != before[p])),
        removed=tuple(sorted((before.keys() & generated) - after.keys())),
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _require_ours(folder, before, beside)
        if written == Written((), (), ()):
            for name, text in beside.items():
                write_beside(folder.parent / name, text)
        else:
            stays = {path for path, content in before.items() if after.get(path) == content}
            _replace(folder, {**foreign, **after}, {*stays, *foreign}, beside)
    except OSError as error:
        is_blocked = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file is where a folder should be" if is_blocked else error.strerror or error
        raise GenerationError(
            f"{folder} cannot be written: {why}; choose another folder with --out"
        ) from None
    return written


def write_beside(path: Path, text: str) -> None:
    """Replace one file in one step; a file with these bytes is left alone.

    Raises:
        GenerationError: It cannot be written.
    """
    try:
        if holds(path, text):
            return
        with replacing(path) as part:
            part.write_bytes(text.encode())
    except OSError as error:
        raise GenerationError(f"{path} cannot be written: {error.strerror or error}") from None


def holds(path: Path, text: str) -> bool:
    """Whether a file holds just this text."""
    return path.is_file() and path.read_bytes() == text.encode()


def recover(folder: Path) -> None:
    """Put a package back that a run left aside when it was interrupted in the very moment of replacing it.

    What runs left that were killed while they wrote is removed. To be called by one run at a time.

    Raises:
        GenerationError: It cannot be put back.
    """
    place = folder.resolve()
    try:
        if not place.exists():
            for old in _leftovers(_OLD, place)[:1]:
                old.rename(place)
        if (place / MANIFEST_NAME).is_file():
            _remove_old(place)
        for stage in _leftovers(_NEW, place):
            if not (stage / _PACKAGE).exists():
                # Its package is in place already.
                _take_places(stage, folder.parent)
            _discard(stage)
    except OSError as error:
        raise GenerationError(f"{folder} cannot be put back: {error}") from None


def uninterrupted() -> AbstractContextManager[None]:
    """Let Ctrl-C do nothing for a moment, at the end of which all is done."""
    return handling(signal.SIG_IGN, "SIGINT")


def _leftovers(prefix: str, folder: Path) -> list[Path]:
    # The folder's name ends where the eight characters of a temporary name begin.
    return sorted(folder.parent.glob(f"{prefix}{folder.name}-{'?' * 8}"))


def _require_ours(folder: Path, before: Mapping[str, bytes], beside: Mapping[str, str]) -> None:
    if (before and MANIFEST_NAME not in before) or (folder.exists() and not folder.is_dir()):
        raise GenerationError(
            f"{folder} is not a generated package (it has no {MANIFEST_NAME}); "
            "choose another --out or --package, or move it away"
        )
    for name in beside:
        if (folder.parent / name).is_dir():
            raise GenerationError(f"{folder.parent / name} is a folder; move it away")


def _replace(
    folder: Path, files: Mapping[str, bytes], stays: Container[str], beside: Mapping[str, str]
) -> None:
    place = folder.resolve()
    stage = Path(tempfile.mkdtemp(prefix=f"{_NEW}{place.name}-", dir=place.parent))
    new = stage / _PACKAGE
    try:
        for parent in {PurePosixPath(path).parent for path in files}:
            (new / parent).mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            is_kept = path in stays and not (place / path).is_symlink()
            if not (is_kept and linked(place / path, new / path)):
                (new / path).write_bytes(content)
        for name, text in beside.items():
            (stage / name).write_bytes(text.encode())
        with uninterrupted():
            if place.exists():
                place.rename(place.parent / f"{_OLD}{place.name}-{stage.name[-8:]}")
            new.rename(place)
            _take_places(stage, folder.parent)
            _remove_old(place)
    finally:
        recover(folder)


def _remove_old(place: Path) -> None:
    for past in _leftovers(_OLD, place):
        for parent, _, _ in os.walk(past):
            with suppress(OSError):
                # Nothing can be removed from a folder that is read-only.
                Path(parent).chmod(0o700)
        shutil.rmtree(past, ignore_errors=True)


def _discard(stage: Path) -> None:
    """Remove what is new and has not taken its place: first what would else be taken for telling of it."""
    for file in stage.iterdir():
        if file.is_file():
            file.unlink()
    shutil.rmtree(stage, ignore_errors=True)


def _take_places(stage: Path, folder: Path) -> None:
    """Put the files that have waited beside a package where they belong."""
    for file in sorted(stage.iterdir()):
        shutil.move(file, folder / file.name)
