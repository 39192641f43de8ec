"""`aki endpoints` and `aki show NAME`: which endpoints there are, and what one takes and gives back."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aki_runtime.errors import StatusError, UnexpectedAnswerError
from aki_runtime.metadata import field_in_words
from aki_runtime.terminal import one_line

from ..catalogue import (
    Catalogue,
    CatalogueEntry,
    default_of,
    find_endpoint,
    live_endpoint,
    what_it_takes,
)
from ..root import ENDPOINT
from ..settings import settings_of
from ..terminal import draw, say, shell_line
from .call import options_of

if TYPE_CHECKING:
    from aki_client import Aki
    from rich.table import Table


def endpoints(
    ctx: typer.Context,
    category: Annotated[
        str | None,
        typer.Option(
            "--category", metavar="CATEGORY", help="Only those of a category, such as chat."
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Those that the hub lists today; asks the hub.")
    ] = False,
) -> None:
    """List the endpoints of the package, or with --live those of the hub."""
    settings = settings_of(ctx)
    known = {found.name: found for found in Catalogue(settings.package).all()}
    if live:
        with settings.client() as client:
            known = {n: known.get(n) or _live(client, n) for n in client.endpoints()}
    shown = [f for f in known.values() if category is None or f.metadata.category == category]
    if not shown:
        there = sorted(
            {found.metadata.category for found in known.values() if found.metadata.category}
        )
        hint = f"; there are {one_line(', '.join(there))}" if category and there else ""
        say(f"no endpoint{f' of category {category!r}' if category else ''}{hint}")
        return
    shown.sort(key=lambda found: (found.metadata.category or "~", found.name))
    rows = [
        (
            one_line(found.attribute or found.name),
            one_line(found.metadata.category or ""),
            one_line(found.title) + ("" if found.attribute else " (not in the package)"),
        )
        for found in shown
    ]
    draw(_table(("endpoint", "category", "title"), rows))


def _live(client: "Aki", name: str) -> CatalogueEntry:
    try:
        return live_endpoint(name, client.endpoint_details(name), None)
    except (StatusError, UnexpectedAnswerError) as error:
        say(f"the details of {one_line(name)} cannot be read: {error}")
        return live_endpoint(name, {}, None)


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
    if parameters := list(_parameters(found)):
        draw("", _table(("parameter", "takes", "default"), parameters))
    for section, title in (("output", "outputs"), ("progress", "progress")):
        if fields := found.section(section):
            # A failure has a sentence of its own.
            named = (
                (one_line(n), field_in_words(f, one_line))
                for n, f in fields.items()
                if n != "error"
            )
            draw("", _table((title, ""), named))
    line = shell_line("aki", "call", found.attribute or found.name)
    draw(f"\n{line}{_example(found)}", style="dim")


def _introduce(found: CatalogueEntry) -> None:
    metadata = found.metadata
    draw(one_line(found.title), style="bold")
    if metadata.description:
        draw(one_line(metadata.description))
    said = {
        "on the hub": found.name if found.name != found.attribute else "",
        "category": metadata.category or "",
        "version": "" if metadata.version is None else str(metadata.version),
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


def _parameters(found: CatalogueEntry) -> Iterator[tuple[str, ...]]:
    options = options_of(found)
    for name, field in found.section("input").items():
        default = "required" if field.required else default_of(field)
        yield options.get(name) or one_line(name), what_it_takes(field), default


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(columns[0], no_wrap=True, style="bold")
    for column in columns[1:]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _example(found: CatalogueEntry) -> str:
    options = options_of(found)
    needed = [n for n, f in found.section("input").items() if f.required and n in options]
    chat = [name for name in ("prompt_input",) if name in options and not needed]
    return "".join(f" {options[name]} …" for name in [*needed, *chat])
