"""The forms in which the hub reads requests and writes answers over HTTP.

Owns request bodies, content types and the shapes of errors that belong to the server itself. Must
not know any route.
"""

import asyncio
import json
from http import HTTPStatus
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.hub.replies import Reply
from aki_sandbox.jsontypes import Json, JsonObject

_LONGEST_NAP = 0.05
_SHORTEST_NAP = 0.002


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


async def read_payload(request: Request, max_bytes: int) -> JsonObject:
    """Return the JSON object in a request's body, or the query of a GET.

    Raises:
        HTTPException: 413 for too large a body, 400 for one that holds no JSON object.
    """
    if request.method == "GET":
        return dict(request.query_params)
    body = await _read_body(request, max_bytes)
    try:
        payload = cast("Json", json.loads(body or b"{}"))
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Failed when parsing body as json")
    return payload


async def _read_body(request: Request, max_bytes: int) -> bytes:
    too_large = HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request body exceeds the size limit"
    )
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
            hub.abandon(job)
            return None
        await asyncio.sleep(min(left, _LONGEST_NAP, max(hub.seconds_until_end(job), _SHORTEST_NAP)))
