"""Keeps everybody but this machine's own browser away from the server, and the page away from everybody else.

A page on another site can send requests to a loopback address, and a name that it controls can be made to point there.
So a request must name this server as its host, and must not come from another page. The policy that goes with every
answer has the browser load nothing from anywhere else, whatever a hub's answer asks for.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio begins with a script within the page, and compiles its own templates; values are no part of them.
        # Its player of films makes a blob of a script of this server.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_REPLACED = frozenset({name for name, _ in _HEADERS} | {b"access-control-allow-origin"})


class Guard:
    """ASGI middleware.

    Args:
        app: What is guarded.
        host: The address that is listened on.
        port: The port that is listened on.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._app = app
        self._hosts = frozenset({f"{host}:{port}", f"localhost:{port}"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("the playground speaks HTTP only")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_kept(message.get("headers", ())), *_HEADERS]
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"], scope["path"])
        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send_guarded)

    def _refusal(self, headers: Headers, method: str, path: str) -> str | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return "This server answers at its own address only.\n"
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return "This server takes no requests from other pages.\n"
        # A link to the page may be followed from anywhere; what the page is made of, only it may ask for.
        follows_link = (
            method == "GET" and path == "/" and headers.get("sec-fetch-mode") == "navigate"
        )
        if (
            headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
            and not follows_link
        ):
            return "This server takes no requests from other pages.\n"
        return None


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in _REPLACED]
