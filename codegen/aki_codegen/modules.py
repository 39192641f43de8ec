"""The Python modules of a package: rendered, formatted and looked at once more; what is wrong is left out."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from .entry import Entry, entry_of
from .families import Family, alternatives_to, find_families
from .ir import Endpoint
from .kept import Files, Kept, KeptEndpoint
from .models import Models, ModelSource
from .problems import Problem
from .render import endpoint_path, render_endpoint, render_shared
from .render_protocols import render_protocols
from .snapshot import Snapshot
from .style import NotFormattedError, formatted
from .verify import RenderedWrongError, verify_endpoint, verify_module

PROTOCOLS = PurePosixPath("protocols.py")


@dataclass(frozen=True)
class Modules:
    """The modules of a package.

    Attributes:
        entries: The endpoints that are in it, sorted by their Python names.
        files: The modules.
        shared: Which of them are made from all endpoints, by the digest of what they are made from.
        problems: Why endpoints are not in it.
    """

    entries: tuple[Entry, ...]
    files: Files
    shared: Mapping[str, tuple[PurePosixPath, ...]]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Draft:
    """An endpoint that is to be rendered."""

    endpoint: Endpoint
    source: ModelSource
    entry: Entry


def make_modules(
    endpoints: Sequence[Endpoint],
    unread: Mapping[str, KeptEndpoint],
    snapshot: Snapshot,
    package: str,
    kept: Kept,
) -> Modules:
    """Make the modules of a package.

    Args:
        endpoints: The endpoints that are to be rendered.
        unread: Those that are taken over, by the hub's names.
        snapshot: What they are of.
        package: What the package is imported as.
        kept: What shared files can be taken over.

    Raises:
        RenderedWrongError: A module that all need is wrong.
    """
    drafts, problems = _drafts(endpoints, package)
    while True:
        work = _Work(drafts, unread, snapshot, package, kept)
        files, wrong = work.done()
        if not wrong:
            break
        problems += [_not_rendered(wire, error) for wire, error in wrong.items()]
        drafts = [draft for draft in drafts if draft.endpoint.wire_name not in wrong]
    return Modules(work.entries, files, work.shared, tuple(sorted(problems)))


def _drafts(endpoints: Sequence[Endpoint], package: str) -> tuple[list[_Draft], list[Problem]]:
    models = Models(endpoints, package)
    drafts: list[_Draft] = []
    problems: list[Problem] = []
    for endpoint in endpoints:
        try:
            source = models.source(endpoint)
        except RenderedWrongError as error:
            problems.append(_not_rendered(endpoint.wire_name, error))
        else:
            drafts.append(_Draft(endpoint, source, entry_of(endpoint, source)))
    return drafts, problems


class _Work:
    """One attempt at all modules."""

    def __init__(
        self,
        drafts: Sequence[_Draft],
        unread: Mapping[str, KeptEndpoint],
        snapshot: Snapshot,
        package: str,
        kept: Kept,
    ) -> None:
        self._drafts = drafts
        self._unread = unread
        self._snapshot = snapshot
        self._package = package
        self._kept = kept
        every = [*(d.entry for d in drafts), *(k.entry for k in unread.values())]
        self.entries = tuple(sorted(every, key=lambda entry: entry.name))
        self._offered = [e for e in self.entries if e.wire_name not in snapshot.removed]
        self._families = find_families(self._offered)
        self._groups = {
            _digest_of_lists(self.entries, snapshot): self._lists,
            _digest_of_families(self._families): self._protocols,
        }
        self.shared: dict[str, tuple[PurePosixPath, ...]] = {}

    def done(self) -> tuple[dict[PurePosixPath, bytes], dict[str, RenderedWrongError]]:
        """Return the modules, or, where there are such, the endpoints that can not be rendered and why."""
        if not self.entries:
            return {}, {}
        files = {endpoint_path(k.entry): k.module for k in self._unread.values()}
        texts: dict[PurePosixPath, str] = {}
        for digest, render in self._groups.items():
            taken = self._kept.shared.get(digest)
            drawn = render() if taken is None else {}
            texts |= drawn
            files |= taken or {}
            self.shared[digest] = tuple(taken or drawn)
        drafts = {endpoint_path(draft.endpoint): draft for draft in self._drafts}
        texts |= {path: self._module(draft) for path, draft in drafts.items()}
        python = {path: text for path, text in texts.items() if path.suffix == ".py"}
        try:
            sources = formatted(python, self._package) if python else {}
        except NotFormattedError:
            wrong = _wrong(python, drafts, verify=_verify_syntax)
            if not wrong:
                raise
            return {}, wrong
        wrong = _wrong(sources, drafts, verify=verify_endpoint)
        return files | {path: text.encode() for path, text in {**texts, **sources}.items()}, wrong

    def _module(self, draft: _Draft) -> str:
        is_removed = draft.endpoint.wire_name in self._snapshot.removed
        alternatives = alternatives_to(draft.entry, self._offered) if is_removed else None
        return render_endpoint(draft.endpoint, draft.source, alternatives, self._package)

    def _lists(self) -> dict[PurePosixPath, str]:
        return render_shared(self.entries, self._snapshot, self._package)

    def _protocols(self) -> dict[PurePosixPath, str]:
        return {PROTOCOLS: render_protocols(self._families, self._package)}


def _wrong(
    sources: Mapping[PurePosixPath, str],
    drafts: Mapping[PurePosixPath, _Draft],
    verify: Callable[[PurePosixPath, str, Endpoint], None],
) -> dict[str, RenderedWrongError]:
    """Return the endpoints whose modules are wrong, and why."""
    wrong: dict[str, RenderedWrongError] = {}
    for path, source in sources.items():
        if path not in drafts:
            verify_module(path, source)
            continue
        endpoint = drafts[path].endpoint
        try:
            verify(path, source, endpoint)
        except RenderedWrongError as error:
            wrong[endpoint.wire_name] = error
    return wrong


def _verify_syntax(path: PurePosixPath, text: str, endpoint: Endpoint) -> None:
    verify_module(path, text)


def _digest_of_lists(entries: Sequence[Entry], snapshot: Snapshot) -> str:
    names = [(entry.name, entry.models) for entry in entries]
    return _digest(["lists", snapshot.server, snapshot.layout, names])


def _digest_of_families(families: Sequence[Family]) -> str:
    said = [
        (
            family.name,
            [member.name for member in family.members],
            [asdict(field) for field in family.parameters],
            [asdict(field) for field in family.outputs],
        )
        for family in families
    ]
    return _digest(["families", said])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _not_rendered(wire_name: str, error: RenderedWrongError) -> Problem:
    return Problem(wire_name, "", str(error), "please report this", "skipped")
