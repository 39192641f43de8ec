"""A whole package as a value: from a snapshot to the bytes of every file, and what is wrong with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import PurePosixPath

from aki_runtime.changes.facts import fingerprint
from aki_runtime.metadata import read_metadata

from .. import __version__
from ..ir import Endpoint
from ..output.folder import MANIFEST_NAME
from ..parsing.parse import parse
from ..problems import Problem
from ..rendering.modules import make_modules
from ..rendering.render import COMMENT as MADE_BY
from ..rendering.render import command_for
from ..snapshot.files import COMMENT, HISTORY, to_files
from ..snapshot.snapshot import Snapshot

MANIFEST = PurePosixPath(MANIFEST_NAME)


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
    endpoints: tuple[Endpoint, ...]
    problems: tuple[Problem, ...]
    snapshot: Snapshot


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
        wire: details
        for wire, details in snapshot.documents.items()
        if not read_metadata(details).unreadable
    }
    named = replace(snapshot, names=parsed.names, documents=documents)
    if not modules.endpoints:
        return Package(name, {}, (), problems, named)
    files = {**modules.files, **to_files(named, MADE_BY, command_for(snapshot, name))}
    files[MANIFEST] = _manifest(files, named)
    return Package(name, files, modules.endpoints, problems, named)


def _manifest(files: Mapping[PurePosixPath, bytes], snapshot: Snapshot) -> bytes:
    manifest = {
        COMMENT: MADE_BY,
        "history": [str(HISTORY)],
        "generator": {
            "aki-codegen": __version__,
            "datamodel-code-generator": version("datamodel-code-generator"),
        },
        "endpoints": {wire: fingerprint(d) for wire, d in sorted(snapshot.documents.items())},
        "files": {
            str(path): hashlib.sha256(content).hexdigest()
            for path, content in sorted(files.items(), key=lambda item: item[0].parts)
            if path != HISTORY
        },
    }
    return manifest_file(manifest)


def manifest_file(manifest: Mapping[str, object]) -> bytes:
    """Return the bytes of a manifest."""
    return f"{json.dumps(manifest, indent=2)}\n".encode()
