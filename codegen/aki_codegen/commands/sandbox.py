"""The `sandbox` command: the stand-in hub, until Ctrl-C."""

from pathlib import Path
from typing import Annotated

import typer

from ..problems import GenerationError
from . import options

app = options.new_app()


def _port(given: object) -> int:
    text = str(given)  # it may be the default
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise typer.BadParameter(f"{text!r} is not a port; take a number from 0 to 65535")
    return int(text)


@app.command()
def sandbox(
    port: Annotated[
        int, typer.Option(metavar="N", parser=_port, help="port on 127.0.0.1; 0 takes a free one")
    ] = 8321,
    catalogue: Annotated[
        Path | None, typer.Option(metavar="DIR", help="folder of details documents to serve")
    ] = None,
) -> options.ExitStatus:
    """Run a stand-in hub on this machine."""
    try:
        from aki_sandbox.catalogue import CatalogueError
        from aki_sandbox.server import PortTakenError, run
    except ImportError as error:
        raise GenerationError(
            f"the sandbox hub needs the extra 'sandbox': pip install 'aki-client[sandbox]' ({error})"
        ) from None
    try:
        run(port, catalogue)
    except (CatalogueError, PortTakenError) as error:
        raise GenerationError(str(error)) from None
    return options.ExitStatus.OK
