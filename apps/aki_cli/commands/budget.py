"""`aki budget LEDGER`: what a budget's ledger holds, and what calls have cost that no hub has reported."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from aki_runtime.terminal import one_line

from ..exits import CommandError, Exit
from ..showing import Listing
from ..terminal import write, write_json

if TYPE_CHECKING:
    from aki_runtime.store.budget import Budget

SHOWN = 8
"""Letters of a call's id; as many as make it the only one are enough."""


def _open_calls(ctx: typer.Context) -> list[str]:
    return [f"{call.id[:SHOWN]}=" for call in _read(Path(ctx.params["ledger"])).open_calls()]


def budget(
    ledger: Annotated[
        Path, typer.Argument(metavar="LEDGER", help="A ledger, such as OUTPUT.ledger.")
    ],
    settle: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CALL=AMOUNT",
            help="What an open call has cost, by the hub's bill; 0 for nothing; repeatable.",
            autocompletion=_open_calls,
        ),
    ] = None,
    output: Listing = "text",
) -> None:
    """Show what was spent of a budget, and each open call: one whose cost is not known. No hub is asked."""
    from aki_runtime.usage import amount_in_words

    from ..batch_view import duration, number_of

    found = _read(ledger)
    for word in settle or ():
        _settle(found, word)
    calls, currency = found.open_calls(), found.currency
    if output == "json":
        listed = [{**asdict(call), "reserved": f"{call.reserved:f}"} for call in calls]
        totals = {"spent": f"{found.spent:f}", "reserved": f"{found.reserved:f}"}
        write_json({"currency": currency, **totals, "open_calls": listed})
        return
    write(f"spent     {amount_in_words(found.spent, currency)}\n")
    reserved = amount_in_words(found.reserved, currency)
    write(f"reserved  {reserved} for {number_of(len(calls), 'open call')}\n")
    for call in calls:
        most, ago = amount_in_words(call.reserved, currency), duration(time.time() - call.since)
        name, why = one_line(call.endpoint), one_line(call.reason)  # a hub has a part in both
        write(f"{call.id[:SHOWN]}  {name}, at most {most}, started {ago} ago\n")
        write(f"  {why}\n")


def _read(ledger: Path) -> "Budget":
    if not ledger.is_file():  # it would be made
        raise CommandError(f"{ledger}: there is no such ledger", Exit.USAGE)
    from aki_runtime.store.budget import Budget

    return Budget(0, ledger=ledger)


def _settle(ledger: "Budget", word: str) -> None:
    name, is_given, amount = word.partition("=")
    if not name or not is_given:
        raise CommandError(f"--settle {word}: say CALL=AMOUNT, as in 1a2b3c4d=0.003", Exit.USAGE)
    calls = [call for call in ledger.open_calls() if call.id.startswith(name)]
    if len(calls) != 1:
        many = "several open calls begin so" if calls else "there is no such open call"
        raise CommandError(f"--settle {word}: {many}; `aki budget` lists them", Exit.USAGE)
    ledger.settle(calls[0], amount)
