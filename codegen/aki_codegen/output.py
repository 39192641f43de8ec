"""A package's folder: what is in it, compared with what was made and with what its manifest says; and its writing.

It is written whole or not at all, by one run at a time. Must not know what is in the files but for the manifest.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Container, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from aki_runtime.files import linked, replacing
from aki_runtime.http.interruption import handling
from aki_runtime.shapes import is_array, is_object

from . import __version__
from .problems import GenerationError
from .terminal import say

_OLD = ".aki-codegen-old-"
_NEW = ".aki-codegen-new-"
_PACKAGE = "package"
"""Where a new package is made within the folder in which all that is new waits."""

WAIT_SECONDS = 600.0
"""Time to wait for another run."""
FORMAT = 1
"""Number of the form that a manifest and a snapshot have: they outlive the program that writes them."""

MANIFEST_NAME = "manifest.json"
SNAPSHOT = "spec/"
WINDOWS_LINES = (
    "have Windows ends of lines, which git gives them where core.autocrlf is set; "
    "`generated/** -text` in .gitattributes keeps them as they are"
)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files in a folder, by their path in it, sorted; none where it is not a folder.

    Raises:
        GenerationError: One of them cannot be read.
    """
    files: dict[str, bytes] = {}

    # os.walk, pathlib and buffers take longer over a small file than reading it.
    def add(place: Path | str, inside: str) -> None:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        add(entry.path, f"{inside}{entry.name}/")
                elif entry.is_file():
                    with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123
                        files[f"{inside}{entry.name}"] = file.read()

    try:
        if folder.is_dir():
            add(folder, "")
    except OSError as error:
        raise GenerationError(f"{folder} cannot be read: {error}") from None
    return dict(sorted(files.items()))


def manifest_of(files: Mapping[str, bytes]) -> dict[str, Any] | None:
    """Return what a manifest says; None where it cannot be read, nothing where there is none."""
    return _read_manifest(files.get(MANIFEST_NAME, b"{}"))


@lru_cache(maxsize=1)
def _read_manifest(content: bytes) -> dict[str, Any] | None:
    # A run asks for it several times, and that of a thousand endpoints is large.
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return manifest if is_object(manifest) else None


def generated_files(files: Mapping[str, bytes]) -> dict[str, str | None]:
    """Return the files that a manifest names, with the hash of each; None where a file has no fixed content."""
    named: dict[str, str | None] = {MANIFEST_NAME: None}
    manifest = manifest_of(files) or {}
    hashes, history = manifest.get("files"), manifest.get("history")
    named |= {name: str(value) for name, value in (hashes if is_object(hashes) else {}).items()}
    return named | {str(name): None for name in (history if is_array(history) else ())}


def require_whole(files: Mapping[str, bytes], folder: Path) -> None:
    """See to it that nothing is lost by going on from a package.

    Raises:
        GenerationError: It has another format, a newer generator made it, or a part of its snapshot is missing.
    """
    manifest = manifest_of(files) or {}
    require_format(manifest, folder / MANIFEST_NAME)
    made_by = manifest.get("generator")
    version = made_by.get("aki-codegen") if is_object(made_by) else None
    is_known = __version__ != "0.0.0"
    if is_known and isinstance(version, str) and _figures(version) > _figures(__version__):
        raise GenerationError(
            f"{folder} was made by aki-codegen {version[:40]!r}, and this is {__version__}, which may not know all "
            "that is in it; upgrade aki-codegen"
        )
    missing = [
        name
        for name, expected in generated_files(files).items()
        if expected is not None and name.startswith(SNAPSHOT) and name not in files
    ]
    if missing:
        raise GenerationError(
            f"{folder} has lost {', '.join(missing[:5])}, a part of its snapshot; restore it from git, "
            "or remove the folder to begin anew"
        )


def require_format(document: Mapping[str, object], path: Path) -> None:
    """Refuse a file of another form than this program reads and writes.

    Raises:
        GenerationError: Its number is another one.
    """
    number = document.get("format", FORMAT)
    if number != FORMAT:
        raise GenerationError(
            f"{path} has format {str(number)[:40]!r}, and this aki-codegen knows {FORMAT}; nothing was changed. "
            "Install the aki-codegen that wrote it"
        )


def edited_by_hand(
    files: Mapping[str, bytes], rendered: Mapping[str, bytes]
) -> tuple[list[str], bool]:
    """Return those files of a package that somebody else has written, and that would be overwritten.

    Args:
        files: What is there.
        rendered: What is to be there.

    Returns:
        The files, and whether lines of others end otherwise than they were made, as git may check them out.
    """
    named = generated_files(files)
    made = {
        name: files[name] for name, digest in named.items() if digest is not None and name in files
    }
    as_made = {name: text for name, text in made.items() if _is_as_made(text, str(named[name]))}
    taken = [
        name
        for name in rendered
        if name not in named and files.get(name, rendered[name]) != rendered[name]
    ]
    has_windows_lines = any(b"\r\n" in text for text in as_made.values())
    return [name for name in made if name not in as_made] + taken, has_windows_lines


