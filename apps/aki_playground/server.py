"""The web server around the page: Gradio behind the guard, and an orderly end."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, Callable

import gradio as gr
import uvicorn
from fastapi import FastAPI

from .bench import Bench
from .guard import Guard
from .look import CSS, theme
from .page import build

_MOST_BYTES = "200mb"
_PATIENCE_AT_STOP = 1
"""Seconds that an open page is waited for when the program ends; its jobs have been cancelled before."""


def serve(bench: Bench, listener: socket.socket, announce: Callable[[], object]) -> None:
    """Serve the page until the program is told to end.

    Args:
        bench: What every part of the page works with.
        listener: The socket that is listened on.
        announce: Called once requests are answered.
    """
    host, port = _name(listener)
    # What goes wrong with a run is on the page, and an open page at the end is no news.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    _Server(bench, Guard(_application(bench, host, port), host, port), announce).run([listener])


def _name(listener: socket.socket) -> tuple[str, int]:
    name: tuple[str, int] = listener.getsockname()
    return name


def _application(bench: Bench, host: str, port: int) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
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
        css=CSS,
    )
    return app


class _Server(uvicorn.Server):
    def __init__(self, bench: Bench, app: Guard, announce: Callable[[], object]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=_PATIENCE_AT_STOP,
            )
        )
        self._bench = bench
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await asyncio.to_thread(self._announce)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._bench.runs.cancel_all()
        await super().shutdown(sockets)
