"""The hub as one ASGI application.

Owns the joining of the routes, the answers to unknown routes, and the one place where every
request can be intercepted. Must not know what any route does.
"""

import contextlib
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.web.context import add_context
from aki_sandbox.web.http import server_error
from aki_sandbox.web.openai import OpenAIRoutes
from aki_sandbox.web.pollwatch import PollWatch
from aki_sandbox.web.routes import HubRoutes


class Interceptor(Protocol):
    """Sees every request first: the place from which to break a connection, say."""

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or let the hub do it with `await app(scope, receive, send)`."""
        ...


class SandboxApp:
    """The ASGI application of a hub.

    Attributes:
        hub: The rules behind the routes.
        interceptor: Consulted for each request; None lets all of them pass. It may be changed at
            any time.
    """

    def __init__(self, hub: SandboxHub, interceptor: Interceptor | None = None) -> None:
        self.hub = hub
        self.interceptor = interceptor
        self._router = Router(
            [*OpenAIRoutes(hub).all(), *HubRoutes(hub).all()], redirect_slashes=False
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        self.hub.saw(scope["method"], scope["path"])
        context = add_context(scope, self._router.routes)
        watch = PollWatch(self.hub.polls, scope, receive) if context.kind == "poll" else None
        # A caller who goes away amid the request is no reason for a traceback.
        try:
            with contextlib.suppress(ClientDisconnect):
                await self._intercepted(scope, watch.receive if watch else receive, send)
        finally:
            if watch:
                watch.end()

    async def _intercepted(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.interceptor is None:
            await self._answer(scope, receive, send)
        else:
            await self.interceptor(self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        # With an "app" in its scope the router raises for an unknown route instead of answering.
        scope["app"] = self
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            request = Request(scope, receive)
            message = _message(request, error)
            await server_error(request, error.status_code, message)(scope, receive, send)


def _message(request: Request, error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return f"Requested URL {request.url.path} not found"
        case 405:
            return f"Method {request.method} not allowed for URL {request.url.path}"
        case _:
            return error.detail