def differences(files: Mapping[str, bytes], rendered: Mapping[PurePosixPath, bytes]) -> list[str]:
    """Say how a package's files differ from what was rendered, a clause per file; history is left out."""
    expected = {str(path): content for path, content in rendered.items()}
    history = {name for name, digest in generated_files(expected).items() if digest is None}
    history -= {MANIFEST_NAME}
    faults: list[str] = []
    windows = 0
    for name in sorted(expected.keys() - history):
        if name not in files:
            faults.append(f"{name} is missing")
        elif files[name] != expected[name]:
            if files[name].replace(b"\r\n", b"\n") == expected[name]:
                windows += 1
            else:
                faults.append(f"{name} is not what the generator makes of it")
    if windows:
        faults.append(f"{windows} files {WINDOWS_LINES}")
    foreign = sorted(files.keys() - expected.keys() - history)
    return faults + [f"{name} is not the generator's" for name in foreign]


def digest_of(content: bytes) -> str:
    """Return the hash of a file, as manifests name it."""
    return hashlib.sha256(content).hexdigest()


def _is_as_made(content: bytes, digest: str) -> bool:
    return digest in (digest_of(content), digest_of(content.replace(b"\r\n", b"\n")))


def _figures(version: str) -> list[int]:
    return [int(figure) for figure in re.findall(r"[0-9]{1,9}", version)]


@contextmanager
def only_run(folder: Path, wait: float = WAIT_SECONDS) -> Generator[None]:
    """Wait until no other run of this user works on a folder, and keep others waiting.

    Raises:
        GenerationError: Another run has not ended in time.
    """
    from filelock import FileLock, Timeout  # the sandbox, which is a command here, runs without it

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
    folder: Path, files: Mapping[PurePosixPath, bytes], before: Mapping[str, bytes] | None = None
) -> None:
    """Replace a package folder by exactly these files; what an older manifest does not name is carried over.

    The new folder is made beside the old one and takes its place at the end, so that an interrupted run
    leaves the old one whole. Files that stay as they are get a second name instead of a copy.

    Args:
        folder: The package's folder; a link to one is followed.
        files: What it shall hold.
        before: What it holds, where that has been read.

    Raises:
        GenerationError: The folder cannot be written, or is not a generated package.
    """
    before = files_of(folder) if before is None else before
    # The current folder may be in the one that is replaced.
    folder = folder.absolute()
    after = {str(path): content for path, content in files.items()}
    generated = generated_files(before).keys()
    foreign = {p: content for p, content in before.items() if p not in generated | after.keys()}
    stays = {path for path, content in before.items() if after.get(path) == content}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _require_ours(folder, before)
        if stays | foreign.keys() != before.keys() or stays != after.keys():
            _replace(folder, {**foreign, **after}, {*stays, *foreign})
    except OSError as error:
        is_blocked = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file is where a folder should be" if is_blocked else error.strerror or error
        raise GenerationError(
            f"{folder} cannot be written: {why}; choose another folder with --out"
        ) from None


def write_text(path: Path, text: str) -> None:
    """Replace one file in one step; a file with these bytes is left alone.

    Raises:
        GenerationError: It cannot be written.
    """
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return
        with replacing(path) as part:
            part.write_bytes(text.encode())
    except OSError as error:
        raise GenerationError(f"{path} cannot be written: {error.strerror or error}") from None


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
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise GenerationError(f"{folder} cannot be put back: {error}") from None


def uninterrupted() -> AbstractContextManager[None]:
    """Let Ctrl-C do nothing for a moment, at the end of which all is done."""
    return handling(signal.SIG_IGN, "SIGINT")


def _leftovers(prefix: str, folder: Path) -> list[Path]:
    # The folder's name ends where the eight characters of a temporary name begin.
    return sorted(folder.parent.glob(f"{prefix}{folder.name}-{'?' * 8}"))


def _require_ours(folder: Path, before: Mapping[str, bytes]) -> None:
    if (before and MANIFEST_NAME not in before) or (folder.exists() and not folder.is_dir()):
        raise GenerationError(
            f"{folder} is not a generated package (it has no {MANIFEST_NAME}); "
            "choose another --out or --package, or move it away"
        )


def _replace(folder: Path, files: Mapping[str, bytes], stays: Container[str]) -> None:
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
        # Between these two renames there is no package: `recover` of the next run puts it back.
        with uninterrupted():
            if place.exists():
                place.rename(place.parent / f"{_OLD}{place.name}-{stage.name[-8:]}")
            new.rename(place)
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
