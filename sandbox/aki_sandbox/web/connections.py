"""The connections of a server: counted, and within reach of whoever wants to break one.

Owns what happens below HTTP. Must not know the reasons for breaking a connection.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import cast

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from aki_sandbox.web.http import TRANSPORT

HOST = "127.0.0.1"

# "On, and wait zero seconds": closing then throws away what is unsent and answers with a RST.
# The two numbers are ints, but on Windows unsigned shorts.
_NO_LINGERING = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)


class Connections:
    """The connections of one server.

    Attributes:
        made: How many there were, refused ones included.
        refused: How many were reset before anything was read from them.
        refuses: Asked at each new connection whether to reset it.
    """

    def __init__(self, refuses: Callable[[], bool] = lambda: False) -> None:
        self.made = 0
        self.refused = 0
        self.refuses = refuses
        self._open: set[asyncio.Transport] = set()

    @property
    def open(self) -> int:
        """How many there are now."""
        return len(self._open)

    def abort_all(self) -> None:
        """End all connections without further ado."""
        for transport in list(self._open):
            transport.abort()

    def protocol(self) -> type[H11Protocol]:
        """Return the protocol class with which uvicorn reports its connections here.

        Uvicorn keeps the transport of a connection from its applications, and ASGI has no message
        that breaks one. So the protocol puts the transport among the scope's extensions, the place
        that ASGI keeps for what a server offers beyond the standard.
        """
        connections = self

        class ReportingProtocol(H11Protocol):
            """Uvicorn's HTTP/1.1, which reports its connection."""

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                connection = cast("asyncio.Transport", transport)
                connections.made += 1
                if connections.refuses():
                    connections.refused += 1
                    reset(connection)
                    return
                connections._open.add(connection)
                application = self.app

                async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
                    scope.setdefault("extensions", {})[TRANSPORT] = connection
                    await application(scope, receive, send)

                self.app = with_transport
                super().connection_made(connection)

            def connection_lost(self, exc: Exception | None) -> None:
                # A refused connection was never made as far as uvicorn knows.
                if self.transport in connections._open:
                    connections._open.discard(self.transport)
                    super().connection_lost(exc)

        return ReportingProtocol


def reset(transport: asyncio.Transport) -> None:
    """Break a connection: the other side gets a RST, and loses what it has not read yet."""
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING
    )
    transport.abort()


@contextmanager
def unserved_url() -> Generator[str]:
    """Lend a base URL at which nobody listens, and nobody will: connecting to it is refused."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.bind((HOST, 0))
        yield f"http://{HOST}:{bound.getsockname()[1]}"
