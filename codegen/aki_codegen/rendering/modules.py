"""The Python modules of a package: rendered, looked at once more and formatted; what is wrong is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from zlib import compress, decompress

from ..ir import NamedEndpoint
from ..problems import Problem
from ..snapshot.snapshot import Snapshot
from .describe import removal
from .families import Member, alternatives_to, find_families, render_protocols
from .models import model_sources
from .render import endpoint_path, render_endpoint, render_shared
from .style import formatted
from .verify import RenderedWrongError, verify_endpoint, verify_module

CHUNK = 50
"""Endpoints that are rendered at the same time: one call makes their models, and one run formats their modules."""


@dataclass(frozen=True)
class Modules:
    """The modules of a package.

    Attributes:
        endpoints: The endpoints that are in it, sorted by their Python names.
        files: The modules.
        problems: Why endpoints are not in it.
        alternatives: What can stand in for each endpoint that the hub has removed, by its name on the hub.
    """

    endpoints: tuple[NamedEndpoint, ...]
    files: Mapping[PurePosixPath, bytes]
    problems: tuple[Problem, ...]
    alternatives: Mapping[str, Sequence[str]]


def make_modules(endpoints: Sequence[NamedEndpoint], snapshot: Snapshot, package: str) -> Modules:
    """Make the modules of a package.

    Args:
        endpoints: The endpoints that are to be rendered.
        snapshot: What they are of.
        package: What the package is imported as.

    Raises:
        RenderedWrongError: A module that all need is wrong.
    """
    work = _Work(package, snapshot.removed)
    offered = [e for e in endpoints if e.wire_name not in snapshot.removed]
    for start in range(0, len(offered), CHUNK):
        work.add(offered[start : start + CHUNK])
    present = tuple(work.members)
    # What can stand in for an endpoint that is gone is known when the others are.
    work.add([e for e in endpoints if e.wire_name in snapshot.removed], present)
    made = tuple(sorted((m.endpoint for m in work.members), key=lambda endpoint: endpoint.name))
    if made:
        families = find_families(sorted(present, key=lambda member: member.endpoint.name))
        removed = {wire: removal(instead) for wire, instead in work.alternatives.items()}
        # Nobody needs the fields any more, and what names all endpoints takes much memory to render and to verify.
        del present, work.members[:]
        shared = render_shared(made, snapshot, package, removed)
        work.add_shared({**shared, PurePosixPath("protocols.py"): render_protocols(families)})
    return Modules(made, work.files(), tuple(sorted(work.problems)), work.alternatives)


class _Work:
    """The modules, made some at a time so that little is in memory at once."""

    def __init__(self, package: str, days: Mapping[str, str]) -> None:
        self._package = package
        self._days = days
        self.members: list[Member] = []
        self._packed: dict[PurePosixPath, bytes] = {}
        self.problems: list[Problem] = []
        self.alternatives: dict[str, list[str]] = {}

    def add(
        self, endpoints: Sequence[NamedEndpoint], offered: Sequence[Member] | None = None
    ) -> None:
        """Make the modules of some endpoints.

        Args:
            endpoints: The endpoints.
            offered: What the hub offers, where it has removed these; what can stand in for them is among it.
        """
        sources = model_sources(endpoints)
        texts: dict[PurePosixPath, str] = {}
        for endpoint in endpoints:
            source = sources.get(endpoint.wire_name)
            if source is None:
                self._leave_out(endpoint, "no models could be made of its fields")
                continue
            inputs, outputs = (source.fields[f"{endpoint.models}{p}"] for p in ("Input", "Output"))
            member = Member(endpoint, inputs, outputs, source.imports)
            alternatives = None if offered is None else alternatives_to(member, offered)
            path, day = endpoint_path(endpoint), self._days.get(endpoint.wire_name, "")
            text = render_endpoint(endpoint, source, alternatives, day)
            try:
                verify_endpoint(path, text, endpoint)
            except RenderedWrongError as error:
                self._leave_out(endpoint, str(error))
                continue
            if alternatives is not None:
                self.alternatives[endpoint.wire_name] = alternatives
            self.members.append(member)
            texts[path] = text
        self._pack(formatted(texts, self._package))

    def add_shared(self, texts: Mapping[PurePosixPath, str]) -> None:
        """Make the modules that all need."""
        python = {path: text for path, text in texts.items() if path.suffix == ".py"}
        for path, text in python.items():
            verify_module(path, text)
        self._pack({**texts, **formatted(python, self._package)})

    def files(self) -> dict[PurePosixPath, bytes]:
        """Return the modules, which were packed while others were made: what names all endpoints is large to verify."""
        return {path: decompress(packed) for path, packed in self._packed.items()}

    def _pack(self, texts: Mapping[PurePosixPath, str]) -> None:
        self._packed |= {p: compress(text.encode(), level=1) for p, text in texts.items()}

    def _leave_out(self, endpoint: NamedEndpoint, why: str) -> None:
        problem = Problem(endpoint.wire_name, "", why, "please report this", "skipped")
        self.problems.append(problem)
