"""A hub that listens on a socket of this machine, in a thread or in the foreground.

Owns the socket and the server's life. Must not know any route or rule.
"""

import asyncio
import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import uvicorn

from aki_sandbox.catalogue import Catalogue, load_catalogue
from aki_sandbox.faults.plan import FaultPlan
from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.settings import HubSettings
from aki_sandbox.web.app import SandboxApp
from aki_sandbox.web.connections import HOST, Connections

_START_TIMEOUT = 60.0
_SECONDS_AT_STOP = 0.3


class PortTakenError(Exception):
    """The port cannot be listened on because another program does; the message says which."""


class SandboxServer:
    """A hub on a port of this machine, served from a background thread.

    Example:
        >>> with SandboxServer() as server:
        ...     httpx.get(f"{server.url}/api/endpoints")

    Attributes:
        hub: The rules and counters, also while the server runs.
        faults: What goes wrong; nothing, until faults are added.
        app: The application; setting its `interceptor` changes how requests are answered.
        connections: Counts of those that were made, refused, and are open.
        port: The port listened on; 0 before the start where any port will do.
    """

    def __init__(
        self,
        *,
        settings: HubSettings | None = None,
        catalogue: Catalogue | Path | None = None,
        port: int = 0,
        faults: FaultPlan | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare a server; nothing listens before `start`.

        Args:
            settings: How the hub behaves.
            catalogue: The endpoints, or the folder they are in; None takes those that come with the package.
            port: Where to listen; 0 takes any free port.
            faults: What shall go wrong; None begins with an empty plan.
            clock: Returns the seconds since the epoch.

        Raises:
            CatalogueError: The catalogue folder cannot be used.
        """
        if isinstance(catalogue, Path):
            catalogue = load_catalogue(catalogue)
        self.hub = SandboxHub(catalogue, settings, clock)
        self.faults = faults or FaultPlan()
        self.app = SandboxApp(self.hub, self.faults.intercept)
        self.connections = Connections(self.faults.refuses_connection)
        self.port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, such as `http://127.0.0.1:40123`."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> Self:
        """Listen, and return as soon as requests are answered.

        Raises:
            PortTakenError: Another program listens on the port.
        """
        listener = _listen(self.port)
        self.port = listener.getsockname()[1]
        self.hub.is_closing = False
        self._server = _Server(self.app, self.connections)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="aki-sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                listener.close()
                raise RuntimeError("The sandbox server did not start.")
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Stop listening and wait for the thread to end."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def run(port: int = 8321, catalogue: Path | None = None) -> None:
    """Serve a hub in the foreground until Ctrl-C, after a few lines on how to use it.

    Args:
        port: Where to listen; 0 takes any free port.
        catalogue: The folder of details documents; None takes the one that comes with the package.

    Raises:
        CatalogueError: The catalogue folder cannot be used.
        PortTakenError: Another program listens on the port.
    """
    hub = SandboxHub(load_catalogue(catalogue), HubSettings(job_seconds=2.0))
    listener = _listen(port)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    print(f"The sandbox serves {len(hub.catalogue)} endpoints at {url} (Ctrl-C ends it).")
    print("In another terminal, before your program:\n")
    print(f"    export AKI_API_SERVER={url} AKI_API_KEY=any\n", flush=True)
    with listener, contextlib.suppress(KeyboardInterrupt):
        _Server(SandboxApp(hub), Connections()).run([listener])


def _listen(port: int) -> socket.socket:
    # Only where the protocol is named does asyncio switch off Nagle's algorithm, without which every
    # answer takes 40 ms: its body waits until the client acknowledges the headers.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortTakenError(
                f"Port {port} cannot be used; choose another one, or 0 for any free port."
            ) from error
        raise
    return listener


class _Server(uvicorn.Server):
    """Uvicorn, which lets go of waiting callers before it stops."""

    def __init__(self, app: SandboxApp, connections: Connections) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",  # other loops keep the socket, and with it the RST, from us
                http=connections.protocol(),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._hub = app.hub
        self._connections = connections

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.is_closing = True
        # Who neither finishes a request nor reads an answer would keep uvicorn waiting.
        asyncio.get_running_loop().call_later(_SECONDS_AT_STOP, self._connections.abort_all)
        await super().shutdown(sockets)
