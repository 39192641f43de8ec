"""The forms in which the hub reads requests and writes answers over HTTP, and what it knows of a request beside.

Owns request bodies, content types, the shapes of errors that belong to the server itself, the kinds of requests, and
the one place in an ASGI scope where a request's kind is kept. Must not know what answers it.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, TypeAlias, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Message, Receive, Scope

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.hub.replies import Reply
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.workers.work import AlterWork

PAUSE = 0.01
"""Seconds after which it is looked again how a job stands that somebody waits for."""


def json_response(status: int, body: Json) -> Response:
    """Return a JSON answer.

    Everything beyond ASCII is escaped, because a prompt may hold half a surrogate pair, which is
    valid in JSON and not in UTF-8.
    """
    return Response(json.dumps(body).encode("ascii"), status, media_type="application/json")


def server_error(request: Request, status: int, message: str) -> Response:
    """Return an error of the server itself: JSON to a caller that sent JSON, else plain text."""
    description = HTTPStatus(status).phrase
    if "json" in request.headers.get("content-type", ""):
        return json_response(
            status, {"description": description, "status": status, "message": message}
        )
    title = f"⚠️ {status} — {description}"
    return PlainTextResponse(f"{title}\n{'=' * len(title)}\n{message}\n\n", status)


async def read_payload(request: Request) -> JsonObject:
    """Return the JSON object in a request's body, or the query of a GET.

    Raises:
        HTTPException: 413 for too large a body, 400 for one that holds no JSON object.
    """
    if request.method == "GET":
        return dict(request.query_params)
    payload = parsed_object(await _read_body(request) or b"{}")
    if payload is None:
        raise HTTPException(400, "Failed when parsing body as json")
    return payload


def parsed_object(body: bytes) -> "JsonObject | None":
    """Return the JSON object that a body holds, or None where it holds none."""
    try:
        value = cast("Json", json.loads(body))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def replayed(request: bytes, receive: Receive) -> Receive:
    """Return a way to receive a request once more that has been read, and what comes after it."""
    pending = [request]

    async def receive_again() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return receive_again


async def _read_body(request: Request) -> bytes:
    max_bytes = context_of(request.scope).hub.settings.max_body_bytes
    too_large = HTTPException(413, "Request body exceeds the size limit")
    # What is announced may be less than what comes.
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)


async def wait_for_result(hub: SandboxHub, job: SandboxJob) -> Reply | None:
    """Return the result of a job as soon as it has ended, or None after the response timeout.

    A hub that closes counts as timed out.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + hub.settings.response_timeout
    while True:
        reply = hub.result(job)
        if reply is not None:
            return reply
        left = deadline - loop.time()
        if left <= 0 or hub.is_closing:
            # The caller gets 503, and nobody else knows the job: its result is lost, as on the real server.
            job.handed_out = True
            return None
        await asyncio.sleep(min(left, PAUSE))


RouteKind: TypeAlias = Literal[
    "list", "details", "validate_key", "submit", "poll", "models", "chat", "unknown"
]
"""The kinds of requests; `models` and `chat` are those of the OpenAI and Anthropic interfaces."""

TRANSPORT = "sandbox.transport"
"""Under this name among the `extensions` of a scope the server puts the connection's transport."""

_CONTEXT = "sandbox.context"


@dataclass(slots=True, eq=False)
class RequestContext:
    """One request, as the sandbox sees it.

    Attributes:
        hub: Whose it is.
        kind: What is asked for.
        endpoint: The endpoint in the path, or None where the path has none.
        transport: The connection.
        job_id: The job that a poll asks after.
        alter_work: Changes the work that a call leads to.
    """

    hub: SandboxHub
    kind: RouteKind
    endpoint: str | None
    transport: asyncio.Transport
    job_id: str | None = None
    alter_work: AlterWork | None = None

    def is_gone(self) -> bool:
        """Say whether nobody is there any more who could read an answer."""
        return self.transport.is_closing()


def context_of(scope: Scope) -> RequestContext:
    """Return the context of a request, which `add_context` put there."""
    return cast("RequestContext", scope[_CONTEXT])


def add_context(scope: Scope, hub: SandboxHub, routes: Iterable[BaseRoute]) -> RequestContext:
    """Find out which route a request will take, whose name is its kind, and keep that in its scope."""
    kind, endpoint = "unknown", None
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL and isinstance(route, Route):
            kind, endpoint = route.name, child["path_params"].get("name")
            break
    transport = scope["extensions"][TRANSPORT]
    context = RequestContext(hub, cast("RouteKind", kind), endpoint, transport)
    scope[_CONTEXT] = context
    return context
