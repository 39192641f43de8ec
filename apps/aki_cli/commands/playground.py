"""`aki playground`: a local page to try the endpoints; the page itself is another package."""

from importlib import import_module
from typing import Annotated

import typer

from ..exits import CommandError, Exit
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
    key, prices = settings.key(), settings.read_prices()
    try:
        page = import_module("aki_playground.app")
    except ImportError:
        raise CommandError(
            "the playground needs an extra: pip install 'aki-client[playground]'",
            Exit.CONFIGURATION,
        ) from None
    page.launch(settings.package, settings.server, port, browser, key, prices)
