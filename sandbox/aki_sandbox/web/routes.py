"""The hub's own interface: its routes, in the layout of AKI.IO and in that of an AIME server.

Owns paths and methods, and which rule of the hub answers each. Must not decide what is answered.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.replies import Reply
from aki_sandbox.web.context import context_of
from aki_sandbox.web.http import json_response, read_payload, server_error, wait_for_result


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
            Route("/{name}", self._call, methods=call, name="submit"),
            Route("/{name}/progress", self._progress, methods=call, name="poll"),
        ]

    async def _list(self, request: Request) -> Response:
        return _respond(self._hub.endpoint_list(request.query_params.get("key")))

    async def _details(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        payload = await read_payload(request, self._hub.settings.max_body_bytes)
        key = payload.get("key")
        reply = self._hub.details(name, key if isinstance(key, str) else None)
        if reply is None:
            raise HTTPException(404)
        if not self._hub.catalogue[name].describes_by(request.method):
            raise HTTPException(405)
        return _respond(reply)

    async def _validate_key(self, request: Request) -> Response:
        return _respond(self._hub.validate_key(request.query_params.get("key")))

    async def _call(self, request: Request) -> Response:
        payload = await read_payload(request, self._hub.settings.max_body_bytes)
        name: str = request.path_params["name"]
        if name not in self._hub.catalogue:
            return server_error(request, 404, f"Requested URL /{name} not found")
        if request.method not in self._hub.catalogue[name].methods:
            raise HTTPException(405)
        job = self._hub.start(name, payload, context_of(request.scope).alter_work)
        if isinstance(job, Reply):
            return _respond(job)
        if payload.get("wait_for_result") is False:
            return _respond(self._hub.accepted(job))
        result = await wait_for_result(self._hub, job)
        return _respond(result) if result else server_error(request, 503, "Response Timeout")

    async def _progress(self, request: Request) -> Response:
        payload = await read_payload(request, self._hub.settings.max_body_bytes)
        name: str = request.path_params["name"]
        if name not in self._hub.catalogue:
            return server_error(request, 404, f"Requested URL /{name}/progress not found")
        return _respond(self._hub.progress(name, payload))


def _respond(reply: Reply) -> Response:
    return json_response(reply.status, reply.body)
