"""`aki lint PATH…`: finds calls in source files that the hub would refuse; what judges them is another package."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..exits import CommandError, Exit, of_extra
from ..terminal import say, write


class ReportFormat(StrEnum):
    """How findings are written."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"
    JSON = "json"


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH…", help="Python files, and folders of such (.)."),
    ] = None,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="How findings are written.")
    ] = ReportFormat.TEXT,
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
    write("".join(f"{line}\n" for line in written(checked, form.value)))
    for file in checked:
        if file.skipped:
            say(f"{file.path} {file.skipped}; it is left out")
    return Exit.FAILED if any(file.findings for file in checked) else Exit.OK
