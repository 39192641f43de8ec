"""A whole package as a value: from a snapshot to the bytes of every file, and what is wrong with it."""

import hashlib
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from aki_runtime.changes.facts import fingerprint

from .. import __version__
from ..parsing.parse import parse
from ..parsing.wire import read_details
from ..problems import Problem
from ..rendering.entry import Entry
from ..rendering.fieldsource import generator_version
from ..rendering.kept import NOTHING, Kept, KeptPackage
from ..rendering.modules import make_modules
from ..rendering.render import COMMENT as MADE_BY
from ..rendering.render import command_for
from ..snapshot.files import COMMENT, HISTORY, to_files
from ..snapshot.snapshot import Snapshot

MANIFEST = PurePosixPath("manifest.json")


@dataclass(frozen=True)
class Package:
    """A rendered package.

    Attributes:
        name: What it is imported as.
        files: The bytes of each file, by its path within the package; none where there is no endpoint.
        endpoints: The endpoints that are in it.
        problems: What is wrong with the metadata.
        snapshot: What it was rendered from, with the names that were given.
        told: What is wrong within each endpoint, by its name; part of `problems`.
        fingerprints: The fingerprint of each details document, by the endpoint's name.
        shared: Files that are made from all endpoints, by the digest of what they are made from.
        unread: The endpoints that were taken over as they were.
    """

    name: str
    files: Mapping[PurePosixPath, bytes]
    endpoints: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    snapshot: Snapshot
    told: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict[str, tuple[Problem, ...]])
    fingerprints: Mapping[str, str] = field(default_factory=dict[str, str])
    shared: Mapping[str, tuple[PurePosixPath, ...]] = field(
        default_factory=dict[str, tuple[PurePosixPath, ...]]
    )
    unread: frozenset[str] = frozenset()


def make_package(snapshot: Snapshot, name: str, kept: Kept = NOTHING) -> Package:
    """Render a package: a pure function of the snapshot and the package's name.

    Args:
        snapshot: What is rendered.
        name: What the package is imported as.
        kept: What need not be rendered again; the files are the same without.

    Raises:
        RenderedWrongError: A module that all need is wrong.
    """
    if kept.package is not None:
        return _as_before(snapshot, name, kept, kept.package)
    parsed = parse(
        snapshot.documents,
        snapshot.names,
        snapshot.overrides,
        {wire: (k.entry.name, k.entry.models) for wire, k in kept.endpoints.items()},
    )
    unread = {wire: kept.endpoints[wire] for wire in parsed.unread}
    modules = make_modules(parsed.endpoints, unread, snapshot, name, kept)
    told = {**parsed.told, **{wire: k.problems for wire, k in unread.items()}}
    problems = {*parsed.problems, *modules.problems}.union(*(k.problems for k in unread.values()))
    documents = _readable(snapshot.documents, unread.keys())
    named = replace(snapshot, names=parsed.names, documents=documents)
    if not modules.entries:
        return Package(name, {}, (), tuple(sorted(problems)), named)
    fingerprints = {
        wire: unread[wire].fingerprint if wire in unread else fingerprint(details)
        for wire, details in sorted(documents.items())
    }
    texts = to_files(
        named,
        MADE_BY,
        command_for(snapshot, name),
        {wire: k.document for wire, k in unread.items()},
    )
    files = {**modules.files, **texts}
    files[MANIFEST] = _manifest(files, fingerprints)
    return Package(
        name,
        files,
        modules.entries,
        tuple(sorted(problems)),
        named,
        told,
        fingerprints,
        modules.shared,
        frozenset(unread),
    )


def _as_before(snapshot: Snapshot, name: str, kept: Kept, whole: KeptPackage) -> Package:
    entries = sorted((k.entry for k in kept.endpoints.values()), key=lambda entry: entry.name)
    return Package(
        name,
        whole.files,
        tuple(entries),
        whole.problems,
        snapshot,
        shared={digest: tuple(files) for digest, files in kept.shared.items()},
        unread=frozenset(kept.endpoints),
    )


def _readable(documents: Mapping[str, object], known: Container[str]) -> dict[str, object]:
    """Leave out what is no details document; skipped endpoints stay, because a later override may want them."""
    return {
        name: d
        for name, d in documents.items()
        if name in known or not isinstance(read_details(d), str)
    }


def _manifest(files: Mapping[PurePosixPath, bytes], fingerprints: Mapping[str, str]) -> bytes:
    document = {
        COMMENT: MADE_BY,
        "history": [str(HISTORY)],
        "generator": {
            "aki-codegen": __version__,
            "datamodel-code-generator": generator_version(),
        },
        "endpoints": fingerprints,
        "files": {
            str(path): hashlib.sha256(content).hexdigest()
            for path, content in sorted(files.items(), key=lambda item: item[0].parts)
            if path != HISTORY
        },
    }
    return (json.dumps(document, indent=2) + "\n").encode()
