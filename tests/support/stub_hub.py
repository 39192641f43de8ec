"""A hub on a real socket that answers GET requests from a table; it knows nothing of metadata."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit


@dataclass
class Answer:
    """What is answered to a request: a status, a body (JSON unless it is bytes or text) and headers."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: threading.Event | None = None
    """Where it is given, the body is sent when it is set, after the headers."""

    def encoded(self) -> bytes:
        """Return the body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class StubHub:
    """Serves a table of answers by path, within a `with` block.

    Attributes:
        answers: The answers, by the path without its query; 404 for any other.
        paths: The paths that were asked for, with their queries.
        answers_to_post: The answers to POST, by the path; 404 for any other.
        posted: The paths and bodies that were posted.
    """

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.paths: list[str] = []
        self.answers_to_post: dict[str, Any] = {}
        self.posted: list[tuple[str, bytes]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.paths.append(self.path)
                self._answer(hub.answers)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                hub.posted.append((self.path, body))
                self._answer(hub.answers_to_post)

            def _answer(self, answers: dict[str, Any]) -> None:
                path = unquote(urlsplit(self.path).path)
                answer = answers.get(path, Answer({"message": "no such route"}, 404))
                answer = answer if isinstance(answer, Answer) else Answer(answer)
                body = answer.encoded()
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.before is not None:
                    answer.before.wait(10)
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )

    @classmethod
    def offering(cls, documents: dict[str, object]) -> Self:
        """Return a hub that lists endpoints and describes them."""
        return cls(
            {
                "/api/endpoints": {"endpoints": list(documents)},
                **{f"/api/endpoints/{name}": document for name, document in documents.items()},
            }
        )

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # with the usual five, many connections at a time wait for a second
