"""Starts the playground: a server on this machine's loopback address, until Ctrl-C."""

import contextlib
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

from aki_cli.exits import signals_as_exceptions

from .package import HubPackage, PlaygroundError

HOST = "127.0.0.1"
_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def launch(
    package: str = "aki_client",
    server: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
    api_key: str | None = None,
    **options: Any,
) -> None:
    """Serve the playground until Ctrl-C, after a line that says where.

    Args:
        package: The generated package whose endpoints are shown.
        server: The hub's address; defaults to AKI_API_SERVER, then to the package's own hub.
        port: Where to listen on 127.0.0.1; defaults to any free port.
        open_browser: Open the page in the browser.
        api_key: The hub's key; defaults to AKI_API_KEY.
        options: Of its client, as `prices`, `timeout`, `layout` and `allow_http`.

    Raises:
        PlaygroundError: Gradio is missing, there is no such package, or the port is taken.
        ConfigurationError: The address or the key cannot be used.
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
        chosen = HubPackage(package, api_server=server, **options)
        bench = Bench(chosen, chosen.client(api_key), Path(folder, "results"))
        with contextlib.suppress(KeyboardInterrupt):
            serve(bench, listener, open_browser)


def _listener(port: int | None) -> socket.socket:
    try:
        listener = socket.create_server((HOST, port or 0), backlog=128)
    except (OSError, OverflowError):
        if port is None:
            raise
        raise PlaygroundError(
            f"port {port} cannot be used; choose another one, or none for any free port"
        ) from None
    # What is accepted inherits it; asyncio sets it only where the protocol was named.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
