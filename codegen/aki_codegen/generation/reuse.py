"""What a generation need not make again: noted beside the package, and taken over where everything still holds.

The note lies in the package's `__pycache__`, is no part of it, and can be removed at any time. An endpoint is
taken over just where its details, names and overrides are those of the note, its two files have the digests of
the note, and the generator itself is the same to the byte. `aki-codegen check` does not use it.
"""

import hashlib
import json
import marshal
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import aki_runtime

from ..literals import Code
from ..naming import ClassName, Identifier
from ..parsing.parse import EndpointNames
from ..problems import Problem
from ..rendering.entry import Entry
from ..rendering.kept import NOTHING, Kept, KeptEndpoint, KeptPackage
from ..rendering.modelfields import ModelField
from ..rendering.render import endpoint_path
from ..rendering.templates import templates_folder
from ..snapshot.files import document_paths
from ..snapshot.snapshot import Snapshot
from .package import Package

NOTE = PurePosixPath("__pycache__") / "aki-codegen.json"
TOOLS = ("datamodel-code-generator", "jinja2", "ruff")
"""What else the bytes of a package depend on."""


def kept_from(folder: Path, files: Mapping[str, bytes], snapshot: Snapshot, package: str) -> Kept:
    """Return what a package's folder holds that need not be made again.

    Args:
        folder: The package's folder.
        files: What is in it, by the path in it.
        snapshot: What is to be generated.
        package: What the package is imported as.
    """
    try:
        note = json.loads((folder / NOTE).read_bytes())
        if note["generator"] != _generator(package):
            return NOTHING
        return _kept(note, files, snapshot)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # There is none, or somebody has put something else there.
        return NOTHING


def _kept(note: Mapping[str, Any], files: Mapping[str, bytes], snapshot: Snapshot) -> Kept:
    holding = {
        path
        for path, digest in note["files"].items()
        if path in files and _digest(files[path]) == digest
    }
    fields = [ModelField(n, Code(a), None if d is None else Code(d)) for n, a, d in note["fields"]]
    made_from = {
        wire: _digest_of_endpoint(wire, snapshot)
        for wire in snapshot.documents
        if wire not in snapshot.removed
    }
    endpoints = {
        wire: _endpoint(wire, said, fields, files)
        for wire, said in note["endpoints"].items()
        if made_from.get(wire) == said["made from"] and holding.issuperset(said["files"])
    }
    shared = {
        digest: {PurePosixPath(path): files[path] for path in paths}
        for digest, paths in note["shared"].items()
        if holding.issuperset(paths)
    }
    is_whole = (
        len(holding) == len(note["files"])
        and endpoints.keys() == snapshot.documents.keys()
        and note["made from"] == _digest_of_rest(snapshot)
    )
    problems = tuple(Problem(**problem) for problem in note["problems"])
    every = {PurePosixPath(path): files[path] for path in note["files"]} if is_whole else {}
    return Kept(endpoints, shared, KeptPackage(every, problems) if is_whole else None)


def remember(folder: Path, package: Package, kept: Kept) -> None:
    """Note what the next generation need not make again; a note that can not be written is left out."""
    names = {entry.wire_name for entry in package.endpoints} - package.snapshot.removed
    all_kept = names == set(package.unread) == set(kept.endpoints)
    if all_kept and kept.shared.keys() == package.shared.keys():
        return
    note = folder / NOTE
    with suppress(OSError):
        note.parent.mkdir(exist_ok=True)
        unfinished = note.with_suffix(".new")
        unfinished.write_bytes(_note(package, names))
        unfinished.replace(note)


