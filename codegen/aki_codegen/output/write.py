"""Writing a package: whole or not at all. It knows files, and nothing of what is in them."""

import os
import shutil
import tempfile
from collections.abc import Container, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..problems import GenerationError
from .folder import MANIFEST_NAME, files_of, generated_files

_OLD = ".aki-codegen-old-"
_NEW = ".aki-codegen-new-"


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
        folder: The package's folder.
        files: What it shall hold.
        before: What it holds, where that has been read.
        beside: The text of files beside the folder, by their names; they are written where the package is.

    Raises:
        GenerationError: The folder can not be written, or is not a generated package.
    """
    try:
        held = files_of(folder) if before is None else before
        return _write_package(folder, files, held, beside or {})
    except OSError as error:
        is_blocked = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file is where a folder should be" if is_blocked else error.strerror or error
        raise GenerationError(
            f"{folder} can not be written: {why}; choose another folder with --out"
        ) from None


def write_beside(path: Path, text: str) -> None:
    """Replace one file in one step; a file with these bytes is left alone.

    Raises:
        GenerationError: It can not be written.
    """
    with _laid_ready({path: text}):
        pass


def recover(folder: Path) -> None:
    """Put a package back that a run left aside when it was interrupted in the very moment of replacing it.

    What runs left that were killed while they wrote is removed. To be called by one run at a time.
    """
    if not folder.exists():
        for old in _leftovers(_OLD, folder)[:1]:
            old.rename(folder)
    for stage in _leftovers(_NEW, folder):
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _laid_ready(texts: Mapping[Path, str]) -> Generator[None, None, None]:
    """Write files under other names; they take their places when the block ends, and go where it fails."""
    ready: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            with _named_in_errors(path):
                if path.is_dir():
                    raise IsADirectoryError("a folder is where the file should be")
                if not (path.is_file() and path.read_bytes() == text.encode()):
                    handle, name = tempfile.mkstemp(prefix=".aki-codegen-", dir=path.parent)
                    ready[path] = Path(name)
                    with os.fdopen(handle, "wb") as file:
                        file.write(text.encode())
                    ready[path].chmod(0o644)
        yield
        for path, draft in ready.items():
            with _named_in_errors(path):
                draft.replace(path)
    finally:
        for draft in ready.values():
            draft.unlink(missing_ok=True)


@contextmanager
def _named_in_errors(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        raise GenerationError(f"{path} can not be written: {error.strerror or error}") from None


def _linked(old: Path, new: Path) -> bool:
    """Give a file a second name, where its file system has such."""
    try:
        if old.is_symlink():
            return False
        new.hardlink_to(old)
    except (OSError, NotImplementedError):
        return False
    return True


def _leftovers(prefix: str, folder: Path) -> list[Path]:
    # The folder's name ends where the eight characters of a temporary name begin.
    return sorted(folder.parent.glob(f"{prefix}{folder.name}-{'?' * 8}"))


def _write_package(
    folder: Path,
    files: Mapping[PurePosixPath, bytes],
    before: Mapping[str, bytes],
    beside: Mapping[str, str],
) -> Written:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if (before and MANIFEST_NAME not in before) or (folder.exists() and not folder.is_dir()):
        raise GenerationError(
            f"{folder} is not a generated package (it has no {MANIFEST_NAME}); "
            "choose another --out or --package, or move it away"
        )
    after = {str(path): content for path, content in files.items()}
    generated = generated_files(before).keys()
    ours = generated | after.keys()
    foreign = {path: content for path, content in before.items() if path not in ours}
    written = Written(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(p for p in after.keys() & before.keys() if after[p] != before[p])),
        removed=tuple(sorted((before.keys() & generated) - after.keys())),
    )
    with _laid_ready({folder.parent / name: text for name, text in beside.items()}):
        if written.added or written.changed or written.removed:
            stays = {path for path, content in before.items() if after.get(path) == content}
            _replace(folder, {**foreign, **after}, {*stays, *foreign})
    return written


def _replace(folder: Path, files: Mapping[str, bytes], stays: Container[str]) -> None:
    stage = Path(tempfile.mkdtemp(prefix=f"{_NEW}{folder.name}-", dir=folder.parent))
    try:
        for parent in {PurePosixPath(path).parent for path in files}:
            (stage / parent).mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            if not (path in stays and _linked(folder / path, stage / path)):
                (stage / path).write_bytes(content)
        stage.chmod(0o755)
        old = folder.parent / f"{_OLD}{folder.name}-{stage.name[-8:]}"
        if folder.exists():
            folder.rename(old)
        stage.rename(folder)
        for past in _leftovers(_OLD, folder):
            shutil.rmtree(past, ignore_errors=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        recover(folder)
