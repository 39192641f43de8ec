"""The `init` command: a project for a package of one hub, whose commands need no options from then on.

Owns what is asked and what is written. Nothing that is there is overwritten; to a text of the user's, lines are added.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import typer
from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address

from .. import __version__
from ..literals import Code
from ..naming import package_name_fault
from ..output import write_text
from ..parsing.settings import PROJECT, TABLE, VersionRule, parse_settings
from ..problems import GenerationError
from ..rendering.templates import fill
from ..terminal import tell
from . import options

WORKFLOW = Path(".github", "workflows", "aki-client.yml")

app = options.new_app()


@app.command()
def init(
    ctx: typer.Context,
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="the hub's address; else asked")
    ] = None,
    package: Annotated[
        str | None, typer.Option("--package", metavar="NAME", help="package name; else asked")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="output folder")] = "src",
    layout: Annotated[
        Literal["aki", "aime"] | None,
        typer.Option("--layout", help="the hub's routes, where they are not to be found out"),
    ] = None,
    api_key_file: Annotated[
        str | None,
        typer.Option("--api-key-file", metavar="FILE", help="where the key is, beside AKI_API_KEY"),
    ] = None,
    version: Annotated[
        VersionRule,
        typer.Option("--version-rule", help="which figure changes that may break raise"),
    ] = "minor",
) -> options.ExitStatus:
    """Make this folder the project of a hub's package: settings, a workflow, and what version control leaves out.

    What is not named is asked for; where nobody can be asked, it must be named. Nobody else is asked anything.
    """
    server = _address(server or _asked(ctx, "--server", "Address of the hub", None))
    package = package or _asked(ctx, "--package", "Name of the package", "my_hub")
    fault = package_name_fault(package)
    if fault is not None:
        raise GenerationError(f"--package {package!r} {fault}")
    for path in (".gitignore", ".gitattributes"):
        _read(Path(path))  # what cannot be read is said before anything is written
    values = {
        "server": server,
        "layout": layout,
        "out": out,
        "package": package,
        "key-file": api_key_file,
        "version": version if version != "minor" else None,
    }
    table = f"[{TABLE}]\n" + "".join(f"{k} = {_text(v)}\n" for k, v in values.items() if v)
    written = [
        _add_table(Path(PROJECT), table, package, out),
        _add_lines(
            Path(".gitignore"),
            ["__pycache__/", ".venv/", "dist/", ".env", *filter(None, [api_key_file])],
        ),
        _add_lines(Path(".gitattributes"), [f"{Path(out, package).as_posix()}/** -text"]),
    ]
    if WORKFLOW.exists():
        tell(f"{WORKFLOW} is there and stays as it is")
    else:
        WORKFLOW.parent.mkdir(parents=True, exist_ok=True)
        write_text(WORKFLOW, fill("workflow.yml.jinja"))
        written.append(str(WORKFLOW))
    tell(f"Written: {', '.join(filter(None, written))}.", "Next: aki-codegen generate")
    return options.ExitStatus.OK


def _asked(ctx: typer.Context, option: str, question: str, default: str | None) -> str:
    # Without a terminal a question would wait for ever.
    if not sys.stdin.isatty():
        ctx.fail(f"{option} is needed where nobody can be asked")
    return str(typer.prompt(question, default=default))


def _address(text: str) -> str:
    try:
        return Address.parse(text, "aki").server
    except ConfigurationError as error:
        raise GenerationError(error.message) from None


def _text(value: str) -> str:
    """Return the literal of a text in TOML."""
    escaped = "".join(
        char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}"
        for char in value
    )
    return f'"{escaped}"'


def _add_table(path: Path, table: str, package: str, out: str) -> str:
    before = _read(path)
    text = f"{before.rstrip()}\n\n{table}" if before.strip() else None
    if text is None:
        values = {
            "package": package,
            "project": package.replace("_", "-"),
            "folder": _text(Path(out, package).as_posix())[1:-1],
            "release": __version__,
            "table": table,
        }
        text = fill("pyproject.toml.jinja", **{name: Code(value) for name, value in values.items()})
    try:
        if TABLE.partition(".")[2] in tomllib.loads(before or "").get("tool", {}):
            raise GenerationError(f"{path} has a table [{TABLE}] already; nothing was written")
        found = tomllib.loads(text)["tool"]["aki-codegen"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GenerationError(
            f"{path} is not such that a table can be added ({error}); nothing was written"
        ) from None
    parse_settings(found, str(path))
    write_text(path, text)
    return str(path)


def _add_lines(path: Path, lines: list[str]) -> str:
    before = _read(path)
    missing = [line for line in lines if line not in before.splitlines()]
    if not missing:
        return ""
    start = f"{before}\n" if re.search(r"[^\n]\Z", before) else before
    write_text(path, start + "".join(f"{line}\n" for line in missing))
    return str(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode() if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path} cannot be read: {error}; nothing was written") from None
