"""Snapshots from elsewhere: a folder of any level, or a revision of the git repository that a package is in.

Owns how both are named and found. It writes nothing but a temporary folder, and checks nothing out.
"""

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..problems import GenerationError
from .files import HUB, SPEC, read
from .snapshot import Snapshot

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
        return _from_files(_files_of_spec(folder), str(folder))
    packages = [folder] if (folder / HUB).is_file() else _packages_in(folder, package)
    if len(packages) != 1:
        found = ", ".join(path.name for path in packages) or "none"
        raise GenerationError(
            f"{folder} is no package, no spec folder and holds no single package (found: {found}); "
            "name a package folder"
        )
    snapshot = read(packages[0])
    if snapshot is None:
        raise GenerationError(f"{packages[0]} holds no snapshot")
    return snapshot


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
        raise GenerationError(f"{revision!r} is no git revision; name one such as HEAD~3 or v1.2")
    start = package.absolute()
    while not start.is_dir() and start != start.parent:
        start = start.parent
    inside = (package.absolute().relative_to(start) / SPEC).as_posix()
    files = _files_of_archive(_archive(revision, start, inside))
    return _from_files(files, f"{package} at git revision {revision!r}")


def _packages_in(folder: Path, package: str) -> list[Path]:
    if (folder / package / HUB).is_file():
        return [folder / package]
    return sorted(path.parent.parent for path in folder.glob(f"*/{HUB}"))


def _files_of_spec(folder: Path) -> dict[str, bytes]:
    try:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*.json"))
            if path.is_file()
        }
    except OSError as error:
        raise GenerationError(f"{folder} cannot be read: {error.strerror or error}") from None


def _archive(revision: str, folder: Path, inside: str) -> bytes:
    command = ["git", "-C", str(folder), "archive", "--format=tar", revision, "--", inside]
    try:
        ended = subprocess.run(  # noqa: S603 - a list of words, and the revision is no option
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
        return (
            f"{revision!r} is no folder, and {folder} is in no git repository to find a revision in"
        )
    if "did not match" in reason or "untracked" in reason:
        return f"the git revision {revision!r} holds no {folder / inside}"
    if "not a valid object name" in reason or "not a tree object" in reason:
        return (
            f"{revision!r} is no folder and no git revision of {folder}; "
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
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None and member.size <= MAX_FILE_BYTES:
                files[inside] = content.read()
    return files


def _from_files(files: Mapping[str, bytes], source: str) -> Snapshot:
    with tempfile.TemporaryDirectory(prefix="aki-codegen-") as temporary:
        package = Path(temporary)
        for name, content in files.items():
            path = package / SPEC / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            snapshot = read(package)
        except GenerationError as error:
            # The temporary folder is nothing to the reader.
            raise GenerationError(f"{source}: {str(error).replace(temporary, '')}") from None
    if snapshot is None:
        raise GenerationError(f"{source}: there is no snapshot")
    return snapshot