def _note(package: Package, names: Iterable[str]) -> bytes:
    numbers: dict[ModelField, int] = {}

    def numbered(fields: Iterable[ModelField]) -> list[int]:
        return [numbers.setdefault(field, len(numbers)) for field in fields]

    documents = document_paths(package.snapshot)
    endpoints = {
        entry.wire_name: {
            "made from": _digest_of_endpoint(entry.wire_name, package.snapshot),
            "files": [str(endpoint_path(entry)), str(documents[entry.wire_name])],
            "name": entry.name,
            "models": entry.models,
            "summary": entry.summary,
            "family": entry.family,
            "needed": sorted(entry.needed),
            "inputs": numbered(entry.inputs),
            "outputs": numbered(entry.outputs),
            "problems": [asdict(problem) for problem in package.told[entry.wire_name]],
            "fingerprint": package.fingerprints[entry.wire_name],
        }
        for entry in package.endpoints
        if entry.wire_name in names
    }
    note = {
        "generator": _generator(package.name),
        "endpoints": endpoints,
        "fields": [(field.name, field.annotation, field.default) for field in numbers],
        "shared": {digest: list(map(str, paths)) for digest, paths in package.shared.items()},
        "files": {str(path): _digest(content) for path, content in package.files.items()},
        "made from": _digest_of_rest(package.snapshot),
        "problems": [asdict(problem) for problem in package.problems],
    }
    return json.dumps(note).encode()


def _endpoint(
    wire: str, said: Mapping[str, Any], fields: list[ModelField], files: Mapping[str, bytes]
) -> KeptEndpoint:
    module, document = said["files"]
    inputs: list[int] = said["inputs"]
    outputs: list[int] = said["outputs"]
    entry = Entry(
        wire_name=wire,
        name=Identifier(said["name"]),
        models=ClassName(said["models"]),
        summary=said["summary"],
        family=None if said["family"] is None else ClassName(said["family"]),
        needed=frozenset(said["needed"]),
        inputs=tuple(fields[number] for number in inputs),
        outputs=tuple(fields[number] for number in outputs),
    )
    problems = tuple(Problem(**problem) for problem in said["problems"])
    return KeptEndpoint(entry, problems, said["fingerprint"], files[module], files[document])


def _digest_of_endpoint(wire: str, snapshot: Snapshot) -> str:
    """Return the digest of all that an endpoint is made from, the generator apart."""
    given = snapshot.names.get(wire)
    names = [given.name, given.models, _sorted(given)] if given is not None else None
    override = snapshot.overrides.endpoints.get(wire)
    settled = override.model_dump() if override is not None else None
    # Marshalling takes hardly any time, and unlike `==` it tells 1, 1.0 and True apart.
    details: Any = snapshot.documents[wire]
    return _digest(marshal.dumps(details, 2) + json.dumps([names, settled]).encode())


def _digest_of_rest(snapshot: Snapshot) -> str:
    """Return the digest of what a package is made from beside the endpoints that the hub offers."""
    gone = [wire for wire in sorted(snapshot.names) if wire not in snapshot.documents]
    rest = [
        snapshot.server,
        snapshot.layout,
        snapshot.is_sandbox,
        snapshot.out,
        snapshot.overrides.model_dump(),
        sorted(snapshot.removed),
        [asdict(problem) for problem in snapshot.problems],
        [(wire, snapshot.names[wire].name, snapshot.names[wire].models) for wire in gone],
        [_sorted(snapshot.names[wire]) for wire in gone],
    ]
    return _digest(json.dumps(rest).encode())


def _sorted(given: EndpointNames) -> dict[str, dict[str, str]]:
    return {section: dict(sorted(names.items())) for section, names in sorted(given.fields.items())}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def program_files() -> list[Path]:
    """Return the files of this program, with the runtime that it reads metadata with."""
    folders = [Path(__file__).parents[1], Path(aki_runtime.__file__).parent]
    return [file for folder in folders for file in folder.rglob("*.py")]


@cache
def _generator(package: str) -> str:
    """Return the digest of all that a package is made by: this program, its templates and its tools."""
    sources = [*program_files(), *templates_folder().glob("*.jinja")]
    made_by = [
        package,
        platform.python_version(),
        *(f"{tool} {version(tool)}" for tool in TOOLS),
        *(f"{source.name} {_digest(source.read_bytes())}" for source in sorted(sources)),
    ]
    return _digest(json.dumps(made_by).encode())
