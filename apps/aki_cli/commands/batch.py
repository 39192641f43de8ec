"""`aki batch ENDPOINT INPUT -o OUTPUT`: one call for each row of a file, nothing lost and nothing paid twice."""

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..batch_view import Lines, View, told

if TYPE_CHECKING:
    from aki_client import AsyncAki
    from aki_client.batch import SettingChanges, Summary

# Plain help: Rich alone would take longer to import than all the rest.
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

INCOMPLETE = 3
INTERRUPTED = 130


@app.command()
def batch(
    ctx: typer.Context,
    endpoint: Annotated[str, typer.Argument(help="The endpoint's name.", show_default=False)],
    rows: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="A .jsonl, .csv, .tsv or .parquet file.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="OUTPUT", help="A .jsonl or .parquet file to write."
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=PARAMETER", help="What a column is for."),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of rows that have none."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COLUMN", help="A column that goes into the output."),
    ] = None,
    ignore_extra: Annotated[
        bool, typer.Option("--ignore-extra", help="Leave out columns that are for nothing.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option(metavar="MAX", help="Jobs at a time at the most, 1 to 100.")
    ] = 64,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Only the first rows.", show_default=False)
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for pictures and sounds (OUTPUT.media)."),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The journal (OUTPUT.journal).")
    ] = None,
    as_completed: Annotated[
        bool, typer.Option("--as-completed", help="Write rows as they end, not in their order.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Send rows again that failed.")
    ] = False,
    resubmit_uncertain: Annotated[
        bool,
        typer.Option(
            "--resubmit-uncertain",
            help="Send rows again that may have been sent: perhaps paid twice.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all rows; send and write nothing.")
    ] = False,
) -> int:
    """Call an endpoint for each row of a file. The same command goes on where an earlier one ended."""
    given = ctx.find_root().params
    package = str(given.get("package") or "aki_client")
    module: Any = importlib.import_module(f"{package}.batch")
    client = _client(package, given)
    settings: SettingChanges = {
        "client": client,
        "columns": dict(_pairs(columns, "--map")),
        "constants": _constants(client, package, endpoint, constants),
        "keep": keep or (),
        "ignore_extra": ignore_extra,
        "concurrency": concurrency,
        "limit": limit,
        "media": media,
        "journal": journal,
        "as_completed": as_completed,
        "retry_failed": retry_failed,
        "resubmit_uncertain": resubmit_uncertain,
    }
    if dry_run:
        count: int = module.check(endpoint, rows, **settings)
        print(f"{count:,} rows are in order; nothing was sent")
        return 0
    if output is None:
        raise typer.BadParameter("say -o OUTPUT, a .jsonl or .parquet file", ctx)
    with _view() as view:
        settings["on_progress"], settings["on_notice"] = view.show, view.say
        summary: Summary = module.run(endpoint, rows, output, **settings)
    print("\n".join(told(summary)))
    if summary.interrupted and summary.left:
        return INTERRUPTED
    return INCOMPLETE if summary.failed or summary.uncertain else 0


def _view() -> View:
    if not sys.stderr.isatty():
        return Lines(sys.stderr)
    from ..batch_bar import Bar

    return Bar(sys.stderr)


def _client(package: str, given: dict[str, Any]) -> "AsyncAki":
    """Make a client as the global options say; the key is never one of them, only the file that it is in."""
    key_file = given.get("key_file")
    try:
        key = Path(key_file).read_text("utf-8").strip() if key_file else None
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"the key file {key_file} can not be read") from None
    module: Any = importlib.import_module(f"{package}.client")
    client: AsyncAki = module.AsyncAki(
        key,
        api_server=given.get("server"),
        layout=given.get("layout"),
        allow_http=bool(given.get("allow_http")),
    )
    return client


def _constants(
    client: "AsyncAki", package: str, endpoint: str, texts: list[str] | None
) -> dict[str, Any]:
    pairs = _pairs(texts, "--set")
    if not pairs:
        return {}
    try:
        known = client.load_endpoint(endpoint).info.parameters
    except AttributeError:
        return {}  # the batch itself says that there is no such endpoint
    convert: Any = importlib.import_module(f"{package}._runtime.batch.columns").from_text
    return {n: convert(text, known[n]) if n in known else text for n, text in pairs}


def _pairs(texts: list[str] | None, option: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts or []]
    for name, sign, value in pairs:
        if not name or not sign or (option == "--map" and not value):
            raise typer.BadParameter(f"{option} takes NAME=VALUE, not {name + sign + value!r}")
    return [(name, value) for name, _, value in pairs]
