"""A snapshot as canonical files in a package's `spec/` folder, written and read.

`names.json` holds the names that are in use; those of endpoints and fields that are gone are in
`history.json`, so that a hub that goes back to what it was gives the same files but this one.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .naming import identifiers
from .overrides import Overrides, parse_overrides
from .parse import EndpointNames
from .problems import GenerationError, Problem
from .runtime.errors import ConfigurationError
from .runtime.hub import Address
from .runtime.shapes import is_array, is_object
from .snapshot import Snapshot
from .snapshot_names import merged, split_names

SPEC = PurePosixPath("spec")
HUB = SPEC / "hub.json"
NAMES = SPEC / "names.json"
HISTORY = SPEC / "history.json"
OVERRIDES = SPEC / "overrides.json"
STATE = SPEC / "state.json"
ENDPOINTS = SPEC / "endpoints"
COMMENT = "$comment"

_NAMES = TypeAdapter(EndpointNames)
_PROBLEMS = TypeAdapter(tuple[Problem, ...])


def to_files(
    snapshot: Snapshot, comment: str, written: Mapping[str, bytes] | None = None
) -> dict[PurePosixPath, bytes]:
    """Return the snapshot's files, by their path within the package; each says what made it.

    Args:
        snapshot: What is written.
        comment: What made it.
        written: The files of details that are as they were, by the endpoint's name.
    """

    def dump(value: Mapping[str, object]) -> bytes:
        # ASCII: a lone surrogate in a hub's text has no other form in a file.
        text = json.dumps({COMMENT: comment, **value}, indent=2, ensure_ascii=True)
        return f"{text}\n".encode("ascii")

    known = written or {}

    used, retired = split_names(snapshot)
    files = {
        HUB: dump({"server": snapshot.server, "layout": snapshot.layout}),
        NAMES: dump(_names_document(used)),
    }
    if retired:
        files[HISTORY] = dump(_names_document(retired))
    if snapshot.overrides.endpoints:
        files[OVERRIDES] = dump(snapshot.overrides.model_dump(exclude_defaults=True))
    if snapshot.removed or snapshot.problems:
        problems = [asdict(problem) for problem in sorted(snapshot.problems)]
        files[STATE] = dump({"removed": sorted(snapshot.removed), "problems": problems})
    for wire, path in document_paths(snapshot).items():
        document = snapshot.documents[wire]
        if is_object(document):
            files[path] = known[wire] if wire in known else dump(document)
    return files


def document_paths(snapshot: Snapshot) -> dict[str, PurePosixPath]:
    """Return where each endpoint's details are within the package, by the endpoint's name, sorted."""
    file_names = identifiers(
        snapshot.documents, "endpoint", {wire: n.name for wire, n in snapshot.names.items()}
    )
    return {wire: ENDPOINTS / f"{file_names[wire]}.json" for wire in sorted(snapshot.documents)}


def read(package: Path) -> Snapshot | None:
    """Read the snapshot of a generated package; None where there is none.

    Raises:
        GenerationError: It is there but can not be read.
    """
    if not (package / HUB).is_file():
        return None
    hub = _load(package / HUB)
    try:
        address = Address.parse(str(hub.get("server")), str(hub.get("layout")))
    except ConfigurationError as error:
        raise GenerationError(f"{package / HUB}: {error}; restore it from git") from None
    removed, problems = _read_state(package / STATE)
    return Snapshot(
        address.server,
        address.layout,
        _read_documents(package / ENDPOINTS),
        merged(_read_names(package / NAMES), _read_names(package / HISTORY)),
        _read_overrides(package / OVERRIDES),
        removed,
        problems,
    )


def _names_document(names: Mapping[str, EndpointNames]) -> dict[str, object]:
    return {
        # An endpoint may be called as the comment is.
        f"${wire}" if wire.startswith("$") else wire: {
            "name": given.name,
            "models": given.models,
            "fields": {
                section: dict(sorted(fields.items()))
                for section, fields in sorted(given.fields.items())
            },
        }
        for wire, given in sorted(names.items())
    }


def _read_documents(folder: Path) -> dict[str, object]:
    documents: dict[str, object] = {}
    for path in sorted(folder.glob("*.json")):
        document = _load(path)
        name = document.get("name")
        if not isinstance(name, str):
            raise GenerationError(f"{path} names no endpoint; restore it from git")
        documents[name] = document
    return documents


def _read_names(path: Path) -> dict[str, EndpointNames]:
    names: dict[str, EndpointNames] = {}
    for wire, given in (_load(path) if path.is_file() else {}).items():
        try:
            names[wire.removeprefix("$")] = _NAMES.validate_python(given)
        except ValidationError:
            raise GenerationError(f"{path} is damaged at {wire!r}; restore it from git") from None
    return names


def _read_overrides(path: Path) -> Overrides:
    return parse_overrides(_load(path), str(path)) if path.is_file() else Overrides()


def _read_state(path: Path) -> tuple[frozenset[str], tuple[Problem, ...]]:
    state = _load(path) if path.is_file() else {}
    removed = state.get("removed", [])
    try:
        problems = _PROBLEMS.validate_python(state.get("problems", []))
    except ValidationError:
        raise GenerationError(f"{path} is damaged; restore it from git") from None
    names = [name for name in removed if isinstance(name, str)] if is_array(removed) else []
    return frozenset(names), problems


def _load(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise GenerationError(f"{path} can not be read: {error}; restore it from git") from None
    if not is_object(document):
        raise GenerationError(f"{path} holds no object; restore it from git")
    return {name: value for name, value in document.items() if name != COMMENT}
