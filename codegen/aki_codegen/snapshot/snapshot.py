"""The metadata that a package is made from, the only thing that rendering depends on, and its files in `spec/`.

It holds what the specification is made of and nothing that changes from second to second, and it remembers
the names once given and the endpoints that have just gone. `names.json` holds the names that are in use; those of
endpoints and fields that are gone are in `history.json`, so that a hub that goes back to what it was gives the same
files but this one.
"""

import json
import marshal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address, Layout, is_endpoint_name
from aki_runtime.metadata import as_settled
from aki_runtime.shapes import is_object
from pydantic import TypeAdapter, ValidationError

from ..ir import Section
from ..naming import identifiers
from ..output import FORMAT, files_of, require_format
from ..parsing.parse import SECTIONS, EndpointNames
from ..parsing.settings import Overrides, parse_overrides
from ..problems import GenerationError, Problem

SPEC = PurePosixPath("spec")
HUB = SPEC / "hub.json"
NAMES = SPEC / "names.json"
HISTORY = SPEC / "history.json"
OVERRIDES = SPEC / "overrides.json"
STATE = SPEC / "state.json"
ENDPOINTS = SPEC / "endpoints"
COMMENT = "$comment"

_NAMES = TypeAdapter(dict[str, EndpointNames])
_PROBLEMS = TypeAdapter(tuple[Problem, ...])
_DAYS = TypeAdapter(dict[str, str])
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
        removed: Endpoints that the hub has removed, kept as tombstones, with the day on which that was found.
        problems: What was wrong when the hub was asked.
        is_sandbox: Whether the sandbox hub was asked, which only stands in for the server.
        command: What makes the package anew, as a shell takes it.
    """

    server: str
    layout: Layout
    documents: Mapping[str, object]
    names: Mapping[str, EndpointNames] = field(default_factory=dict[str, EndpointNames])
    overrides: Overrides = field(default_factory=Overrides)
    removed: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[Problem, ...] = ()
    is_sandbox: bool = False
    command: str = "aki-codegen generate"

    @property
    def hub(self) -> Address | None:
        """The hub that was asked; None where it was the sandbox hub."""
        return None if self.is_sandbox else Address(self.server, self.layout)

    def offered(self) -> dict[str, object]:
        """Return the details of the endpoints that the hub offers, without tombstones."""
        return {name: d for name, d in self.documents.items() if name not in self.removed}

    def seen(self) -> dict[str, object]:
        """Return the details of what callers have: offered, and as the overrides settle them."""
        return {
            name: as_settled(document, override.model_dump())
            for name, document in self.offered().items()
            if not (override := self.overrides.for_endpoint(name)).skip
        }


def canonical(name: str, document: object) -> object:
    """Keep of a details document what is specification; anything else is kept whole, to be named as a problem."""
    if not is_object(document):
        return document
    kept = {key: document[key] for key in _KEPT_FIELDS if key in document}
    return {"name": name, **{key: value for key, value in kept.items() if key != "name"}}


def is_same(document: Any, other: Any) -> bool:
    """Whether two documents are the same to the letter; to `==`, 1 and True are, and fields in any order."""
    # Marshalling takes hardly any time.
    return document is other or marshal.dumps(document, 2) == marshal.dumps(other, 2)


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
        is_there = wire in snapshot.documents
        declared = sections_of(snapshot.documents.get(wire))
        kept: dict[Section, Mapping[str, str]] = {}
        gone: dict[Section, Mapping[str, str]] = {}
        for section, names in given.fields.items():
            kept[section] = {w: name for w, name in names.items() if w in declared[section]}
            if len(kept[section]) < len(names) or not is_there:
                gone[section] = {w: name for w, name in names.items() if w not in kept[section]}
        if is_there:
            used[wire] = replace(given, fields=kept, removed="")
        if gone or not is_there:
            retired[wire] = replace(given, fields=gone)
    return used, retired


def merged_names(
    used: Mapping[str, EndpointNames], retired: Mapping[str, EndpointNames]
) -> dict[str, EndpointNames]:
    """Return all remembered names; where both know an endpoint, the names in use stand."""
    together = {**retired, **used}
    for wire in retired.keys() & used.keys():
        given, past = used[wire], retired[wire].fields
        together[wire] = replace(
            given,
            fields={
                section: {**past.get(section, {}), **given.fields.get(section, {})}
                for section in SECTIONS
                if section in given.fields or section in past
            },
        )
    return together


def to_files(
    snapshot: Snapshot,
    comment: str,
    alternatives: Mapping[str, Sequence[str]] | None = None,
) -> dict[PurePosixPath, bytes]:
    """Return the snapshot's files, by their path within the package; each says what made it.

    Args:
        snapshot: What is written.
        comment: What made it.
        alternatives: What can stand in for endpoints that the hub has removed: written for who reads a package, and
            found anew by who makes one.
    """

    def dump(value: Mapping[str, object]) -> bytes:
        # ASCII: half of a surrogate pair in a hub's text has no other form in a file.
        head = {"format": FORMAT} if value is hub else {}
        text = json.dumps({**head, COMMENT: comment, **value}, indent=2, ensure_ascii=True)
        return f"{text}\n".encode("ascii")

    hub: dict[str, object] = {"server": snapshot.server, "layout": snapshot.layout}
    hub |= {"sandbox": True} if snapshot.is_sandbox else {}
    hub["command"] = snapshot.command
    used, retired = split_names(snapshot)
    files = {HUB: dump(hub), NAMES: dump(_names_document(used))}
    if retired:
        files[HISTORY] = dump(_names_document(retired))
    if snapshot.overrides.endpoints:
        files[OVERRIDES] = dump(snapshot.overrides.model_dump(exclude_defaults=True))
    if snapshot.removed or snapshot.problems:
        problems = [asdict(problem) for problem in sorted(snapshot.problems)]
        instead = {"alternatives": dict(sorted(alternatives.items()))} if alternatives else {}
        removed = {"removed": dict(sorted(snapshot.removed.items())), **instead}
        files[STATE] = dump({**removed, "problems": problems})
    file_names = identifiers(
        snapshot.documents, "endpoint", {wire: n.name for wire, n in snapshot.names.items()}
    )
    for wire, document in sorted(snapshot.documents.items()):
        if is_object(document):
            files[ENDPOINTS / f"{file_names[wire]}.json"] = dump(document)
    return files


def read(package: Path) -> Snapshot | None:
    """Read the snapshot of a generated package; None where there is none.

    Raises:
        GenerationError: It is there but cannot be read.
    """
    files = files_of(package / SPEC)
    return read_files({f"{SPEC}/{path}": content for path, content in files.items()}, package)


def read_or_raise(package: Path, advice: str = "run `aki-codegen generate` first") -> Snapshot:
    """Read the snapshot of a generated package.

    Raises:
        GenerationError: There is none, or it cannot be read.
    """
    snapshot = read(package)
    if snapshot is None:
        raise GenerationError(f"{package} holds no snapshot; {advice}")
    return snapshot


def read_files(files: Mapping[str, bytes], package: Path) -> Snapshot | None:
    """Read the snapshot from the files of a generated package; None where there is none.

    Args:
        files: What is in the package's folder, by the path in it.
        package: The folder, to be named where a file cannot be read.

    Raises:
        GenerationError: It is there but cannot be read.
    """
    reader = _Reader(files, package)
    hub = reader.load(HUB)
    if hub is None:
        return None
    require_format(hub, package / HUB)
    try:
        # Of what is not text the words would be an address too: "None" is the name of a host.
        named = map(hub.get, ("server", "layout"))
        address = Address.parse(*(text if isinstance(text, str) else "" for text in named))
    except ConfigurationError as error:
        raise reader.fault(HUB, f": {error}") from None
    overrides = reader.load(OVERRIDES)
    state = reader.load(STATE) or {}
    try:
        problems = _PROBLEMS.validate_python(state.get("problems", []))
        removed = _DAYS.validate_python(state.get("removed", {}))
    except ValidationError:
        raise reader.fault(STATE, " is damaged") from None
    return Snapshot(
        server=address.server,
        layout=address.layout,
        documents=reader.documents(),
        names=merged_names(reader.names(NAMES), reader.names(HISTORY)),
        overrides=parse_overrides(overrides or {}, str(package / OVERRIDES)),
        removed=removed,
        problems=problems,
        is_sandbox=hub.get("sandbox") is True,
        command=str(hub.get("command", "aki-codegen generate")),
    )


def _names_document(names: Mapping[str, EndpointNames]) -> dict[str, object]:
    return {
        # An endpoint may be called as the comment is.
        f"${wire}" if wire.startswith("$") else wire: {
            "name": given.name,
            "models": given.models,
            **({"removed": given.removed} if given.removed else {}),
            "fields": {
                section: dict(sorted(fields.items()))
                for section, fields in sorted(given.fields.items())
            },
        }
        for wire, given in sorted(names.items())
    }


class _Reader:
    """Reads the files of a snapshot; a fault names the file that it is in."""

    def __init__(self, files: Mapping[str, bytes], package: Path) -> None:
        self._files = files
        self._package = package

    def fault(self, path: str | PurePosixPath, what: str) -> GenerationError:
        """Return what to raise where a file is wrong."""
        return GenerationError(f"{self._package / path}{what}; restore it from git")

    def load(self, path: str | PurePosixPath) -> dict[str, Any] | None:
        """Return the object in a file; None where there is no such file."""
        content = self._files.get(str(path))
        if content is None:
            return None
        try:
            document = json.loads(content.decode())
        except (ValueError, RecursionError) as error:
            raise self.fault(path, f" cannot be read: {error}") from None
        if not is_object(document):
            raise self.fault(path, " holds no object")
        return {name: value for name, value in document.items() if name != COMMENT}

    def documents(self) -> dict[str, object]:
        """Return the details of endpoints, by the hub's names."""
        documents: dict[str, object] = {}
        for path in self._files:
            folder, _, name = path.rpartition("/")
            if folder == str(ENDPOINTS) and name.endswith(".json"):
                document = self.load(path) or {}
                wire = document.get("name")
                if not is_endpoint_name(wire):
                    raise self.fault(path, " names no endpoint")
                documents[wire] = document
        return documents

    def names(self, path: PurePosixPath) -> dict[str, EndpointNames]:
        """Return the names in a file, by the endpoints' names on the hub."""
        try:
            names = _NAMES.validate_python(self.load(path) or {})
        except ValidationError as error:
            wire = error.errors()[0]["loc"][0]
            raise self.fault(path, f" is damaged at {wire!r}") from None
        return {wire.removeprefix("$"): given for wire, given in names.items()}
