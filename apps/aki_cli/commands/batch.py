"""`aki batch NAME INPUT -o OUTPUT`: one call for each row of a file, nothing lost and nothing paid twice."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..batch_view import batch_view, number_of, summary_lines
from ..calling import bound, read_value
from ..catalogue import Catalogue, CatalogueEntry
from ..exits import CommandError, Exit, StoppedError, did_you_mean
from ..root import ENDPOINT
from ..settings import settings_of
from ..terminal import write

if TYPE_CHECKING:
    from aki_runtime.batch.public import SettingChanges

    from ..calling import AnyEndpoint


def batch(
    ctx: typer.Context,
    name: Annotated[str, ENDPOINT],
    rows: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A .jsonl, .csv, .tsv or .parquet file.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="OUTPUT", help="A .jsonl or .parquet file to write."
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=PARAMETER", help="What a column is for; repeatable."),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PARAMETER=VALUE", help="For rows without; repeatable."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="COLUMN", help="A column that goes into the output; repeatable."
        ),
    ] = None,
    ignore_extra: Annotated[
        bool, typer.Option("--ignore-extra", help="Leave out columns that are for nothing.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option(metavar="MAX", min=1, max=100, help="Most jobs at a time.")
    ] = 64,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the first rows.")
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="For images, audio and video (OUTPUT.media)."),
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
            help="Send rows again that may have been paid: perhaps twice.",
        ),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT", help="Most that all runs may cost, by --prices (OUTPUT.ledger)."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all rows; send and write nothing.")
    ] = False,
) -> int:
    """Call an endpoint for each row of a file. The same command goes on where an earlier one ended."""
    settings = settings_of(ctx)
    if settings.timeout is not None and "timeout" not in settings.sources:
        raise CommandError(
            "--timeout is for single calls; a row of a batch may take as long as the hub lets it",
            Exit.USAGE,
        )
    if output is None and not dry_run:
        raise CommandError("say -o OUTPUT, a .jsonl or .parquet file", Exit.USAGE)
    # One that stands in a file or a variable is for single calls, and no reason to refuse a batch.
    settings = replace(settings, timeout=None)
    found = Catalogue(settings.package).require(name)
    changes: SettingChanges = {
        "columns": _mapping_of(found, columns or []),
        "constants": _constants_of(found, constants or []),
        "keep": keep or (),
        "ignore_extra": ignore_extra,
        "concurrency": concurrency,
        "limit": limit,
        "media": media,
        "journal": journal,
        "as_completed": as_completed,
        "retry_failed": retry_failed,
        "resubmit_uncertain": resubmit_uncertain,
        "budget": budget,
    }
    # It sends nothing itself: the batch makes its own async client with the same key, hub and options.
    with settings.client() as client:
        endpoint = bound(client, found)
        if output is None or dry_run:
            return _check(endpoint, rows, changes)
        prices = settings.read_prices()
        return _run(endpoint, rows, output, changes, prices.currency if prices else "")


def _check(endpoint: "AnyEndpoint", rows: Path, changes: "SettingChanges") -> Exit:
    from aki_runtime.batch.public import check  # what help can do without

    write(f"{number_of(check(endpoint, rows, **changes), 'row')} in order; nothing was sent\n")
    return Exit.OK


def _run(
    endpoint: "AnyEndpoint", rows: Path, output: Path, changes: "SettingChanges", currency: str
) -> Exit:
    from aki_runtime.batch.public import BatchStoppedError, Stop, run  # what help can do without

    changes["stop"] = stop = Stop()
    try:
        with batch_view() as view:
            changes["on_progress"], changes["on_notice"] = view.show, view.say
            summary = run(endpoint, rows, output, **changes)
    except BatchStoppedError as error:
        if stop.signal is None:
            raise
        raise StoppedError(error.message, _stopped_by(stop.signal)) from None
    write("".join(f"{line}\n" for line in summary_lines(summary, currency)))
    if summary.left and stop.signal is not None:
        return _stopped_by(stop.signal)
    return Exit.OK if summary.done == summary.rows else Exit.INCOMPLETE


def _stopped_by(number: int) -> Exit:
    return Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED


def _mapping_of(found: CatalogueEntry, written: list[str]) -> dict[str, str]:
    """Return the parameter that each mapped column is for, as in `text=prompt`."""
    pairs = [_pair("--map", "COLUMN=PARAMETER", text) for text in written]
    return {column: _parameter("--map", found, name) for column, name in pairs}


def _constants_of(found: CatalogueEntry, written: list[str]) -> dict[str, Any]:
    """Return the values for rows that have none, as in `width=512`, read as `aki call` reads them."""
    constants: dict[str, Any] = {}
    fields = found.section("input")
    for text in written:
        name, value = _pair("--set", "PARAMETER=VALUE", text)
        name = _parameter("--set", found, name)
        try:
            constants[name] = read_value(name, value, fields[name])
        except ValueError as error:
            raise CommandError(f"--set {error}", Exit.USAGE) from None
    return constants


def _pair(option: str, form: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise CommandError(f"{option} takes {form}, not {text!r}", Exit.USAGE)
    return name, value


def _parameter(option: str, found: CatalogueEntry, name: str) -> str:
    names = found.fields.get("input", {})
    name = names.get(name, name)
    if name in names.values():
        return name
    hint = did_you_mean(name, names.values()) or f"`aki show {found.attribute}` lists them"
    raise CommandError(f"{option}: unknown parameter {name!r} of {found.name}; {hint}", Exit.USAGE)
