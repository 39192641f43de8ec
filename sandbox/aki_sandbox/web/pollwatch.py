"""Tells the log of polls when one begins and ends.

Owns the reading of a poll's job id along the way of its request. Must not know who else handles
the request.
"""

import json
from typing import cast
from urllib.parse import parse_qs

from starlette.types import Message, Receive, Scope

from aki_sandbox.hub.polls import PollLog
from aki_sandbox.jsontypes import Json
from aki_sandbox.web.context import context_of


class PollWatch:
    """Watches one poll, which begins when its request has come in full."""

    def __init__(self, log: PollLog, scope: Scope, receive: Receive) -> None:
        self._log = log
        self._context = context_of(scope)
        self._is_gone = self._context.is_gone
        self._receive = receive
        self._body = bytearray()
        if scope["method"] == "GET":
            query = parse_qs(scope["query_string"].decode("latin-1"))
            self._begin(query.get("job_id", [None])[-1])

    async def receive(self) -> Message:
        """Receive in place of the application, which gets everything unchanged."""
        message = await self._receive()
        if message["type"] == "http.request" and self._context.job_id is None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._begin(_job_id(bytes(self._body)))
        return message

    def end(self) -> None:
        """Note that the poll is over."""
        if self._context.job_id is not None:
            self._log.end(self._context.job_id, self._is_gone)

    def _begin(self, job_id: Json) -> None:
        if isinstance(job_id, str):
            self._context.job_id = job_id
            self._log.begin(job_id, self._is_gone)


def _job_id(body: bytes) -> Json:
    try:
        payload = cast("Json", json.loads(body))
    except (ValueError, RecursionError):
        return None
    return payload.get("job_id") if isinstance(payload, dict) else None
