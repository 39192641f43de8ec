"""A package's version: three figures that follow what its refreshes change, kept as history in the package alone."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from aki_runtime.changes.compare import Change, worst

from ..output import generated_files
from ..parsing.settings import VersionRule
from ..problems import GenerationError
from .package import MANIFEST, START, VERSION, Package, version_file

_LINE = re.compile(rb'^__version__ = "(\d{1,9})\.(\d{1,9})\.(\d{1,9})"', re.MULTILINE)


def has_other_modules(before: Mapping[str, bytes], made: Package) -> bool:
    """Whether a package has other Python than the one that is there: to users, it is another one."""
    # By what was written, not by what is there: repairing an edit makes nothing new.
    past = generated_files(before)
    files = generated_files({str(MANIFEST): made.files[MANIFEST]})
    names = files.keys() | past.keys() if len(past) > 1 else ()
    return any(files.get(n) != past.get(n) for n in names if n.endswith(".py"))


def next_version(
    before: Mapping[str, bytes], changes: Iterable[Change], rule: VersionRule, folder: Path
) -> str:
    """Return the version of what takes the place of a package and differs from it.

    Args:
        before: The package's files; it may have been raised by hand.
        changes: How the package changes for those who call it.
        rule: What changes that may break raise: the second figure, or the first; "fixed" raises nothing.
        folder: The package's folder, to be named where its version cannot be read.

    Raises:
        GenerationError: What is there holds no version.
    """
    content = before.get(str(VERSION), version_file(START))
    found = _LINE.search(content)
    if found is None:
        raise GenerationError(
            f'{folder / VERSION} must hold a line such as __version__ = "{START}", of three numbers'
        )
    severity = worst(changes)
    # What no rule of changes is about, as another generator or a tombstone that is over, raises the last figure.
    place = {None: 2, "harmless": 2, "risky": 1, "breaking": 1}[severity]
    if rule == "major" and severity is not None:
        place -= 1
    figures = [int(figure) for figure in found.groups()]
    if rule != "fixed":
        figures = [*figures[:place], figures[place] + 1, *[0] * (2 - place)]
    return ".".join(map(str, figures))
