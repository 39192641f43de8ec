"""`aki playground`: a local page to try the endpoints; the page itself is another package."""

from typing import Annotated

import typer

from ..exits import of_extra
from ..settings import settings_of


def playground(
    ctx: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", help="Port on 127.0.0.1 (a free one).")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Open a local page to try the endpoints."""
    settings = settings_of(ctx)
    options = settings.client_options()
    page = of_extra("playground", "aki_playground.app", "the playground")
    page.launch(
        settings.package, options.pop("api_server", None), port, browser, settings.key(), **options
    )
