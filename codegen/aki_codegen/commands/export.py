"""The `export` command: what a package's snapshot says, in the words of other tools. It asks nobody."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import typer

from ..export.agents import LLMS, SKILL, agent_files, skill_folder
from ..export.openapi import openapi, schema_bundle, schema_files
from ..export.pages import endpoint_pages
from ..ir import NamedEndpoint
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE
from ..output import MANIFEST_NAME, digest_of, write_package, write_text
from ..parsing.parse import parse
from ..problems import GenerationError
from ..rendering.schema import Schema
from ..snapshot.snapshot import COMMENT, Snapshot, read_or_raise
from ..terminal import hand_out, json_text, say
from . import options

STANDARD_OUTPUT = "-"


app = options.new_app()


@app.command()
def export(
    what: Annotated[
        Literal["openapi", "jsonschema", "docs", "skill", "llms"],
        typer.Argument(
            metavar="openapi|jsonschema|docs|skill|llms", help="what is made", show_default=False
        ),
    ],
    out: options.Out = Path(DEFAULT_OUT),
    package: options.PackageName = DEFAULT_PACKAGE,
    output: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="a file for openapi, a folder for the others; - is the standard output",
        ),
    ] = STANDARD_OUTPUT,
) -> options.ExitStatus:
    """Describe a package's hub: OpenAPI, JSON Schema, a page per endpoint, or for coding agents; nobody is asked.

    The package is that in the output folder, or else the installed one.
    """
    snapshot = read_or_raise(_folder(out, package))
    endpoints = offered_endpoints(snapshot)
    if what == "openapi":
        _write_text(output, _dumped(openapi(endpoints, snapshot)))
    elif what == "docs":
        _write_folder(what, output, endpoint_pages(endpoints, snapshot, package))
    elif what in ("skill", "llms"):
        texts, folder = agent_files(endpoints, snapshot, package), PurePosixPath()
        if what == "skill":
            folder = skill_folder(package)
        if not texts:
            raise GenerationError(f"the hub of {package} offers no endpoint any more")
        inside = {p.relative_to(folder): t for p, t in texts.items() if p.is_relative_to(folder)}
        if output == STANDARD_OUTPUT:
            _write_text(output, inside[SKILL if what == "skill" else LLMS])
        else:
            _write_folder(what, output, inside)
    elif output == STANDARD_OUTPUT:
        _write_text(output, _dumped(schema_bundle(endpoints)))
    else:
        files = {path: _dumped(schema) for path, schema in schema_files(endpoints).items()}
        _write_folder(what, output, files)
    return options.ExitStatus.OK


def _folder(out: Path, package: str) -> Path:
    found = None if (out / package).is_dir() else find_spec(package)
    return Path(found.origin).parent if found and found.origin else out / package


def offered_endpoints(snapshot: Snapshot) -> Sequence[NamedEndpoint]:
    """Return the endpoints that the hub offers, as the client has them."""
    parsed = parse(snapshot.documents, snapshot.names, snapshot.overrides)
    return [e for e in parsed.endpoints if e.wire_name not in snapshot.removed]


def _dumped(document: Schema) -> str:
    return json_text(document, allow_nan=False)


def _write_text(output: str, text: str) -> None:
    if output == STANDARD_OUTPUT:
        hand_out(text)
        return
    path = Path(output)
    if path.is_dir():
        raise GenerationError(f"{path} is a folder; name a file with --output, or - for stdout")
    if not path.parent.is_dir():
        raise GenerationError(f"there is no folder {path.parent}; make it, or name another file")
    write_text(path, text)
    say(f"{path} written")


def _write_folder(what: str, output: str, texts: Mapping[PurePosixPath, str]) -> None:
    if output == STANDARD_OUTPUT:
        raise GenerationError(f"{what} are several files; name a folder with --output")
    folder = Path(output)
    if folder.is_file() or (folder.is_dir() and _is_foreign(folder)):
        raise GenerationError(
            f"{folder} holds what this command did not make; name a new folder with --output"
        )
    files = {path: text.encode() for path, text in texts.items()}
    manifest = {
        COMMENT: f"Made by `aki-codegen export {what}` from endpoint metadata. Do not edit.",
        "files": {str(path): digest_of(data) for path, data in files.items()},
    }
    files[PurePosixPath(MANIFEST_NAME)] = _dumped(manifest).encode()
    write_package(folder, files)
    say(f"{folder}: {len(texts)} files")


def _is_foreign(folder: Path) -> bool:
    return not (folder / MANIFEST_NAME).is_file() and any(folder.iterdir())
