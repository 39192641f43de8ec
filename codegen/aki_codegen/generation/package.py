"""A whole package as a value: from a snapshot to the bytes of every file, what is wrong with it, and its report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import PurePosixPath

from aki_runtime.changes.compare import fingerprint
from aki_runtime.metadata import why_unreadable

from .. import __version__
from ..export.agents import agent_files
from ..ir import NamedEndpoint
from ..literals import literal
from ..markup import code_span, markdown, row
from ..output import FORMAT, MANIFEST_NAME, digest_of
from ..parsing.parse import parse
from ..problems import Problem
from ..rendering.describe import endpoint_count, endpoint_summary
from ..rendering.modules import make_modules
from ..rendering.render import MADE_BY
from ..rendering.templates import fill
from ..snapshot.snapshot import COMMENT, HISTORY, Snapshot, sections_of, to_files

MANIFEST = PurePosixPath(MANIFEST_NAME)
REPORT = PurePosixPath("REPORT.md")
CHANGES = PurePosixPath("CHANGES.md")
VERSION = PurePosixPath("_version.py")
START = "0.1.0"
"""The version of a package that is new."""
PAST = (CHANGES, VERSION, HISTORY)
"""What is history: a hub that goes back to what it was gives the same files but these."""


@dataclass(frozen=True)
class Package:
    """A rendered package.

    Attributes:
        name: What it is imported as.
        files: The bytes of each file, by its path within the package; none where there is no endpoint.
        endpoints: The endpoints that are in it.
        problems: What is wrong with the metadata.
        snapshot: What it was rendered from, with the names that were given.
    """

    name: str
    files: Mapping[PurePosixPath, bytes]
    endpoints: tuple[NamedEndpoint, ...]
    problems: tuple[Problem, ...]
    snapshot: Snapshot

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """What was wrong when the hub was asked, and what is wrong with its metadata."""
        return tuple(sorted({*self.snapshot.problems, *self.problems}))


def make_package(snapshot: Snapshot, name: str) -> Package:
    """Render a package: a pure function of the snapshot and the package's name.

    Raises:
        RenderedWrongError: A module that all need is wrong.
    """
    parsed = parse(snapshot.documents, snapshot.names, snapshot.overrides)
    modules = make_modules(parsed.endpoints, snapshot, name)
    problems = tuple(sorted({*parsed.problems, *modules.problems}))
    # Skipped endpoints stay, because a later override may want them.
    documents = {
        wire: details for wire, details in snapshot.documents.items() if not why_unreadable(details)
    }
    named = replace(snapshot, names=parsed.names, documents=documents)
    if not modules.endpoints:
        return Package(name, {}, (), problems, named)
    spec = to_files(named, MADE_BY, modules.alternatives)
    agents = {p: t.encode() for p, t in agent_files(modules.endpoints, named, name).items()}
    files = {**modules.files, **agents, **spec, VERSION: version_file(START)}
    package = Package(name, files, modules.endpoints, problems, named)
    files[REPORT] = report_of(package).encode()
    manifest = {
        "format": FORMAT,
        COMMENT: MADE_BY,
        "history": [str(path) for path in PAST],
        "generator": {
            "aki-codegen": __version__,
            "datamodel-code-generator": version("datamodel-code-generator"),
        },
        "endpoints": {wire: fingerprint(d) for wire, d in sorted(documents.items())},
        "files": {
            str(path): digest_of(content)
            for path, content in sorted(files.items(), key=lambda item: item[0].parts)
            if path not in PAST
        },
    }
    files[MANIFEST] = manifest_file(manifest)
    return package


def manifest_file(manifest: Mapping[str, object]) -> bytes:
    """Return the bytes of a manifest."""
    return f"{json.dumps(manifest, indent=2)}\n".encode()


def version_file(version: str) -> bytes:
    """Return the module that holds a package's version."""
    return fill("_version.py.jinja", version=literal(version)).encode()


def report_of(package: Package) -> str:
    """Return REPORT.md: what a package holds, and what is wrong with the metadata."""
    documents = package.snapshot.documents
    return fill(
        "report.md.jinja",
        package=code_span(package.name),
        command=code_span(package.snapshot.command),
        count=markdown(endpoint_count(len(package.endpoints))),
        server=code_span(package.snapshot.server),
        endpoints=[
            row(e.wire_name, code_span(e.name), _summary(e, package.snapshot.removed))
            for e in package.endpoints
        ],
        problems=[
            row(p.where, p.what, p.effect, p.remedy, _override(p, documents.get(p.endpoint)))
            for p in package.all_problems
        ],
    )


def _summary(endpoint: NamedEndpoint, removed: Mapping[str, str]) -> str:
    day = removed.get(endpoint.wire_name)
    gone = f" The hub has removed it (found on {day})." if day is not None else ""
    return endpoint_summary(endpoint) + gone


def _override(problem: Problem, document: object) -> str:
    """Return the table of pyproject.toml in which a user settles a problem; empty where there is none."""
    # What is kept or unused needs no override.
    if problem.effect not in ("skipped", "degraded"):
        return ""
    table = f"tool.aki-codegen.endpoints.{json.dumps(problem.endpoint)}"
    for name, section in sections_of(document).items():
        if problem.field in section:
            return f"[{table}.{name}.{json.dumps(problem.field)}] type, rename or skip"
    return f"[{table}] skip"
