"""Snapshots from elsewhere: a folder of any level, or a revision of the git repository that a package is in.

Owns how both are named and found. It writes nothing, and checks nothing out.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from ..output import files_of
from ..problems import GenerationError
from .snapshot import HUB, SPEC, Snapshot, read_files, read_or_raise

GIT_SECONDS = 60.0
"""Time that git may take."""

MAX_FILE_BYTES = 8_000_000
"""Size of one file of a snapshot at most."""


def snapshot_of_folder(folder: Path, package: str) -> Snapshot:
    """Read the snapshot of a package folder, of its `spec` folder, or of an output folder.

    Args:
        folder: Any of the three.
        package: Which package of an output folder is meant where it holds several.

    Raises:
        GenerationError: There is none, or it cannot be read.
    """
    if (folder / HUB.name).is_file():
        return _from_spec(files_of(folder), folder.parent)
    packages = [folder] if (folder / HUB).is_file() else _packages_in(folder, package)
    if len(packages) != 1:
        found = ", ".join(path.name for path in packages) or "none"
        raise GenerationError(
            f"{folder} is neither a package nor a spec folder and does not hold one package (found: {found}); "
            "name a package folder"
        )
    return read_or_raise(packages[0])


def snapshot_of_revision(revision: str, package: Path) -> Snapshot:
    """Read the snapshot that a package had at a git revision.

    Args:
        revision: As git names it: `HEAD~3`, `v1.2`, a hash.
        package: The package's folder; it need not be there now.

    Raises:
        GenerationError: Git cannot tell, or there was none.
    """
    # Git would take it for an option, and some of its options write files.
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise GenerationError(
            f"{revision!r} is not a git revision; name one such as HEAD~3 or v1.2"
        )
    start = package.absolute()
    while not start.is_dir() and start != start.parent:
        start = start.parent
    inside = (package.absolute().relative_to(start) / SPEC).as_posix()
    files = _files_of_archive(_archive(revision, start, inside))
    return _from_spec(files, Path(f"{package} at git revision {revision!r}"))


def _from_spec(files: Mapping[str, bytes], source: Path) -> Snapshot:
    snapshot = read_files({f"{SPEC}/{path}": content for path, content in files.items()}, source)
    if snapshot is None:
        raise GenerationError(f"{source} holds no snapshot")
    return snapshot


def _packages_in(folder: Path, package: str) -> list[Path]:
    if (folder / package / HUB).is_file():
        return [folder / package]
    return sorted(path.parent.parent for path in folder.glob(f"*/{HUB}"))


def _archive(revision: str, folder: Path, inside: str) -> bytes:
    command = ["git", "-C", str(folder), "archive", "--format=tar", revision, "--", inside]
    try:
        ended = subprocess.run(  # noqa: S603 - a list of words, and the revision cannot be an option
            command,
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS,
            env={**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
        )
    except FileNotFoundError:
        raise GenerationError("git is not installed, so that no revision can be read") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GenerationError(f"git did not answer: {error}") from None
    if ended.returncode:
        raise GenerationError(_refusal(revision, folder, inside, ended.stderr))
    return ended.stdout


def _refusal(revision: str, folder: Path, inside: str, said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    reason = lines[0].removeprefix("fatal: ") if lines else "it did not say why"
    if "not a git repository" in reason:
        return f"{revision!r} is not a folder, and {folder} is not in a git repository to find a revision in"
    if "did not match" in reason or "untracked" in reason:
        return f"the git revision {revision!r} holds no {folder / inside}"
    if "not a valid object name" in reason or "not a tree object" in reason:
        return (
            f"{revision!r} is neither a folder nor a git revision of {folder}; "
            "fetch it where the clone is shallow"
        )
    return f"the git revision {revision!r} cannot be read: {reason}"


def _files_of_archive(archive: bytes) -> dict[str, bytes]:
    """Return the files of the `spec` folder in an archive, by their path in it; links are left out."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            path = member.name.rpartition(f"{SPEC.name}/endpoints/")
            inside = f"endpoints/{path[2]}" if path[1] else member.name.rpartition("/")[2]
            # A link in an archive could point anywhere.
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None and member.size <= MAX_FILE_BYTES:
                files[inside] = content.read()
    return files
