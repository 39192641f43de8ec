"""A snapshot as canonical files in a package's `spec/` folder, written and read.

`names.json` holds the names that are in use; those of endpoints and fields that are gone are in
`history.json`, so that a hub that goes back to what it was gives the same files but this one.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address
from aki_runtime.metadata import is_utf8
from aki_runtime.shapes import is_array, is_object
from pydantic import TypeAdapter, ValidationError

from ..naming import DEFAULT_OUT, identifiers
from ..output.folder import files_of
from ..parsing.overrides import Overrides, parse_overrides
from ..parsing.parse import EndpointNames
from ..problems import GenerationError, Problem
from .names import merged, split_names
from .snapshot import Snapshot

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


def to_files(snapshot: Snapshot, comment: str, command: str = "") -> dict[PurePosixPath, bytes]:
    """Return the snapshot's files, by their path within the package; each says what made it.

    Args:
        snapshot: What is written.
        comment: What made it.
        command: What makes the package anew.
    """

    def dump(value: Mapping[str, object]) -> bytes:
        # ASCII: a lone surrogate in a hub's text has no other form in a file.
        text = json.dumps({COMMENT: comment, **value}, indent=2, ensure_ascii=True)
        return f"{text}\n".encode("ascii")

    hub: dict[str, object] = {"server": snapshot.server, "layout": snapshot.layout}
    hub |= {"sandbox": True} if snapshot.is_sandbox else {}
    hub |= {"out": snapshot.out} if snapshot.out != DEFAULT_OUT else {}
    used, retired = split_names(snapshot)
    files = {
        HUB: dump({**hub, "command": command}),
        NAMES: dump(_names_document(used)),
    }
    if retired:
        files[HISTORY] = dump(_names_document(retired))
    if snapshot.overrides.endpoints:
        files[OVERRIDES] = dump(snapshot.overrides.model_dump(exclude_defaults=True))
    if snapshot.removed or snapshot.problems:
        problems = [asdict(problem) for problem in sorted(snapshot.problems)]
        files[STATE] = dump({"removed": sorted(snapshot.removed), "problems": problems})
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
    try:
        # Of what is no text the words would be an address too: "None" is the name of a host.
        named = map(hub.get, ("server", "layout"))
        address = Address.parse(*(text if isinstance(text, str) else "" for text in named))
    except ConfigurationError as error:
        raise GenerationError(f"{package / HUB}: {error}; restore it from git") from None
    removed, problems = reader.state()
    return Snapshot(
        address.server,
        address.layout,
        reader.documents(),
        merged(reader.names(NAMES), reader.names(HISTORY)),
        reader.overrides(),
        removed,
        problems,
        hub.get("sandbox") is True,
        str(hub.get("out", DEFAULT_OUT)),
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


class _Reader:
    """Reads the files of a snapshot; a fault is told with the file that it is in."""

    def __init__(self, files: Mapping[str, bytes], package: Path) -> None:
        self._files = files
        self._package = package

    def documents(self) -> dict[str, object]:
        documents: dict[str, object] = {}
        folder = f"{ENDPOINTS}/"
        for path in self._files:
            inside = path.removeprefix(folder)
            if inside == path or "/" in inside or not inside.endswith(".json"):
                continue
            document = self._object(path)
            name = document.get("name")
            if not isinstance(name, str) or not is_utf8(name):
                place = self._package / path
                raise GenerationError(f"{place} names no endpoint; restore it from git")
            documents[name] = document
        return documents

    def names(self, path: PurePosixPath) -> dict[str, EndpointNames]:
        names: dict[str, EndpointNames] = {}
        for wire, given in (self.load(path) or {}).items():
            try:
                names[wire.removeprefix("$")] = _NAMES.validate_python(given)
            except ValidationError:
                place = self._package / path
                raise GenerationError(
                    f"{place} is damaged at {wire!r}; restore it from git"
                ) from None
        return names

    def overrides(self) -> Overrides:
        table = self.load(OVERRIDES)
        return parse_overrides(table, str(self._package / OVERRIDES)) if table else Overrides()

    def state(self) -> tuple[frozenset[str], tuple[Problem, ...]]:
        state = self.load(STATE) or {}
        removed = state.get("removed", [])
        try:
            problems = _PROBLEMS.validate_python(state.get("problems", []))
        except ValidationError:
            place = self._package / STATE
            raise GenerationError(f"{place} is damaged; restore it from git") from None
        names = [name for name in removed if isinstance(name, str)] if is_array(removed) else []
        return frozenset(names), problems

    def load(self, path: PurePosixPath) -> dict[str, Any] | None:
        return self._object(str(path)) if str(path) in self._files else None

    def _object(self, path: str) -> dict[str, Any]:
        place = self._package / path
        try:
            document = json.loads(self._files[path].decode())
        except (ValueError, RecursionError) as error:
            raise GenerationError(f"{place} cannot be read: {error}; restore it from git") from None
        if not is_object(document):
            raise GenerationError(f"{place} holds no object; restore it from git")
        return {name: value for name, value in document.items() if name != COMMENT}
