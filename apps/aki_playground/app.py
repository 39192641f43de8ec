"""Starts the playground: a server on this machine's loopback address, until Ctrl-C."""

import contextlib
import errno
import os
import socket
import tempfile
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from aki_cli.exits import signals_as_exceptions
from aki_runtime.errors import AkiError

from .package import HubPackage, PackageError

if TYPE_CHECKING:
    from aki_client import AsyncAki

HOST = "127.0.0.1"
_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


class PlaygroundError(Exception):
    """The playground cannot start; the message says what to do."""


def launch(
    package: str = "aki_client",
    server: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
    api_key: str | None = None,
) -> None:
    """Serve the playground until Ctrl-C, after a line that says where.

    Args:
        package: The generated package whose endpoints are shown.
        server: The hub's address; AKI_API_SERVER, or the package's own hub, where it is not given.
        port: Where to listen on 127.0.0.1; any free port where it is not given.
        open_browser: Open the page in the browser.
        api_key: The hub's key; AKI_API_KEY where it is not given.

    Raises:
        PlaygroundError: Gradio is missing, the package is none, or the port is taken.
    """
    with (
        signals_as_exceptions(SystemExit),
        tempfile.TemporaryDirectory(prefix="aki-playground-") as folder,
        _listener(port) as listener,
    ):
        # Gradio reads these while it is imported.
        os.environ.update(_SETTINGS, GRADIO_TEMP_DIR=f"{folder}/uploads")
        try:
            from .bench import Bench
            from .server import serve
        except ImportError as error:
            raise PlaygroundError(
                f"the playground needs Gradio ({error}): pip install 'aki-client[playground]'"
            ) from None
        number: int = listener.getsockname()[1]
        address = f"http://{HOST}:{number}"
        chosen = _package(package)
        bench = Bench(chosen, _client(chosen, api_key, server), Path(folder, "results"), server)

        def announce() -> None:
            print(f"The playground is at {address} (Ctrl-C ends it).", flush=True)
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        with contextlib.suppress(KeyboardInterrupt):
            serve(bench, listener, announce)


def _package(name: str) -> HubPackage:
    try:
        return HubPackage(name)
    except PackageError as error:
        raise PlaygroundError(str(error)) from None


def _client(package: HubPackage, api_key: str | None, server: str | None) -> "AsyncAki":
    try:
        return package.client(api_key, server)
    except AkiError as error:
        raise PlaygroundError(error.message) from None


def _listener(port: int | None) -> socket.socket:
    # Only where the protocol is named does asyncio switch off Nagle's algorithm.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port or 0))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OverflowError) or error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PlaygroundError(
                f"port {port} cannot be used; choose another one, or none for any free port"
            ) from None
        raise
    return listener
