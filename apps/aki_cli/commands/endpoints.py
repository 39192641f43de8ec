"""`aki endpoints`: which endpoints there are, in the package or on the hub."""

from typing import TYPE_CHECKING, Annotated

import typer
from aki_runtime.errors import StatusError, UnexpectedAnswerError

from ..catalogue import Catalogue, Described, live_endpoint
from ..settings import settings_of
from ..style import new_app
from ..terminal import draw, one_line, say

if TYPE_CHECKING:
    from aki_client import Aki

app = new_app()


@app.command()
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
    shown = [f for f in known.values() if category is None or f.facts.category == category]
    if not shown:
        there = sorted({found.facts.category for found in known.values() if found.facts.category})
        hint = f"; there are {one_line(', '.join(there))}" if category and there else ""
        say(f"no endpoint{f' of category {category!r}' if category else ''}{hint}")
        return
    _table(shown)


def _live(client: "Aki", name: str) -> Described:
    try:
        return live_endpoint(name, client.endpoint_details(name), None)
    except (StatusError, UnexpectedAnswerError) as error:
        say(f"the details of {one_line(name)} cannot be read: {error}")
        return live_endpoint(name, {}, None)


def _table(shown: list[Described]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("endpoint", no_wrap=True, style="bold")
    table.add_column("category", no_wrap=True)
    table.add_column("title")
    for found in sorted(shown, key=lambda found: (found.facts.category or "~", found.name)):
        name = found.attribute or found.name
        note = "" if found.attribute else " (not in the package)"
        title = one_line(found.title)
        table.add_row(one_line(name), one_line(found.facts.category or ""), title + note)
    draw(table)
