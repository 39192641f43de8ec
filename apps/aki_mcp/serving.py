"""The two ways to reach the server: the standard streams of a process, and HTTP on this machine alone."""

import asyncio
import hashlib
import hmac
import os
import secrets
import signal
import socket
import sys
from collections.abc import Coroutine
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aki_cli.exits import CommandError, Exit
from aki_cli.job_notes import state_folder
from aki_runtime.store.budget import Budget
from mcp.server.stdio import stdio_server
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .calls import MOST_JOBS, AgentCalls
from .server import AgentServer
from .tools import Toolbox

if TYPE_CHECKING:
    from aki_client import AsyncAki

HOST = "127.0.0.1"
TOKEN = "AKI_MCP_TOKEN"  # noqa: S105
"""The variable that holds the token; without it one is made for each start."""


def journals_of(package: str, server: str) -> Path:
    """Return the folder for the journals of one hub's calls."""
    hub = hashlib.sha256(server.encode()).hexdigest()[:12]
    return state_folder() / "mcp" / f"{package}-{hub}"


def agent_server(
    client: "AsyncAki",
    package: str,
    save_to: Path,
    *,
    allowed: tuple[Path, ...] = (),
    only: tuple[str, ...] = (),
    category: str | None = None,
    most: int = MOST_JOBS,
    budget: str | None = None,
) -> AgentServer:
    """Make the server of a package's endpoints.

    Args:
        client: The client of the package.
        package: The package's name.
        save_to: The folder for media.
        allowed: Folders whose files an agent may name.
        only: The endpoints that are offered, by name; none means all.
        category: The kind of those that are offered.
        most: Jobs that are submitted at most.
        budget: What all jobs of this hub's servers may cost together, those of earlier ones included.

    Raises:
        CommandError: There is no such package, no such endpoint, or no such folder.
        JournalError: The journals of earlier servers cannot be used.
    """
    for folder in allowed:
        if not folder.is_dir():
            raise CommandError(f"--allow-folder {folder}: there is no such folder", Exit.USAGE)
    toolbox = Toolbox(type(client), package, only, category)
    journals = journals_of(package, client.api_server)
    if budget is not None:
        journals.mkdir(mode=0o700, parents=True, exist_ok=True)
        client = client.with_options(budget=Budget(budget, ledger=journals / "budget.ledger"))
    calls = AgentCalls(client, journals, save_to, allowed=allowed, most=most)
    version: str = import_module(package).__version__
    return AgentServer(toolbox, calls, package.replace("_", "-"), version)


def serve_stdio(server: AgentServer) -> None:
    """Serve the client that has started this process, until it closes the streams."""

    async def serve() -> None:
        protocol = server.protocol
        async with stdio_server() as (incoming, outgoing):
            await protocol.run(incoming, outgoing, protocol.create_initialization_options())

    _run(serve())


def serve_http(server: AgentServer, port: int) -> None:
    """Serve clients on this machine that know the token, until Ctrl-C.

    Raises:
        CommandError: The port is taken.
    """
    import uvicorn

    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        raise CommandError(
            f"--http {port}: {os.strerror(error.errno or 0)}; give another port", Exit.USAGE
        ) from None
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    app = _WithToken(server.protocol.streamable_http_app(host=HOST), token)
    config = uvicorn.Config(app, log_level="warning", lifespan="on")
    url = f"http://{HOST}:{port}/mcp"
    if os.environ.get(TOKEN):
        print(
            f"Serving {url} for clients with the token in {TOKEN}; Ctrl-C stops.", file=sys.stderr
        )
    else:
        print(f"Serving {url} for clients that send this header; Ctrl-C stops.", file=sys.stderr)
        print(f"Authorization: Bearer {token}", file=sys.stderr)
    with listener:
        uvicorn.Server(config).run(sockets=[listener])


class _WithToken:
    """Lets requests pass that have the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._app
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            # In the same time whatever is given, so that nobody can guess the token letter by letter.
            if not hmac.compare_digest(given, self._wanted):
                headers = {"WWW-Authenticate": "Bearer"}
                answer = PlainTextResponse("a token is needed\n", 401, headers)
        await answer(scope, receive, send)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run until it ends or the process is asked to end; jobs are left as they are noted then."""

    async def run() -> None:
        task = asyncio.ensure_future(work)
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    with suppress(KeyboardInterrupt):
        asyncio.run(run())
