"""`aki lint PATH…`: finds calls in source files that the hub would refuse; what judges them is another package."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..exits import CommandError, Exit, of_extra
from ..terminal import say, write


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH…", help="Python files, and folders of such (.)."),
    ] = None,
    form: Annotated[
        Literal["text", "github", "sarif", "json"],
        typer.Option("--format", help="How findings are written."),
    ] = "text",
    python: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The interpreter or environment of the project."),
    ] = None,
    lsp: Annotated[
        bool, typer.Option("--lsp", help="Serve an editor on stdin and stdout.")
    ] = False,
) -> int:
    """Find calls in source files that the hub would refuse. Nothing is run, imported or sent."""
    if lsp:
        of_extra("lint", "aki_lint.server", "the language server").serve(python)
        return Exit.OK
    from aki_lint.files import check_file, source_files
    from aki_lint.formats import written

    named = paths or [Path()]
    for path in named:
        if not path.exists():
            raise CommandError(f"{path}: no such file or folder", Exit.USAGE)
    checked = [check_file(path, python) for path in source_files(named)]
    write("".join(f"{line}\n" for line in written(checked, form)))
    for file in checked:
        if file.skipped:
            say(f"{file.path} {file.skipped}; it is left out")
    return Exit.FAILED if any(file.findings for file in checked) else Exit.OK
