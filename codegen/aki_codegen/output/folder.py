"""What is in a package's folder, compared with what was rendered and with what its manifest says. It writes nothing."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from aki_runtime.shapes import is_array, is_object

from .. import __version__
from ..problems import GenerationError

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

    def complain(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    try:
        for parent, folders, names in os.walk(folder, onerror=complain):
            folders[:] = [name for name in folders if name != "__pycache__"]
            # pathlib takes longer to name a file than it takes to read it.
            inside = parent.removeprefix(str(folder)).replace(os.sep, "/").lstrip("/")
            for name in names:
                place = os.path.join(parent, name)  # noqa: PTH118
                if os.path.isfile(place):  # noqa: PTH113
                    with open(place, "rb") as file:  # noqa: PTH123
                        files[f"{inside}/{name}" if inside else name] = file.read()
    except OSError as error:
        raise GenerationError(f"{folder} cannot be read: {error}") from None
    return dict(sorted(files.items()))


def manifest_of(files: Mapping[str, bytes]) -> dict[str, Any] | None:
    """Return what a manifest says; None where it cannot be read, nothing where there is none."""
    try:
        manifest = json.loads(files.get(MANIFEST_NAME, b"{}"))
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
        GenerationError: A newer generator made it, or a part of its snapshot is missing.
    """
    manifest = manifest_of(files) or {}
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


def edited_by_hand(files: Mapping[str, bytes], rendered: Mapping[str, bytes]) -> list[str]:
    """Return those files of a package that somebody else has written, and that would be overwritten.

    Args:
        files: What is there.
        rendered: What is to be there.
    """
    named = generated_files(files)
    edited = [
        name
        for name, expected in named.items()
        if expected is not None and name in files and not _is_as_made(files[name], expected)
    ]
    taken = [
        name
        for name in rendered
        if name not in named and files.get(name, rendered[name]) != rendered[name]
    ]
    return edited + taken


def has_windows_lines(files: Mapping[str, bytes]) -> bool:
    """Whether lines of files end otherwise than they were made, as git may check them out."""
    return any(
        expected is not None
        and name in files
        and b"\r\n" in files[name]
        and _is_as_made(files[name], expected)
        for name, expected in generated_files(files).items()
    )


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


def _is_as_made(content: bytes, digest: str) -> bool:
    return digest in (
        hashlib.sha256(content).hexdigest(),
        hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest(),
    )


def _figures(version: str) -> list[int]:
    return [int(figure) for figure in re.findall(r"[0-9]{1,9}", version)]
