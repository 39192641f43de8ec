"""The two ways to reach the server: the standard streams of a process, and HTTP on this machine alone."""

import asyncio
import hashlib
import hmac
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from aki_cli.exits import CommandError, Exit
from aki_cli.job_notes import state_folder
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

BY_HAND = "aki: this waits for an agent, which starts it by itself and talks to it over its streams; Ctrl-C ends it"
"""What is said where somebody has started the server in a terminal."""


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
    """Make the server of a package's endpoints, by options that `Toolbox` and `AgentCalls` explain.

    `budget` is what all jobs of this hub's servers may cost together, those of earlier ones included.

    Raises:
        CommandError: There is no such package, no such endpoint, or no such folder.
        JournalError: The journals of earlier servers cannot be used.
    """
    for folder in allowed:
        if not folder.is_dir():
            raise CommandError(f"--allow-folder {folder}: there is no such folder", Exit.USAGE)
    toolbox = Toolbox(type(client), package, only, category)
    journals, generated = journals_of(package, client.api_server), import_module(package)
    if budget is not None:
        journals.mkdir(mode=0o700, parents=True, exist_ok=True)
        ledger = generated.Budget(budget, ledger=journals / "budget.ledger")
        client = client.with_options(budget=ledger)
    calls = AgentCalls(client, journals, save_to, allowed=allowed, most=most)
    return AgentServer(toolbox, calls, package.replace("_", "-"), generated.__version__)


def serve_stdio(server: AgentServer) -> None:
    """Serve the client that has started this process, until it closes the streams or asks the process to end."""

    async def serve() -> None:
        task, protocol = asyncio.current_task(), server.protocol
        assert task is not None
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with stdio_server() as (incoming, outgoing):
            try:
                await protocol.run(incoming, outgoing, protocol.create_initialization_options())
            except asyncio.CancelledError:
                # Jobs are left as they are noted. The thread that reads stdin would be waited for until a client writes
                # or closes it, and nothing else ends such a thread.
                os._exit(Exit.OK)

    if sys.stdin.isatty():
        print(BY_HAND, file=sys.stderr)
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(serve())


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
    named = os.environ.get(TOKEN)
    token = named or secrets.token_urlsafe(24)
    app = _with_token(server.protocol.streamable_http_app(host=HOST), f"Bearer {token}")
    who = f"with the token in {TOKEN}" if named else "that send this header"
    print(f"Serving http://{HOST}:{port}/mcp for clients {who}; Ctrl-C stops.", file=sys.stderr)
    if not named:
        print(f"Authorization: Bearer {token}", file=sys.stderr)
    config = uvicorn.Config(app, log_level="warning", lifespan="on")
    with listener:
        uvicorn.Server(config).run(sockets=[listener])


def _with_token(app: ASGIApp, wanted: str) -> ASGIApp:
    """Let requests pass that have the token."""
    refusal = PlainTextResponse("a token is needed\n", 401, {"WWW-Authenticate": "Bearer"})

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"")
        # In the same time whatever is given, so that nobody can guess the token letter by letter.
        may_pass = scope["type"] == "lifespan" or hmac.compare_digest(given, wanted.encode())
        await (app if may_pass else refusal)(scope, receive, send)

    return serve
