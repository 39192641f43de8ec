"""The hub as one ASGI application: its routes, in the layout of AKI.IO and in that of an AIME server.

Owns paths and methods, which rule of the hub answers each, the answers to unknown routes, the log of polls, and the
one place where every request can be intercepted. Must not decide what is answered.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.replies import Reply
from aki_sandbox.web.anthropic import AnthropicRoutes
from aki_sandbox.web.http import (
    add_context,
    context_of,
    json_response,
    parsed_object,
    read_payload,
    replayed,
    server_error,
    wait_for_result,
)
from aki_sandbox.web.openai import OpenAIRoutes

Interceptor: TypeAlias = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]
"""Sees every request first, and answers it, or lets the hub do it with `await app(scope, receive, send)`."""


class SandboxApp:
    """The ASGI application of a hub.

    Attributes:
        hub: The rules behind the routes.
        interceptor: Consulted for each request; None lets all of them pass. It may be changed at any time.
    """

    def __init__(self, hub: SandboxHub, interceptor: Interceptor | None = None) -> None:
        self.hub = hub
        self.interceptor = interceptor
        others = [*OpenAIRoutes(hub).all(), *AnthropicRoutes(hub).all()]
        routes = [*others, *HubRoutes(hub).all()]
        self._answer = Starlette(routes=routes, exception_handlers={HTTPException: _error})
        self._answer.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        self.hub.saw(scope["method"], scope["path"])
        context = add_context(scope, self.hub, self._answer.routes)
        # A caller who goes away amid the request does not deserve a traceback.
        with contextlib.suppress(ClientDisconnect), contextlib.ExitStack() as stack:
            if context.kind == "poll":  # which begins when its request has come in full
                request = Request(scope, receive)
                body = await request.body()
                receive = replayed(body, receive)
                asked = request.query_params if request.method == "GET" else parsed_object(body)
                if asked and isinstance(job_id := asked.get("job_id"), str):
                    context.job_id = job_id
                    poll = (job_id, context.is_gone)
                    self.hub.polls.begin(*poll)
                    stack.callback(self.hub.polls.end, *poll)
            if self.interceptor is None:
                await self._answer(scope, receive, send)
            else:
                await self.interceptor(self._answer, scope, receive, send)


def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = error.detail
    if error.status_code == 404:
        message = f"Requested URL {request.url.path} not found"
    elif error.status_code == 405:
        message = f"Method {request.method} not allowed for URL {request.url.path}"
    return server_error(request, error.status_code, message)


class HubRoutes:
    """Handlers of the routes to list, describe, call and follow endpoints."""

    def __init__(self, hub: SandboxHub) -> None:
        self._hub = hub

    def all(self) -> list[BaseRoute]:
        """Return the routes, those of an AIME server last because they match most paths.

        The name of a route is the kind of request that it takes.
        """
        get, call = ["GET"], ["GET", "POST"]
        return [
            Route("/api/endpoints", self._list, methods=get, name="list"),
            Route("/api/endpoints/{name}", self._details, methods=call, name="details"),
            Route("/api/validate_key", self._validate_key, methods=get, name="validate_key"),
            Route("/api/call/{name}", self._call, methods=call, name="submit"),
            Route("/api/progress/{name}", self._progress, methods=call, name="poll"),
            Route("/sandbox/bill", self._bill, methods=get, name="unknown"),
            Route("/{name}", self._call, methods=call, name="submit"),
            Route("/{name}/progress", self._progress, methods=call, name="poll"),
        ]

    async def _list(self, request: Request) -> Response:
        return _respond(self._hub.endpoint_list(request.query_params.get("key")))

    async def _details(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        key = (await read_payload(request)).get("key")
        reply = self._hub.details(name, key if isinstance(key, str) else None)
        if reply is None:
            raise HTTPException(404)
        if not self._hub.catalogue[name].describes_by(request.method):
            raise HTTPException(405)
        return _respond(reply)

    async def _validate_key(self, request: Request) -> Response:
        return _respond(self._hub.validate_key(request.query_params.get("key")))

    async def _bill(self, request: Request) -> Response:
        return _respond(self._hub.bill(request.query_params.get("key")))

    async def _call(self, request: Request) -> Response:
        payload = await read_payload(request)
        name: str = request.path_params["name"]
        if name not in self._hub.catalogue:
            return server_error(request, 404, f"Requested URL /{name} not found")
        if request.method not in self._hub.catalogue[name].methods:
            raise HTTPException(405)
        alter = context_of(request.scope).alter_work
        if payload.get("wait_for_result") is False:
            return _respond(self._hub.submit(name, payload, alter))
        job = self._hub.start(name, payload, alter)
        if isinstance(job, Reply):
            return _respond(job)
        result = await wait_for_result(self._hub, job)
        return _respond(result) if result else server_error(request, 503, "Response Timeout")

    async def _progress(self, request: Request) -> Response:
        payload = await read_payload(request)
        name: str = request.path_params["name"]
        if name not in self._hub.catalogue:
            return server_error(request, 404, f"Requested URL /{name}/progress not found")
        return _respond(self._hub.progress(name, payload))


def _respond(reply: Reply) -> Response:
    return json_response(reply.status, reply.body)
