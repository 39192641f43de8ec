"""`aki key`: whether the hub takes the key."""

import typer

from ..exits import Exit
from ..problems import CommandError
from ..settings import settings_of
from ..style import new_app
from ..terminal import write

app = new_app()


@app.command()
def key(ctx: typer.Context) -> None:
    """Ask the hub whether the key is good."""
    with settings_of(ctx).client() as client:
        if client.api_key is None:
            raise CommandError(
                "there is no key; set AKI_API_KEY or say --api-key-file FILE", Exit.CONFIGURATION
            )
        check = client.validate_key()
        if not check:
            raise CommandError(
                f"{client.api_server} does not take the key: {check.message}", Exit.KEY
            )
        write(f"The key is good for {client.api_server}.\n")
