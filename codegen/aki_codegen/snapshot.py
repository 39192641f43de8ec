"""The metadata that a package is made from, as canonical files in its `spec/` folder.

It holds what the specification is made of and nothing that changes from second to second, and it remembers
the names once given, so that rendering is a pure function of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .naming import identifiers
from .overrides import Overrides, parse_overrides
from .parse import EndpointNames
from .problems import GenerationError
from .runtime.errors import ConfigurationError
from .runtime.hub import Address, Layout
from .runtime.shapes import is_object

SPEC_FOLDER = "spec"
HUB_FILE = "hub.json"
NAMES_FILE = "names.json"
OVERRIDES_FILE = "overrides.json"
ENDPOINTS_FOLDER = "endpoints"
COMMENT = "$comment"

_NAMES = TypeAdapter(EndpointNames)

_KEPT_FIELDS = ("name", "title", "description", "category", "version", "parameter_description")


@dataclass(frozen=True)
class Snapshot:
    """All that rendering depends on.

    Attributes:
        server: The hub's address, the default of the generated client.
        layout: How the hub lays out its routes.
        documents: Canonical details by the endpoint's name.
        names: Names once given, by the endpoint's name; endpoints that are gone included.
        overrides: What the user settles against the metadata.
    """

    server: str
    layout: Layout
    documents: Mapping[str, object]
    names: Mapping[str, EndpointNames] = field(default_factory=dict[str, EndpointNames])
    overrides: Overrides = field(default_factory=Overrides)


def canonical(name: str, document: object) -> object:
    """Keep of a details document what is specification; what is none is kept whole, to be told as a problem."""
    if not is_object(document):
        return document
    kept = {key: document[key] for key in _KEPT_FIELDS if key in document}
    return {"name": name, **{key: value for key, value in kept.items() if key != "name"}}


def to_files(snapshot: Snapshot, comment: str) -> dict[PurePosixPath, str]:
    """Return the snapshot's files, by their path within the package; each says what made it."""

    def dump(value: Mapping[str, object]) -> str:
        # ASCII: a lone surrogate in a hub's text has no other form in a file.
        return json.dumps({COMMENT: comment, **value}, indent=2, ensure_ascii=True) + "\n"

    spec = PurePosixPath(SPEC_FOLDER)
    files = {
        spec / HUB_FILE: dump({"server": snapshot.server, "layout": snapshot.layout}),
        spec / NAMES_FILE: dump(
            {
                _key(wire): {
                    "name": given.name,
                    "models": given.models,
                    "fields": {
                        section: dict(sorted(names.items()))
                        for section, names in sorted(given.fields.items())
                    },
                }
                for wire, given in sorted(snapshot.names.items())
            }
        ),
    }
    if snapshot.overrides.endpoints:
        settled = snapshot.overrides.model_dump(exclude_defaults=True)
        files[spec / OVERRIDES_FILE] = dump(settled)
    file_names = identifiers(
        snapshot.documents, "endpoint", {wire: n.name for wire, n in snapshot.names.items()}
    )
    for wire, document in sorted(snapshot.documents.items()):
        if is_object(document):
            files[spec / ENDPOINTS_FOLDER / f"{file_names[wire]}.json"] = dump(document)
    return files


def read(package: Path) -> Snapshot | None:
    """Read the snapshot of a generated package; None where there is none.

    Raises:
        GenerationError: It is there but can not be read.
    """
    spec = package / SPEC_FOLDER
    if not (spec / HUB_FILE).is_file():
        return None
    hub = _load(spec / HUB_FILE)
    server, layout = hub.get("server"), hub.get("layout")
    try:
        address = Address.parse(str(server), str(layout))
    except ConfigurationError as error:
        raise GenerationError(f"{spec / HUB_FILE}: {error}; restore it from git") from None
    documents: dict[str, object] = {}
    for path in sorted((spec / ENDPOINTS_FOLDER).glob("*.json")):
        document = _load(path)
        name = document.get("name")
        if not isinstance(name, str):
            raise GenerationError(f"{path} names no endpoint; restore it from git")
        documents[name] = document
    names = _read_names(spec / NAMES_FILE)
    overrides = Overrides()
    if (spec / OVERRIDES_FILE).is_file():
        overrides = parse_overrides(_load(spec / OVERRIDES_FILE), str(spec / OVERRIDES_FILE))
    return Snapshot(address.server, address.layout, documents, names, overrides)


def _read_names(path: Path) -> dict[str, EndpointNames]:
    if not path.is_file():
        return {}
    names: dict[str, EndpointNames] = {}
    for wire, given in _load(path).items():
        try:
            names[wire.removeprefix("$")] = _NAMES.validate_python(given)
        except ValidationError:
            raise GenerationError(f"{path} is damaged at {wire!r}; restore it from git") from None
    return names


def _key(wire_name: str) -> str:
    # An endpoint may be called as the comment is.
    return f"${wire_name}" if wire_name.startswith("$") else wire_name


def _load(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise GenerationError(f"{path} can not be read: {error}; restore it from git") from None
    if not is_object(document):
        raise GenerationError(f"{path} holds no object; restore it from git")
    return {name: value for name, value in document.items() if name != COMMENT}
