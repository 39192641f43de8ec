"""The seal in a package's manifest: whether a generation would make just what is there, so that nothing is done.

It holds the problems, which a summary names, and a digest of all that a package consists of and is made by.
`aki-codegen check` does not believe it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import aki_runtime
from aki_runtime.shapes import is_object

from ..output import (
    MANIFEST_NAME,
    SNAPSHOT,
    digest_of,
    files_of,
    generated_files,
    manifest_of,
)
from ..problems import Problem
from ..rendering.templates import templates_folder
from ..snapshot.snapshot import Snapshot, is_same
from .package import MANIFEST, Package, manifest_file

TOOLS = ("datamodel-code-generator", "jinja2", "markupsafe", "ruff")


def sealed(package: Package, before: Mapping[str, bytes]) -> dict[PurePosixPath, bytes]:
    """Return a package's files with the seal in the manifest.

    Args:
        package: The package.
        before: The files of the package that is there: where just the digest is another, its manifest stays, so
            that a generator that makes the same files changes nothing.
    """
    problems = [asdict(problem) for problem in package.all_problems]
    as_before = sealed_as(before, package.files)
    stays = as_before[MANIFEST] == before.get(MANIFEST_NAME)
    if stays and _seal_of(before).get("problems") == problems:
        return as_before
    open_manifest = _with_seal(package.files[MANIFEST], {"problems": problems, "digest": ""})
    digest = _digest(package.name, open_manifest)
    manifest = _with_seal(package.files[MANIFEST], {"problems": problems, "digest": digest})
    return {**package.files, MANIFEST: manifest}


def sealed_as(
    before: Mapping[str, bytes], files: Mapping[PurePosixPath, bytes]
) -> dict[PurePosixPath, bytes]:
    """Return a package's files with the seal of those that are there, right or wrong."""
    seal = _seal_of(before)
    if not seal or MANIFEST not in files:
        return dict(files)
    return {**files, MANIFEST: _with_seal(files[MANIFEST], seal)}


def problems_if_sealed(files: Mapping[str, bytes], package: str) -> tuple[Problem, ...] | None:
    """Return the problems of a package that is as this very generator made it; None for any other.

    Args:
        files: The files of the package that is there.
        package: What it is imported as.
    """
    seal = _seal_of(files)
    digest = str(seal.get("digest"))
    open_manifest = files.get(MANIFEST_NAME, b"").replace(digest.encode("ascii", "replace"), b"")
    if digest != _digest(package, open_manifest):
        return None
    # Where the digest is right, so is the manifest to the letter; the files that it names are not in it.
    hashes = generated_files(files)
    is_whole = all(name in hashes for name in files if name.startswith(SNAPSHOT)) and all(
        known is None or digest_of(files.get(name, b"")) == known for name, known in hashes.items()
    )
    return tuple(Problem(**problem) for problem in seal["problems"]) if is_whole else None


def makes_the_same(snapshot: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots make the same package."""
    return (
        replace(snapshot, documents={}) == replace(other, documents={})
        and snapshot.documents.keys() == other.documents.keys()
        and all(is_same(document, other.documents[n]) for n, document in snapshot.documents.items())
    )


def program_files() -> dict[str, bytes]:
    """Return the files of this program, with its templates and the runtime that it reads metadata with."""
    folders = (Path(__file__).parents[1], Path(aki_runtime.__file__).parent, templates_folder())
    # Names begin at the folder: the same program lies elsewhere on another machine.
    return {
        f"{folder.name}/{path}": content
        for folder in folders
        for path, content in files_of(folder).items()
        if not path.startswith("templates/")  # in a wheel they lie within the generator
    }


def _seal_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the seal in a package's manifest; nothing where it cannot be read."""
    seal = (manifest_of(files) or {}).get("seal")
    return seal if is_object(seal) else {}


def _with_seal(manifest: bytes, seal: Mapping[str, object]) -> bytes:
    return manifest_file({**json.loads(manifest), "seal": seal})


def _digest(package: str, manifest: bytes) -> str:
    parts = [
        package,
        digest_of(manifest),
        [f"{tool} {version(tool)}" for tool in TOOLS],
        {name: digest_of(content) for name, content in program_files().items()},
    ]
    return digest_of(json.dumps(parts).encode())
