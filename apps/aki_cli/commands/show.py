"""`aki show NAME`: what an endpoint takes and gives back, and with `--live` how busy it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aki_runtime.changes.facts import FieldFacts

from ..catalogue import Described, find_endpoint
from ..options import ENDPOINT
from ..parameters import options_of
from ..settings import settings_of
from ..style import new_app
from ..terminal import draw, one_line
from ..words import default_of, takes

if TYPE_CHECKING:
    from rich.table import Table

app = new_app()


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, ENDPOINT],
    live: Annotated[
        bool, typer.Option("--live", help="The details of today, with workers and queue.")
    ] = False,
) -> None:
    """Show what an endpoint takes and gives back."""
    settings = settings_of(ctx)
    found = find_endpoint(settings, name, live=live)
    _introduce(found)
    if live or not found.attribute:
        draw(_live_figures(found.document))
    _parameters(found)
    for section, title in (("output", "outputs"), ("progress", "progress")):
        fields = found.section(section)
        if fields:
            draw("", _fields(fields, title))
    draw(f"\naki call {one_line(found.attribute or found.name)}{_example(found)}", style="dim")


def _introduce(found: Described) -> None:
    facts = found.facts
    draw(one_line(found.title), style="bold")
    if facts.description:
        draw(one_line(facts.description))
    said = {
        "on the hub": found.name if found.name != found.attribute else "",
        "category": facts.category or "",
        "version": "" if facts.version is None else str(facts.version),
    }
    draw(", ".join(f"{what} {one_line(word)}" for what, word in said.items() if word), style="dim")


def _live_figures(document: Mapping[str, Any]) -> str:
    counts = (
        ("num_active_workers", "workers online: {}"),
        ("num_workers", "of {}"),
        ("free_queue_slots", "· free places in the queue: {:,}"),
        ("max_queue_length", "of {:,}"),
    )
    known = ((words, document.get(name)) for name, words in counts)
    return " ".join(words.format(count) for words, count in known if isinstance(count, int))


def _parameters(found: Described) -> None:
    fields = found.section("input")
    if not fields:
        return
    options = options_of(found)
    table = _new_table("parameter", "takes", "default")
    for name, facts in fields.items():
        default = "required" if facts.required else default_of(facts)
        description = one_line(facts.description).rstrip(".")
        words = takes(facts, found.choices(name, facts))
        table.add_row(
            options.get(name) or one_line(name),
            f"{description}: {words}" if description else words,
            default,
        )
    draw("", table)


def _fields(fields: Mapping[str, FieldFacts], title: str) -> "Table":
    table = _new_table(title, "")
    for name, facts in fields.items():
        if name != "error":  # a failure is told as such
            table.add_row(one_line(name), takes(facts))
    return table


def _new_table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    first, *others = columns
    table.add_column(first, no_wrap=True, style="bold")
    for column in others:
        table.add_column(column, overflow="fold")
    return table


def _example(found: Described) -> str:
    options = options_of(found)
    needed = [n for n, facts in found.section("input").items() if facts.required and n in options]
    chat = [name for name in ("prompt_input",) if name in options and not needed]
    return "".join(f" {options[name]} …" for name in [*needed, *chat])
