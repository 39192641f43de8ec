"""The web server around the page: Gradio behind a guard, and an orderly end.

A page on another site can send requests to a loopback address, and a name that it controls can be made to point there.
So a request must name this server as its host, and must not come from another page. The policy that goes with every
answer has the browser load nothing from anywhere else, whatever a hub's answer asks for.
"""

import base64
import contextlib
import hashlib
import logging
import re
import socket
import threading
import webbrowser
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .bench import Bench
from .page import build, theme

_MOST_BYTES = "200mb"
_SECONDS_TO_STOP = 1
"""How long an open page is waited for when the program ends; its jobs have been cancelled before."""

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio compiles its own templates, which no value is part of, and its video player makes a blob of
        # a script of this server. The page's own inline scripts are allowed by their hashes, so that what an
        # answer brings in has none: a handler in an attribute, or a javascript: link.
        "script-src 'self' 'unsafe-eval' blob:{}",
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
_HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def serve(bench: Bench, listener: socket.socket, open_browser: bool) -> None:
    """Serve the page until the program is to end, after a line that says where.

    Args:
        bench: What every part of the page works with.
        listener: The socket that is listened on.
        open_browser: Open the page in the browser.
    """
    host, port = listener.getsockname()
    # What goes wrong with a run is on the page, and that a page is open at the end is nothing to warn of.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        Guard(_application(bench, host, port, open_browser), host, port),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=_SECONDS_TO_STOP,
    )
    _Server(config, bench).run([listener])


def _application(bench: Bench, host: str, port: int, open_browser: bool) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        # Whoever comes before the first answer waits: the socket is listened on already.
        address = f"http://{host}:{port}"
        print(f"The playground is at {address} (Ctrl-C ends it).", flush=True)
        if open_browser:
            # Some browsers return only when they are closed.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        yield
        await bench.client.aclose()

    page = build(bench)
    page.queue(default_concurrency_limit=None, api_open=False)
    outer = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app: FastAPI = gr.mount_gradio_app(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        outer,
        page,
        "/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        max_file_size=_MOST_BYTES,
        show_error=True,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css_paths=Path(__file__).with_name("page.css"),
        js=Path(__file__).with_name("page.js").read_text("utf-8"),
    )
    return app


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, bench: Bench) -> None:
        super().__init__(config)
        self._bench = bench

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._bench.runs.cancel_all()
        await super().shutdown(sockets)


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
                _guard(message)
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"], scope["path"])
        if refusal is not None:
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send_guarded)
        elif scope["path"] == "/":
            await self._send_page(scope, receive, send)
        else:
            await self._app(scope, receive, send_guarded)

    async def _send_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page whole, and name its inline scripts in the policy."""
        # Compressed, the scripts could not be found.
        headers = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app({**scope, "headers": headers}, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        _guard(messages[0], _INLINE_SCRIPT.findall(body))
        await send(messages[0])
        await send({"type": "http.response.body", "body": body})

    def _refusal(self, headers: Headers, method: str, path: str) -> str | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return "This server answers at its own address only.\n"
        # A link to the page may be followed from anywhere; what the page is made of, only it may ask for.
        is_link = (method, path, headers.get("sec-fetch-mode")) == ("GET", "/", "navigate")
        is_ours = headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        if headers.get("origin", f"http://{host}") != f"http://{host}" or not (is_ours or is_link):
            return "This server takes no requests from other pages.\n"
        return None


def _guard(start: Message, scripts: Iterable[bytes] = ()) -> None:
    """Put our headers into the start of an answer, with these inline scripts as the only ones that may run."""
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    policy = _POLICY.format("".join(f" 'sha256-{digest}'" for digest in digests))
    headers = MutableHeaders(scope=start)
    del headers["access-control-allow-origin"]
    headers.update({**_HEADERS, "content-security-policy": policy})
