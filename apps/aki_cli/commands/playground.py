"""`aki playground`: a local page to try the endpoints; the page itself is another package."""

import os
from typing import Annotated

import typer

from ..exits import Exit
from ..problems import CommandError
from ..settings import settings_of
from ..style import new_app

app = new_app()


@app.command()
def playground(
    ctx: typer.Context,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Port on 127.0.0.1 (a free one).")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Open a local page to try the endpoints."""
    settings = settings_of(ctx)
    key = settings.key()
    try:
        from aki_playground.app import launch
    except ImportError:
        raise CommandError(
            "the playground needs an extra: pip install 'aki-client[playground]'",
            Exit.CONFIGURATION,
        ) from None
    if key is not None:
        os.environ["AKI_API_KEY"] = key  # where the playground looks for it
    launch(package=settings.package, server=settings.server, port=port, open_browser=browser)
