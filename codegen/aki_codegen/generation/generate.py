"""One generation, from a snapshot to files on disk: first what is to be written, then the writing."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..literals import Code
from ..output.folder import files_of, require_whole
from ..output.write import Written, recover, write_package
from ..problems import GenerationError, Problem
from ..rendering.render import endpoint_path
from ..rendering.templates import fill
from ..reports.history import CHANGES
from ..snapshot import files as snapshot_files
from ..snapshot.snapshot import Snapshot
from .package import Package, make_package
from .report import report_markdown
from .seal import is_same, problems_if_sealed, seal

REPORT = "REPORT.md"
PROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Outcome:
    """What a generation did.

    Attributes:
        snapshot: What the package is made from.
        endpoints: The endpoints' names as "new", "changed", "unchanged" or "removed".
        problems: Everything that was wrong, fetching included.
    """

    snapshot: Snapshot
    endpoints: Mapping[str, Sequence[str]]
    problems: tuple[Problem, ...]

    @property
    def complete(self) -> bool:
        """Whether every listed endpoint is there as the hub describes it now."""
        return not any(problem.effect in ("skipped", "kept") for problem in self.problems)


@dataclass(frozen=True)
class Prepared:
    """What is to be written.

    Attributes:
        package: What was rendered.
        problems: Everything that was wrong, fetching included.
        before: The files of the package that is there.
    """

    package: Package
    problems: tuple[Problem, ...]
    before: Mapping[str, bytes]


def generate(snapshot: Snapshot, out: Path, package_name: str) -> Outcome:
    """Render a snapshot and write the package and its report.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    return publish(prepare(snapshot, out, package_name), out)


def prepare(
    snapshot: Snapshot,
    out: Path,
    package_name: str,
    *,
    strict: bool = False,
    before: Mapping[str, bytes] | None = None,
    previous: Snapshot | None = None,
) -> Prepared:
    """Render a snapshot. It writes nothing.

    Args:
        snapshot: What is rendered.
        out: The output folder.
        package_name: What the package is imported as.
        strict: Fail on any problem.
        before: The files of the package that is there, where they have been read.
        previous: The snapshot that it was made from: an endpoint that cannot be made any more stays as it was there.

    Raises:
        GenerationError: There is nothing to write, and why.
    """
    files = files_of(out / package_name) if before is None else before
    package = make_package(snapshot, package_name)
    left_out = _left_out(package, previous)
    if left_out:
        package = make_package(_with_last_known(package, left_out), package_name)
    problems = all_problems(package)
    if not package.endpoints:
        raise GenerationError("no endpoint could be generated:", problems)
    if strict and problems:
        raise GenerationError("with --strict any problem is a failure:", problems)
    return Prepared(package, problems, files)


def publish(
    prepared: Prepared, out: Path, *, changes: str | None = None, project: bool = False
) -> Outcome:
    """Write a package with its report, the history of changes and, where asked for, its project file.

    Args:
        prepared: The package.
        out: The output folder.
        changes: The history of changes; None leaves it as it is.
        project: Write a project file too, where there is none.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    package = prepared.package
    report = report_of(package)
    beside = {REPORT: report}
    if changes is not None:
        beside[CHANGES] = changes
    if project and not (out / PROJECT).exists():
        beside[PROJECT] = _project_file(package.name)
    sealed = seal(package.files, package.name, report, prepared.problems, prepared.before)
    written = write_package(out / package.name, sealed, prepared.before, beside)
    return _outcome(package.snapshot, package.files, prepared.problems, written)


def already_made(
    package: str,
    out: Path,
    before: Mapping[str, bytes],
    previous: Snapshot | None,
    snapshot: Snapshot,
) -> Outcome | None:
    """Return what a generation comes to that would change nothing, without rendering; else None.

    Args:
        package: What the package is imported as.
        out: The output folder.
        before: The files of the package that is there.
        previous: The snapshot that is among them, if any.
        snapshot: What would be rendered.
    """
    if previous is None or not is_same(previous, snapshot):
        return None
    problems = problems_if_sealed(before, package, out / REPORT)
    if problems is None:
        return None
    return _outcome(snapshot, {PurePosixPath(path) for path in before}, problems)


def all_problems(package: Package) -> tuple[Problem, ...]:
    """Return what was wrong when the hub was asked, and what is wrong with its metadata."""
    return tuple(sorted({*package.snapshot.problems, *package.problems}))


def report_of(package: Package) -> str:
    """Return the report of a package."""
    return report_markdown(package, all_problems(package))


def read_package(folder: Path) -> tuple[dict[str, bytes], Snapshot | None]:
    """Read the files of the package that is there, and its snapshot, None where there is none."""
    recover(folder)
    try:
        files = files_of(folder)
    except OSError as error:
        raise GenerationError(f"{folder} cannot be read: {error}") from None
    require_whole(files, folder)
    return files, snapshot_files.read_files(files, folder)


def _outcome(
    snapshot: Snapshot,
    files: Container[PurePosixPath],
    problems: tuple[Problem, ...],
    written: Written | None = None,
) -> Outcome:
    endpoints: dict[str, list[str]] = {"new": [], "changed": [], "unchanged": [], "removed": []}
    for wire in sorted(snapshot.documents, key=lambda wire: snapshot.names[wire].name):
        path = endpoint_path(snapshot.names[wire])
        if path not in files:
            continue
        if wire in snapshot.removed:
            endpoints["removed"].append(wire)
        elif written is not None and str(path) in written.added:
            endpoints["new"].append(wire)
        elif written is not None and str(path) in written.changed:
            endpoints["changed"].append(wire)
        else:
            endpoints["unchanged"].append(wire)
    return Outcome(snapshot, endpoints, problems)


def _left_out(package: Package, previous: Snapshot | None) -> dict[str, object]:
    """Return the last known details of endpoints that the generator itself could not make."""
    made = {entry.wire_name for entry in package.endpoints}
    skipped = {p.endpoint for p in package.problems if p.effect == "skipped"} - made
    known = previous.offered() if previous is not None else {}
    return {name: known[name] for name in skipped if name in known}


def _project_file(package: str) -> str:
    return fill(
        "pyproject.toml.jinja",
        package=Code(package),
        project=Code(package.replace("_", "-")),
    )


def _with_last_known(package: Package, details: Mapping[str, object]) -> Snapshot:
    snapshot = package.snapshot
    problems = [
        replace(problem, effect="kept")
        for problem in package.problems
        if problem.endpoint in details and problem.effect == "skipped"
    ]
    return replace(
        snapshot,
        documents={**snapshot.documents, **details},
        problems=tuple(sorted({*snapshot.problems, *problems})),
    )
