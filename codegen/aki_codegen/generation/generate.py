"""One generation, from a hub or a snapshot to files on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..literals import Code
from ..output.folder import files_of
from ..output.write import Written, recover, write_package
from ..problems import GenerationError, Problem
from ..rendering.entry import Entry
from ..rendering.render import endpoint_path
from ..rendering.templates import fill
from ..snapshot import files as snapshot_files
from ..snapshot.snapshot import Snapshot
from .package import Package, make_package
from .report import report_markdown
from .reuse import kept_from, remember

REPORT = "REPORT.md"
PROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Outcome:
    """What a generation did.

    Attributes:
        package: What was rendered.
        written: What changed on disk.
        problems: Everything that was wrong, fetching included.
    """

    package: Package
    written: Written
    problems: tuple[Problem, ...]

    @property
    def complete(self) -> bool:
        """Whether every listed endpoint is there as the hub describes it now."""
        return not any(problem.effect in ("skipped", "kept") for problem in self.problems)

    def endpoints_by_change(self) -> dict[str, list[str]]:
        """Return the endpoints' names as new, changed, unchanged or removed."""
        sorted_out: dict[str, list[str]] = {
            "new": [],
            "changed": [],
            "unchanged": [],
            "removed": [],
        }
        for entry in self.package.endpoints:
            sorted_out[self._change_of(entry)].append(entry.wire_name)
        return sorted_out

    def _change_of(self, entry: Entry) -> str:
        path = str(endpoint_path(entry))
        if entry.wire_name in self.package.snapshot.removed:
            return "removed"
        if path in self.written.added:
            return "new"
        return "changed" if path in self.written.changed else "unchanged"


def generate(
    snapshot: Snapshot,
    out: Path,
    package_name: str,
    *,
    strict: bool = False,
    project: bool = False,
    before: Mapping[str, bytes] | None = None,
) -> Outcome:
    """Render a snapshot and write the package, its report and, where asked for, its project file.

    What is there already and still holds is taken over.

    Args:
        snapshot: What is rendered.
        out: The output folder.
        package_name: What the package is imported as.
        strict: Fail on any problem.
        project: Write a project file too, where there is none.
        before: The files of the package that is there, where they have been read.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    folder = out / package_name
    files = files_of(folder) if before is None else before
    kept = kept_from(folder, files, snapshot, package_name)
    package = make_package(snapshot, package_name, kept)
    problems = all_problems(package)
    if not package.endpoints:
        raise GenerationError(
            "no endpoint could be generated:" + "".join(f"\n  - {problem}" for problem in problems)
        )
    if strict and problems:
        raise GenerationError(
            "with --strict any problem is a failure:"
            + "".join(f"\n  - {problem}" for problem in problems)
        )
    beside = {REPORT: report_of(package)}
    if project and not (out / PROJECT).exists():
        beside[PROJECT] = _project_file(package_name)
    written = write_package(folder, package.files, files, beside)
    remember(folder, package, kept)
    return Outcome(package, written, problems)


def all_problems(package: Package) -> tuple[Problem, ...]:
    """Return what was wrong when the hub was asked, and what is wrong with its metadata."""
    return tuple(sorted({*package.snapshot.problems, *package.problems}))


def report_of(package: Package) -> str:
    """Return the report of a package."""
    return report_markdown(package, all_problems(package))


def read_package(folder: Path) -> tuple[dict[str, bytes], Snapshot | None]:
    """Read the files of the package that is there, and its snapshot, None where there is none."""
    recover(folder)
    files = files_of(folder)
    return files, snapshot_files.read_files(files, folder)


def _project_file(package: str) -> str:
    return fill(
        "pyproject.toml.jinja",
        package=Code(package),
        project=Code(package.replace("_", "-")),
    )
