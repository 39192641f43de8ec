"""One request and its answer, in the hands of a fault.

Owns the steps into which an exchange can be taken apart: reading the request, letting the hub answer,
sending, waiting, breaking the connection. Must not know which fault takes which steps.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aki_sandbox.web.connections import reset
from aki_sandbox.web.http import context_of, replayed

_LONGEST_NAP = 0.02
_PIECE = 1 << 16


class PendingRequest:
    """One request, not answered yet.

    Attributes:
        request: As it came.
        context: What kind of request it is.
        hub: The rules behind the routes.
    """

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.context = context_of(scope)
        self.hub = self.context.hub
        self._app = app
        self.request = Request(scope, receive)
        self._send = send
        self._answer: Response | None = None

    async def read(self) -> bytes:
        """Read the request in full and return its body."""
        return await self.request.body()

    async def forward(self) -> None:
        """Let the hub answer the caller as if nothing had happened."""
        if self._answer is None:
            await self._answered(self._send)
        else:
            await self.send(self._answer)

    async def answer(self) -> Response:
        """Let the hub answer, which happens once however often this is asked; the answer tells its length."""
        if self._answer is None:
            answer, body = Response(), bytearray()

            async def keep(message: Message) -> None:
                if message["type"] == "http.response.start":
                    answer.status_code = message["status"]
                    answer.raw_headers = [*message["headers"]]
                else:
                    body.extend(message.get("body", b""))

            await self._answered(keep)
            self._answer = with_body(answer, bytes(body))
        return self._answer

    async def send(self, answer: Response) -> None:
        """Send an answer."""
        await self.send_body(await self.send_part(answer, 0))

    async def send_part(self, answer: Response, part: float) -> bytes:
        """Send the headers, which announce all, and a part of the body; return what is left."""
        await self._send(
            {
                "type": "http.response.start",
                "status": answer.status_code,
                "headers": answer.raw_headers,
            }
        )
        body = bytes(answer.body)
        cut = int(len(body) * part)
        await self.send_body(body[:cut], more=True)
        return body[cut:]

    async def send_body(self, body: bytes, *, more: bool = False) -> None:
        """Send a part of the body, and say whether more will follow."""
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

    async def reset(self) -> None:
        """Break the connection with a RST."""
        reset(self.context.transport)
        await self._until_disconnected()

    async def close(self) -> None:
        """Close the connection after what was sent so far."""
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

    async def _answered(self, send: Send) -> None:
        request = replayed(await self.read(), self.request.receive)
        await self._app(self.request.scope, request, send)

    async def _until_disconnected(self) -> None:
        # Uvicorn logs a complaint about every application that returns without an answer, unless
        # it has seen the end of the connection before.
        while (await self.request.receive())["type"] != "http.disconnect":
            pass


def with_body(answer: Response, body: bytes) -> Response:
    """Return an answer after its body was replaced, and with it the length that the headers announce."""
    answer.body = body
    answer.headers["content-length"] = str(len(body))
    return answer
