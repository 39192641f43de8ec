"""The seal in a package's manifest: whether a generation would make just what is there, so that nothing is done.

It holds the problems, which a summary names, and a digest of all that a package consists of and is made by.
`aki-codegen check` does not believe it.
"""

import hashlib
import json
import marshal
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import aki_runtime
from aki_runtime.shapes import is_object

from ..output import MANIFEST_NAME, SNAPSHOT, generated_files, manifest_of
from ..problems import Problem
from ..rendering.templates import templates_folder
from ..snapshot.snapshot import Snapshot
from .package import MANIFEST, Package, manifest_file

TOOLS = ("datamodel-code-generator", "jinja2", "markupsafe", "ruff")


def sealed(
    package: Package, report: str, before: Mapping[str, bytes]
) -> dict[PurePosixPath, bytes]:
    """Return a package's files with the seal in the manifest.

    Args:
        package: The package.
        report: The report beside it.
        before: The files of the package that is there: where just the digest is another, its manifest stays, so
            that a generator that makes the same files changes nothing.
    """
    problems = [asdict(problem) for problem in package.all_problems]
    as_before = sealed_as(before, package.files)
    is_same = as_before[MANIFEST] == before.get(MANIFEST_NAME)
    if is_same and _manifest_and_seal(before)[1].get("problems") == problems:
        return as_before
    manifest = json.loads(package.files[MANIFEST])
    digest = _digest(package.name, manifest, report.encode(), problems)
    manifest["seal"] = {"problems": problems, "digest": digest}
    return {**package.files, MANIFEST: manifest_file(manifest)}


def sealed_as(
    before: Mapping[str, bytes], files: Mapping[PurePosixPath, bytes]
) -> dict[PurePosixPath, bytes]:
    """Return a package's files with the seal of those that are there, right or wrong."""
    _, seal = _manifest_and_seal(before)
    if not seal or MANIFEST not in files:
        return dict(files)
    return {**files, MANIFEST: manifest_file({**json.loads(files[MANIFEST]), "seal": seal})}


def problems_if_sealed(
    files: Mapping[str, bytes], package: str, report: Path
) -> tuple[Problem, ...] | None:
    """Return the problems of a package that is as this very generator made it; None for any other.

    Args:
        files: The files of the package that is there.
        package: What it is imported as.
        report: The report beside it.
    """
    manifest, seal = _manifest_and_seal(files)
    problems: Any = seal.get("problems")
    try:
        if seal.get("digest") != _digest(package, manifest, report.read_bytes(), problems):
            return None
    except OSError:
        return None
    # Where the digest is right, so is what the manifest says; how it says it, and what else is there, is not in it.
    hashes = generated_files(files)
    is_whole = (
        files[MANIFEST_NAME] == manifest_file({**manifest, "seal": seal})
        and all(name in hashes for name in files if name.startswith(SNAPSHOT))
        and all(
            known is None or _sha256(files.get(name, b"")) == known
            for name, known in hashes.items()
        )
    )
    return tuple(Problem(**problem) for problem in problems) if is_whole else None


def makes_the_same(snapshot: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots make the same package."""
    if replace(snapshot, documents={}) != replace(other, documents={}):
        return False
    # Marshalling takes hardly any time, and unlike `==` it tells 1, 1.0 and True apart, and the order of fields.
    documents = [
        marshal.dumps(sorted(s.documents.items(), key=lambda item: item[0]), 2)
        for s in (snapshot, other)
    ]
    return documents[0] == documents[1]


def program_files() -> list[Path]:
    """Return the files of this program, with the runtime that it reads metadata with."""
    folders = [Path(__file__).parents[1], Path(aki_runtime.__file__).parent]
    return [file for folder in folders for file in folder.rglob("*.py")]


def _manifest_and_seal(files: Mapping[str, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a package's manifest says, its seal apart; nothing where it cannot be read."""
    manifest = manifest_of(files) or {}
    seal = manifest.pop("seal", None)
    return manifest, seal if is_object(seal) else {}


def _digest(package: str, manifest: object, report: bytes, problems: object) -> str:
    sources = [*program_files(), *templates_folder().glob("*.jinja")]
    parts = [
        package,
        manifest,
        _sha256(report),
        problems,
        [f"{tool} {version(tool)}" for tool in TOOLS],
        # Names alone, without folders: the same program lies elsewhere on another machine.
        sorted(f"{source.name} {_sha256(source.read_bytes())}" for source in sources),
    ]
    return _sha256(json.dumps(parts).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
