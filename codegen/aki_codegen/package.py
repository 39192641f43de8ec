"""A whole package as a value: from a snapshot to the bytes of every file, and what is wrong with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from . import __version__
from .families import alternatives_to, find_families
from .fieldsource import generator_version
from .ir import Endpoint
from .models import Models, ModelSource
from .parse import Parsed, parse
from .problems import Problem
from .render import comment_for, endpoint_path, render_endpoint, render_shared, runtime_files
from .render_protocols import render_protocols
from .runtime.facts import fingerprint
from .snapshot import Snapshot
from .snapshot_files import COMMENT, HISTORY, to_files
from .style import formatted
from .verify import RenderedWrongError, verify_endpoint, verify_module
from .wire import read_details

MANIFEST = PurePosixPath("manifest.json")
PROTOCOLS = PurePosixPath("protocols.py")


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
    """Render a package: a pure function of the snapshot and the package's name."""
    parsed = parse(snapshot.documents, snapshot.names, snapshot.overrides)
    parsed, models = _with_models(parsed, name)
    offered = [e for e in parsed.endpoints if e.wire_name not in snapshot.removed]
    families = find_families(offered, models)
    alternatives = {
        e.wire_name: alternatives_to(e, offered, models)
        for e in parsed.endpoints
        if e.wire_name in snapshot.removed
    }
    parsed, modules = _render_endpoints(parsed, models, alternatives, name)
    named = replace(
        snapshot,
        names=parsed.names,
        documents=_readable(snapshot.documents),
    )
    if not parsed.endpoints:
        return Package(name, {}, (), parsed.problems, named)
    shared = render_shared(parsed.endpoints, named, name)
    shared[PROTOCOLS] = render_protocols(families, name)
    python = {path: text for path, text in shared.items() if path.suffix == ".py"}
    sources = formatted({**modules, **python}, name)
    for endpoint in parsed.endpoints:
        path = endpoint_path(endpoint)
        verify_endpoint(path, sources[path], endpoint)
    for path in python:
        verify_module(path, sources[path])
    texts = {**shared, **sources, **to_files(named, comment_for(name))}
    files = {**{path: text.encode() for path, text in texts.items()}, **runtime_files()}
    files[MANIFEST] = _manifest(files, named, comment_for(name))
    return Package(name, files, parsed.endpoints, parsed.problems, named)


def _readable(documents: Mapping[str, object]) -> dict[str, object]:
    """Leave out what is no details document; skipped endpoints stay, because a later override may want them."""
    return {name: d for name, d in documents.items() if not isinstance(read_details(d), str)}


def _with_models(parsed: Parsed, package: str) -> tuple[Parsed, dict[str, ModelSource]]:
    made = Models(parsed.endpoints, package)
    models: dict[str, ModelSource] = {}
    problems = list(parsed.problems)
    for endpoint in parsed.endpoints:
        try:
            models[str(endpoint.name)] = made.source(endpoint)
        except RenderedWrongError as error:
            problems.append(_not_rendered(endpoint, error))
    endpoints = tuple(e for e in parsed.endpoints if str(e.name) in models)
    return replace(parsed, endpoints=endpoints, problems=tuple(sorted(problems))), models


def _render_endpoints(
    parsed: Parsed,
    models: Mapping[str, ModelSource],
    alternatives: Mapping[str, tuple[str, ...]],
    package: str,
) -> tuple[Parsed, dict[PurePosixPath, str]]:
    modules: dict[PurePosixPath, str] = {}
    problems = list(parsed.problems)
    for endpoint in parsed.endpoints:
        path = endpoint_path(endpoint)
        removed = alternatives.get(endpoint.wire_name)
        try:
            text = render_endpoint(endpoint, models[str(endpoint.name)], removed, package)
            verify_endpoint(path, text, endpoint)
        except RenderedWrongError as error:
            problems.append(_not_rendered(endpoint, error))
        else:
            modules[path] = text
    endpoints = tuple(e for e in parsed.endpoints if endpoint_path(e) in modules)
    return replace(parsed, endpoints=endpoints, problems=tuple(sorted(problems))), modules


def _not_rendered(endpoint: Endpoint, error: RenderedWrongError) -> Problem:
    return Problem(endpoint.wire_name, "", str(error), "please report this", "skipped")


def _manifest(files: Mapping[PurePosixPath, bytes], snapshot: Snapshot, comment: str) -> bytes:
    document = {
        COMMENT: comment,
        "history": [str(HISTORY)],
        "generator": {
            "aki-codegen": __version__,
            "datamodel-code-generator": generator_version(),
        },
        "endpoints": {
            wire: fingerprint(details) for wire, details in sorted(snapshot.documents.items())
        },
        "files": {
            str(path): hashlib.sha256(content).hexdigest()
            for path, content in sorted(files.items())
            if path != HISTORY
        },
    }
    return (json.dumps(document, indent=2) + "\n").encode()
