"""The source files below some paths, read within limits, and what is found in each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aki_runtime.shapes import is_array

from .lint import Finding, SourceText, UnreadableError, decoded
from .packages import Packages, find_packages, is_generated, project_of, settings_of, walk

MAX_BYTES = 5_000_000
"""Bytes of a source file at most; no person writes longer ones."""


@dataclass(frozen=True)
class Checked:
    """A file that was looked at.

    Attributes:
        path: As it was named.
        findings: What is wrong.
        skipped: Why it was not judged, one clause; empty where it was.
    """

    path: Path
    findings: tuple[Finding, ...] = ()
    skipped: str = ""


def source_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Return the Python files that paths name or hold, generated packages left out."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        generated: list[Path] = []
        for folder, names in walk(path):
            if is_generated(folder):
                generated.append(folder)
            if not any(folder.is_relative_to(each) for each in generated):
                yield from (folder / name for name in names if name.endswith((".py", ".pyi")))


def check_file(path: Path, python: Path | None = None) -> Checked:
    """Judge one file; what does not name a package is not even read as Python."""
    try:
        # Asked first: a pipe or a device has no end.
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return Checked(path, skipped="is not a file of at most 5 MB")
        content = path.read_bytes()
    except OSError as error:
        return Checked(path, skipped=f"cannot be read: {error.strerror}")
    if b"\0" in content:
        return Checked(path, skipped="is not text")
    packages, _ = known_to(path, python)
    if not any(name.encode() in content for name in packages):
        return Checked(path)
    try:
        return Checked(path, tuple(findings_of_text(decoded(content), path, python)))
    except UnreadableError as error:
        return Checked(path, skipped=f"cannot be judged: {error}")


def findings_of_text(text: str, path: Path, python: Path | None = None) -> list[Finding]:
    """Judge the text of a file by the packages and settings of its project.

    Raises:
        UnreadableError: It is not Python.
    """
    packages, ignored = known_to(path, python)
    return unignored(SourceText(text, packages).findings(), ignored)


def unignored(found: list[Finding], ignored: tuple[str, ...]) -> list[Finding]:
    """Return the findings that the project wants."""
    return [finding for finding in found if not finding.code.startswith(ignored)]


def known_to(path: Path, python: Path | None) -> tuple[Packages, tuple[str, ...]]:
    """Return the packages of a file's project, and the beginnings of codes that it wants nothing of."""
    return _known_to(project_of(path.absolute().parent), python)


@cache
def _known_to(project: Path, python: Path | None) -> tuple[Packages, tuple[str, ...]]:
    return find_packages(project, python), ignored_by(project)


def ignored_by(project: Path) -> tuple[str, ...]:
    """Return the beginnings of codes that a project wants nothing of."""
    codes = settings_of(project).get("ignore")
    return tuple(str(code) for code in codes if code) if is_array(codes) else ()


def forget_packages() -> None:
    """Look for packages and settings anew when they are next needed."""
    for known in (_known_to, project_of, settings_of):
        known.cache_clear()
