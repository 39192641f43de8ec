"""One generation, from a hub or a snapshot to files on disk."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from . import snapshot as snapshots
from .literals import Code
from .package import Package, make_package
from .problems import GenerationError, Problem
from .render import endpoint_path
from .report import report_markdown
from .snapshot import Snapshot, canonical
from .source import Fetched, fetch
from .target import Target
from .templates import fill
from .wire import read_details
from .write import Written, recover, write_beside, write_package

REPORT = "REPORT.md"


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
        """Return the endpoints' names as new, changed or unchanged."""
        sorted_out: dict[str, list[str]] = {"new": [], "changed": [], "unchanged": []}
        for endpoint in self.package.endpoints:
            path = str(endpoint_path(endpoint))
            kind = (
                "new"
                if path in self.written.added
                else "changed"
                if path in self.written.changed
                else "unchanged"
            )
            sorted_out[kind].append(endpoint.wire_name)
        return sorted_out


def snapshot_of_hub(
    target: Target, previous: Snapshot | None, on_document: Callable[[int, int], None]
) -> tuple[Snapshot, tuple[Problem, ...]]:
    """Ask a hub, and keep what is known of endpoints whose details can not be had.

    Raises:
        GenerationError: The list could not be had, or is empty.
    """
    fetched = asyncio.run(fetch(target.address, target.key, on_document))
    if not fetched.listed:
        raise GenerationError(
            f"{target.address.server} lists no endpoints; with a key it may list more (AKI_API_KEY)"
        )
    server, layout = target.recorded.server, target.recorded.layout
    before = previous if previous is not None else Snapshot(server, layout, {})
    documents, problems = _with_last_known(fetched, before.documents)
    return Snapshot(server, layout, documents, before.names, before.overrides), problems


def generate(
    snapshot: Snapshot,
    fetch_problems: tuple[Problem, ...],
    out: Path,
    package_name: str,
    *,
    strict: bool = False,
    project: bool = False,
) -> Outcome:
    """Render a snapshot and write the package, its report and, where asked for, its project file.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    package = make_package(snapshot, package_name)
    problems = tuple(sorted({*fetch_problems, *package.problems}))
    if not package.endpoints:
        raise GenerationError(
            "no endpoint could be generated:" + "".join(f"\n  - {problem}" for problem in problems)
        )
    if strict and problems:
        raise GenerationError(
            "with --strict any problem is a failure:"
            + "".join(f"\n  - {problem}" for problem in problems)
        )
    written = write_package(out / package_name, package.files)
    write_beside(out / REPORT, report_markdown(package, problems))
    if project and not (out / "pyproject.toml").exists():
        write_beside(out / "pyproject.toml", _project_file(package_name))
    return Outcome(package, written, problems)


def read_snapshot(out: Path, package_name: str) -> Snapshot | None:
    """Read the snapshot of the package that is there, None where there is none."""
    recover(out / package_name)
    return snapshots.read(out / package_name)


def _with_last_known(
    fetched: Fetched, known: Mapping[str, object]
) -> tuple[dict[str, object], tuple[Problem, ...]]:
    documents: dict[str, object] = {}
    problems = {problem.endpoint: problem for problem in fetched.problems}
    for name in fetched.listed:
        document = canonical(name, fetched.documents.get(name))
        why = read_details(document)
        if not isinstance(why, str):
            documents[name] = document
            continue
        problem = problems.get(name) or Problem(
            name, "", why, "ask the hub's administrator", "skipped"
        )
        if name in known:
            documents[name] = known[name]
            problem = replace(problem, effect="kept")
        problems[name] = problem
    return documents, tuple(sorted(problems.values()))


def _project_file(package: str) -> str:
    return fill(
        "pyproject.toml.jinja",
        package=Code(package),
        project=Code(package.replace("_", "-")),
    )
