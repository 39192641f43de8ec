"""The metadata that a package is made from: the only thing that rendering depends on. Values, no files.

It holds what the specification is made of and nothing that changes from second to second, and it remembers
the names once given and the endpoints that have just gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aki_runtime.hub import Address, Layout
from aki_runtime.shapes import is_object

from ..ir import Section
from ..naming import DEFAULT_OUT
from ..parsing.overrides import Overrides
from ..parsing.parse import SECTIONS, EndpointNames
from ..problems import Problem

_KEPT_FIELDS = ("name", "title", "description", "category", "version", "parameter_description")


@dataclass(frozen=True)
class Snapshot:
    """All that rendering depends on.

    Attributes:
        server: The hub's address, the default of the generated client.
        layout: How the hub lays out its routes.
        documents: Canonical details by the endpoint's name, tombstones included.
        names: Names once given, by the endpoint's name; endpoints that are gone included.
        overrides: What the user settles against the metadata.
        removed: Endpoints that the hub has removed since the refresh before: kept as tombstones for one.
        problems: What was wrong when the hub was asked.
        is_sandbox: Whether the sandbox hub was asked, which only stands in for the server.
        out: The folder that the package is in, as `--out` names it.
    """

    server: str
    layout: Layout
    documents: Mapping[str, object]
    names: Mapping[str, EndpointNames] = field(default_factory=dict[str, EndpointNames])
    overrides: Overrides = field(default_factory=Overrides)
    removed: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    is_sandbox: bool = False
    out: str = DEFAULT_OUT

    @property
    def hub(self) -> Address | None:
        """The hub that was asked; None where it was the sandbox hub."""
        return None if self.is_sandbox else Address(self.server, self.layout)

    def offered(self) -> dict[str, object]:
        """Return the details of the endpoints that the hub offers, without tombstones."""
        return {name: d for name, d in self.documents.items() if name not in self.removed}


def canonical(name: str, document: object) -> object:
    """Keep of a details document what is specification; anything else is kept whole, to be named as a problem."""
    if not is_object(document):
        return document
    kept = {key: document[key] for key in _KEPT_FIELDS if key in document}
    return {"name": name, **{key: value for key, value in kept.items() if key != "name"}}


def sections_of(document: object) -> dict[Section, dict[str, object]]:
    """Return the fields that a details document describes, as it has them; empty where it has none."""
    described = document.get("parameter_description") if is_object(document) else None
    fields = dict(described) if is_object(described) else {}
    progress = fields.get("progress")
    fields["progress"] = progress.get("OUTPUTS") if is_object(progress) else None
    return {s: found if is_object(found := fields.get(s)) else {} for s in SECTIONS}


def split_names(snapshot: Snapshot) -> tuple[dict[str, EndpointNames], dict[str, EndpointNames]]:
    """Return the names in use, and those remembered for endpoints and fields that may come back."""
    used: dict[str, EndpointNames] = {}
    retired: dict[str, EndpointNames] = {}
    for wire, given in snapshot.names.items():
        if wire not in snapshot.documents:
            retired[wire] = given
            continue
        declared = sections_of(snapshot.documents[wire])
        kept: dict[Section, Mapping[str, str]] = {}
        gone: dict[Section, Mapping[str, str]] = {}
        for section, names in given.fields.items():
            kept[section] = {w: name for w, name in names.items() if w in declared[section]}
            if len(kept[section]) < len(names):
                gone[section] = {w: name for w, name in names.items() if w not in kept[section]}
        used[wire] = replace(given, fields=kept)
        if gone:
            retired[wire] = replace(given, fields=gone)
    return used, retired


def merged_names(
    used: Mapping[str, EndpointNames], retired: Mapping[str, EndpointNames]
) -> dict[str, EndpointNames]:
    """Return all remembered names; where both know an endpoint, the names in use stand."""
    together = dict(retired)
    for wire, given in used.items():
        past: Mapping[Section, Mapping[str, str]] = retired[wire].fields if wire in retired else {}
        together[wire] = replace(
            given,
            fields={
                section: {**past.get(section, {}), **given.fields.get(section, {})}
                for section in SECTIONS
                if section in given.fields or section in past
            },
        )
    return together
