"""A hub that listens on a socket of this machine, in a thread or in the foreground.

Owns the socket and the server's life. Must not know any route or rule.
"""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from aki_codegen.sandbox.app import Interceptor, SandboxApp
from aki_codegen.sandbox.catalogue import Catalogue, load_catalogue
from aki_codegen.sandbox.hub import Hub
from aki_codegen.sandbox.settings import HubSettings

HOST = "127.0.0.1"
_START_TIMEOUT = 10.0


class PortTakenError(Exception):
    """The port cannot be listened on because another program does; the message says which."""


class SandboxServer:
    """A hub on a port of this machine, served from a background thread.

    Example:
        >>> with SandboxServer() as server:
        ...     httpx.get(f"{server.url}/api/endpoints")

    Attributes:
        hub: The rules and counters, also while the server runs.
        app: The application; setting its `interceptor` changes how requests are answered.
    """

    def __init__(
        self,
        *,
        settings: HubSettings | None = None,
        catalogue: Catalogue | Path | None = None,
        port: int = 0,
        interceptor: Interceptor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare a server; nothing listens before `start`.

        Args:
            settings: How the hub behaves.
            catalogue: The endpoints, or the folder they are in; None takes those that come with
                the package.
            port: Where to listen; 0 takes any free port.
            interceptor: Consulted for each request before the hub is.
            clock: Returns the seconds since the epoch.

        Raises:
            CatalogueError: The catalogue folder cannot be used.
        """
        if isinstance(catalogue, Path):
            catalogue = load_catalogue(catalogue)
        self.hub = Hub(catalogue, settings, clock)
        self.app = SandboxApp(self.hub, interceptor)
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port listened on; 0 before the start where any port will do."""
        return self._port

    @property
    def url(self) -> str:
        """The base URL, such as `http://127.0.0.1:40123`."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Listen, and return as soon as requests are answered.

        Raises:
            PortTakenError: Another program listens on the port.
        """
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        self.hub.is_closing = False
        self._server = _Server(self.app)
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def run(
    port: int = 8090,
    catalogue: Path | None = None,
    settings: HubSettings | None = None,
) -> None:
    """Serve a hub in the foreground until Ctrl-C, after a few lines on how to use it.

    Args:
        port: Where to listen; 0 takes any free port.
        catalogue: The folder of details documents; None takes the one that comes with the package.
        settings: How the hub behaves; by default a job takes two seconds.

    Raises:
        CatalogueError: The catalogue folder cannot be used.
        PortTakenError: Another program listens on the port.
    """
    hub = Hub(load_catalogue(catalogue), settings or HubSettings(job_seconds=2.0))
    listener = _listen(port)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    print(f"The sandbox serves {len(hub.catalogue)} endpoints at {url} (Ctrl-C ends it).")
    print(f"Use it with: AKI_API_SERVER={url} AKI_API_KEY=any", flush=True)
    with listener, contextlib.suppress(KeyboardInterrupt):
        _Server(SandboxApp(hub)).run([listener])


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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

    def __init__(self, app: SandboxApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._hub = app.hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.is_closing = True
        await super().shutdown(sockets)
