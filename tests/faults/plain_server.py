"""A server below HTTP: every connection is handed to a function, which may do with it what no hub would.

Owns the socket and the threads. Must not know what a request means.
"""

import socket
import threading
from collections.abc import Callable
from typing import Self

Handle = Callable[[socket.socket, bytes], None]


class PlainServer:
    """Reads the head of one request per connection and lets `handle` answer it, in a `with` block.

    Attributes:
        requests: The heads that came, with as much of the body as came with them.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                head = connection.recv(65536)
                self.requests.append(head)
                if head:
                    self._handle(connection, head)
                    # Closing what is unread would be a reset, which may overtake the answer.
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(2)
                    while connection.recv(1 << 20):
                        pass
            except OSError:
                return


def head(status: str, **headers: object) -> bytes:
    """Return the head of an answer; underscores in names of headers stand for hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")
