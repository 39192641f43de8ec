"""One request and its answer, in the hands of a fault.

Owns the steps into which an exchange can be taken apart: reading the request, letting the hub answer,
sending, waiting, breaking the connection. Must not know which fault takes which steps.
"""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import cast

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.jsontypes import Json
from aki_sandbox.web.connections import reset
from aki_sandbox.web.http import RequestContext, context_of

_LONGEST_NAP = 0.02
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class HubResponse:
    """A whole answer.

    Attributes:
        status: The HTTP status.
        body: The bytes of the body.
        headers: The headers but the length, by lower-case name.
    """

    status: int
    body: bytes
    headers: dict[str, str]

    @classmethod
    def of_json(cls, status: int, body: Json) -> "HubResponse":
        """Return an answer that holds JSON."""
        return cls(status, json.dumps(body).encode("ascii"), {"content-type": "application/json"})

    @classmethod
    def of_html(cls, status: int, body: str) -> "HubResponse":
        """Return an answer that holds HTML."""
        return cls(status, body.encode(), {"content-type": "text/html; charset=utf-8"})

    def json_object(self) -> dict[str, Json] | None:
        """Return the JSON object in the body, or None when there is none."""
        try:
            body = cast("Json", json.loads(self.body))
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def with_headers(self, **headers: str) -> "HubResponse":
        """Return the same with further headers; underscores stand for hyphens."""
        added = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers=self.headers | added)


class PendingRequest:
    """One request, not answered yet.

    Attributes:
        hub: The rules behind the routes.
        context: What kind of request it is.
    """

    def __init__(
        self, hub: SandboxHub, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.hub = hub
        self.context: RequestContext = context_of(scope)
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request: bytes | None = None
        self._answer: HubResponse | None = None

    @property
    def path(self) -> str:
        """The path of the request."""
        return str(self._scope["path"])

    async def read(self) -> bytes:
        """Read the request in full and return its body."""
        if self._request is None:
            body = bytearray()
            more = True
            while more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                more = message.get("more_body", False)
            self._request = bytes(body)
        return self._request

    async def forward(self) -> None:
        """Let the hub answer the caller as if nothing had happened."""
        if self._answer is None:
            await self._app(self._scope, self._replay(await self.read()), self._send)
        else:
            await self.send(self._answer)

    async def answer(self) -> HubResponse:
        """Let the hub answer, which happens once however often this is asked."""
        if self._answer is None:
            status, headers, body = 500, dict[str, str](), bytearray()

            async def keep(message: Message) -> None:
                nonlocal status, headers
                if message["type"] == "http.response.start":
                    status = message["status"]
                    headers = {
                        name.decode("latin-1").lower(): value.decode("latin-1")
                        for name, value in message.get("headers", [])
                    }
                else:
                    body.extend(message.get("body", b""))

            await self._app(self._scope, self._replay(await self.read()), keep)
            headers.pop("content-length", None)
            self._answer = HubResponse(status, bytes(body), headers)
        return self._answer

    async def send(self, answer: HubResponse, *, announced: bool = True) -> None:
        """Send an answer.

        Args:
            answer: What to send.
            announced: Whether the headers tell its length.
        """
        await self._send_head(answer, announced)
        await self._send_body(answer.body, more=False)

    async def send_part(self, answer: HubResponse, part: float) -> bytes:
        """Send the headers, which announce all, and a part of the body; return what is left."""
        await self._send_head(answer, announced=True)
        cut = int(len(answer.body) * part)
        await self._send_body(answer.body[:cut], more=True)
        return answer.body[cut:]

    async def send_rest(self, rest: bytes) -> None:
        """Send what `send_part` left."""
        await self._send_body(rest, more=False)

    async def send_raw(self, data: bytes) -> None:
        """Send bytes past the server, and close the connection."""
        if self.context.transport is not None:
            self.context.transport.write(data)
        await self.close()

    async def reset(self) -> None:
        """Break the connection with a RST."""
        if self.context.transport is not None:
            reset(self.context.transport)
        await self._until_disconnected()

    async def close(self) -> None:
        """Close the connection after what was sent so far."""
        if self.context.transport is not None:
            self.context.transport.close()
        await self._until_disconnected()

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the caller is there and the hub is open."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not (self.hub.is_closing or self.context.is_gone()):
            left = until - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, _LONGEST_NAP))

    def _replay(self, request: bytes) -> Receive:
        pending = [request]

        async def receive() -> Message:
            if pending:
                return {"type": "http.request", "body": pending.pop(), "more_body": False}
            return await self._receive()

        return receive

    async def _send_head(self, answer: HubResponse, announced: bool) -> None:
        headers = answer.headers
        if announced:
            headers = headers | {"content-length": str(len(answer.body))}
        await self._send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (name.encode("latin-1"), value.encode("latin-1"))
                    for name, value in headers.items()
                ],
            }
        )

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        # In pieces, so that a caller who reads slowly holds back a large answer.
        last = max(0, len(body) - 1) // _PIECE * _PIECE
        for start in range(0, last + 1, _PIECE):
            if self.context.is_gone():
                await self._until_disconnected()
                return
            await self._send(
                {
                    "type": "http.response.body",
                    "body": body[start : start + _PIECE],
                    "more_body": more or start < last,
                }
            )

    async def _until_disconnected(self) -> None:
        # Uvicorn logs a complaint about every application that returns without an answer, unless
        # it has seen the end of the connection before.
        while (await self._receive())["type"] != "http.disconnect":
            pass
