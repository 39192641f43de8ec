"""`aki mcp`: the endpoints as tools of coding agents; the server itself is another package."""

from pathlib import Path
from typing import Annotated

import typer

from ..exits import of_extra
from ..settings import settings_of


def mcp(
    ctx: typer.Context,
    save_to: Annotated[
        Path, typer.Option("--save-to", metavar="FOLDER", help="Folder for media (aki-results).")
    ] = Path("aki-results"),
    allow_folder: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="A folder whose files an agent may send; several may be named (none).",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An endpoint to offer; several may be named (all)."),
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="KIND", help="Offer the endpoints of a kind (all).")
    ] = None,
    max_jobs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Jobs until the server is started anew.")
    ] = 100,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT", help="Most that all agents' jobs of this hub may cost, by --prices."
        ),
    ] = None,
    http: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65_535,
            help="Serve HTTP on 127.0.0.1 instead of the streams.",
        ),
    ] = None,
) -> None:
    """Offer the endpoints to coding agents as tools (MCP)."""
    settings = settings_of(ctx)
    serving = of_extra("mcp", "aki_mcp.serving", "the MCP server")
    server = serving.agent_server(
        settings.async_client(),
        settings.package,
        save_to,
        allowed=tuple(allow_folder or ()),
        only=tuple(only or ()),
        category=category,
        most=max_jobs,
        budget=budget,
    )
    if http is None:
        serving.serve_stdio(server)
    else:
        serving.serve_http(server, http)
