"""The Python modules of a package: rendered, formatted and looked at once more; what is wrong is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..ir import Endpoint
from ..problems import Problem
from ..snapshot.snapshot import Snapshot
from .entry import Entry, entry_of
from .families import Family, alternatives_to, find_families
from .models import ModelSource, model_sources
from .protocols import render_protocols
from .render import endpoint_path, render_endpoint, render_shared
from .style import NotFormattedError, formatted
from .verify import RenderedWrongError, verify_endpoint, verify_module

PROTOCOLS = PurePosixPath("protocols.py")
CHUNK = 50
"""Endpoints that are rendered at the same time: one call makes their models, and one run formats their modules."""


@dataclass(frozen=True)
class Modules:
    """The modules of a package.

    Attributes:
        entries: The endpoints that are in it, sorted by their Python names.
        files: The modules.
        problems: Why endpoints are not in it.
    """

    entries: tuple[Entry, ...]
    files: Mapping[PurePosixPath, bytes]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Draft:
    """The module of an endpoint before it is formatted."""

    endpoint: Endpoint
    entry: Entry
    text: str


def make_modules(endpoints: Sequence[Endpoint], snapshot: Snapshot, package: str) -> Modules:
    """Make the modules of a package.

    Args:
        endpoints: The endpoints that are to be rendered.
        snapshot: What they are of.
        package: What the package is imported as.

    Raises:
        RenderedWrongError: A module that all need is wrong.
    """
    work = _Work(package)
    offered = [e for e in endpoints if e.wire_name not in snapshot.removed]
    for start in range(0, len(offered), CHUNK):
        work.add(offered[start : start + CHUNK])
    present = tuple(work.entries)
    # What can stand in for an endpoint that is gone is known when the others are.
    work.add([e for e in endpoints if e.wire_name in snapshot.removed], present)
    entries = tuple(sorted(work.entries, key=lambda entry: entry.name))
    if not entries:
        return Modules((), {}, tuple(sorted(work.problems)))
    families = find_families(e for e in entries if e.wire_name not in snapshot.removed)
    shared = _shared(entries, families, snapshot, package)
    return Modules(entries, {**work.files, **shared}, tuple(sorted(work.problems)))


class _Work:
    """The endpoints' modules, made some at a time so that little is in memory at once."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.entries: list[Entry] = []
        self.files: dict[PurePosixPath, bytes] = {}
        self.problems: list[Problem] = []

    def add(self, endpoints: Sequence[Endpoint], offered: Sequence[Entry] | None = None) -> None:
        """Make the modules of some endpoints.

        Args:
            endpoints: The endpoints.
            offered: What the hub offers, where it has removed these; what can stand in for them is among it.
        """
        sources = model_sources(endpoints)
        drafts: dict[PurePosixPath, _Draft] = {}
        for endpoint in endpoints:
            try:
                drafts[endpoint_path(endpoint)] = self._draft(endpoint, sources, offered)
            except RenderedWrongError as error:
                self._leave_out(endpoint, error)
        for path, source in self._formatted(drafts).items():
            draft = drafts[path]
            try:
                verify_endpoint(path, source, draft.endpoint)
            except RenderedWrongError as error:
                self._leave_out(draft.endpoint, error)
            else:
                self.entries.append(draft.entry)
                self.files[path] = source.encode()

    def _draft(
        self,
        endpoint: Endpoint,
        sources: Mapping[str, ModelSource],
        offered: Sequence[Entry] | None,
    ) -> _Draft:
        source = sources.get(endpoint.wire_name)
        if source is None:
            raise RenderedWrongError("no models could be made of its fields")
        entry = entry_of(endpoint, source)
        alternatives = None if offered is None else alternatives_to(entry, offered)
        return _Draft(
            endpoint, entry, render_endpoint(endpoint, source, alternatives, self._package)
        )

    def _formatted(self, drafts: Mapping[PurePosixPath, _Draft]) -> dict[PurePosixPath, str]:
        texts = {path: draft.text for path, draft in drafts.items()}
        try:
            return formatted(texts, self._package)
        except NotFormattedError:
            for path, draft in drafts.items():
                try:
                    verify_module(path, draft.text)
                except RenderedWrongError as error:
                    self._leave_out(draft.endpoint, error)
                    del texts[path]
        return formatted(texts, self._package)

    def _leave_out(self, endpoint: Endpoint, error: RenderedWrongError) -> None:
        problem = Problem(endpoint.wire_name, "", str(error), "please report this", "skipped")
        self.problems.append(problem)


def _shared(
    entries: Sequence[Entry], families: Sequence[Family], snapshot: Snapshot, package: str
) -> dict[PurePosixPath, bytes]:
    """Return the modules that are made from all endpoints."""
    texts = render_shared(entries, snapshot, package)
    texts[PROTOCOLS] = render_protocols(families, package)
    python = {path: text for path, text in texts.items() if path.suffix == ".py"}
    try:
        texts |= formatted(python, package)
    except NotFormattedError:
        for path, text in python.items():
            verify_module(path, text)
        raise
    for path in python:
        verify_module(path, texts[path])
    return {path: text.encode() for path, text in texts.items()}
