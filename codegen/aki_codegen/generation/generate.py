"""One generation, from a snapshot to files on disk: first what is to be written, then the writing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..output import files_of, recover, require_whole, write_package
from ..problems import GenerationError, Problem
from ..rendering.render import endpoint_path
from ..snapshot.snapshot import Snapshot, read_files
from .package import CHANGES, VERSION, Package, make_package, version_file
from .seal import makes_the_same, problems_if_sealed, sealed


@dataclass(frozen=True)
class Generated:
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


def generate(snapshot: Snapshot, out: Path, package_name: str) -> Generated:
    """Render a snapshot and write the package and its report.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    return publish(prepare(snapshot, package_name), out, files_of(out / package_name))


def prepare(
    snapshot: Snapshot, package_name: str, *, strict: bool = False, previous: Snapshot | None = None
) -> Package:
    """Render a snapshot. It writes nothing.

    Args:
        snapshot: What is rendered.
        package_name: What the package is imported as.
        strict: Fail on any problem.
        previous: The snapshot before: an endpoint that cannot be made any more stays as it was there.

    Raises:
        GenerationError: There is nothing to write, and why.
    """
    package = make_package(snapshot, package_name)
    # What the generator itself could not make is made of the last known details.
    known = previous.offered() if previous is not None else {}
    made = {endpoint.wire_name for endpoint in package.endpoints}
    skipped = [p for p in package.problems if p.effect == "skipped" and p.endpoint not in made]
    kept = {replace(p, effect="kept") for p in skipped if p.endpoint in known}
    # Names are public: an endpoint that this generator cannot make stays as callers know it.
    if kept:
        last_known = {problem.endpoint: known[problem.endpoint] for problem in kept}
        earlier = replace(
            package.snapshot,
            documents={**package.snapshot.documents, **last_known},
            problems=tuple(sorted({*package.snapshot.problems, *kept})),
        )
        package = make_package(earlier, package_name)
    if not package.endpoints:
        raise GenerationError("no endpoint could be generated:", package.all_problems)
    if strict and package.all_problems:
        raise GenerationError("with --strict any problem is a failure:", package.all_problems)
    return package


def publish(
    package: Package,
    out: Path,
    before: Mapping[str, bytes],
    *,
    changes: str | None = None,
    version: str | None = None,
) -> Generated:
    """Write a package.

    Args:
        package: The package.
        out: The output folder.
        before: The files of the package that is there.
        changes: The history of changes; None leaves it as it is.
        version: The package's version; None leaves it as it is.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    files = sealed(package, before)
    files |= {path: before[str(path)] for path in (CHANGES, VERSION) if str(path) in before}
    if changes is not None:
        files[CHANGES] = changes.encode()
    if version is not None:
        files[VERSION] = version_file(version)
    write_package(out / package.name, files, before)
    made = {str(path): content for path, content in files.items()}
    return _generated(package.snapshot, package.all_problems, before, made)


def already_made(
    package: str, before: Mapping[str, bytes], previous: Snapshot | None, snapshot: Snapshot
) -> Generated | None:
    """Return what a generation comes to that would change nothing, without rendering; else None.

    Args:
        package: What the package is imported as.
        before: The files of the package that is there.
        previous: The snapshot that is among them, if any.
        snapshot: What would be rendered.
    """
    if previous is None or str(VERSION) not in before or not makes_the_same(previous, snapshot):
        return None
    problems = problems_if_sealed(before, package)
    return None if problems is None else _generated(snapshot, problems, before, before)


def read_package(folder: Path) -> tuple[dict[str, bytes], Snapshot | None]:
    """Read the files of the package that is there, and its snapshot, None where there is none.

    Raises:
        GenerationError: It cannot be read, or a part of it is lost.
    """
    recover(folder)
    files = files_of(folder)
    require_whole(files, folder)
    return files, read_files(files, folder)


def _generated(
    snapshot: Snapshot,
    problems: tuple[Problem, ...],
    before: Mapping[str, bytes],
    made: Mapping[str, bytes],
) -> Generated:
    endpoints: dict[str, list[str]] = {"new": [], "changed": [], "unchanged": [], "removed": []}
    for wire in sorted(snapshot.documents, key=lambda wire: snapshot.names[wire].name):
        path = str(endpoint_path(snapshot.names[wire]))
        if path not in made:
            continue
        if wire in snapshot.removed:
            # Tombstones of earlier refreshes are not news.
            if made[path] != before.get(path):
                endpoints["removed"].append(wire)
        elif path not in before:
            endpoints["new"].append(wire)
        else:
            endpoints["unchanged" if made[path] == before[path] else "changed"].append(wire)
    return Generated(snapshot, endpoints, problems)
