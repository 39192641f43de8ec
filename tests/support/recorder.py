"""A hub that keeps what it receives, for tests of what a call sends. Each job is done at once."""

import json
from typing import Any

import httpx


class Recorder:
    """Answers as a hub does.

    Args:
        outputs: The outputs of each job.

    Attributes:
        submits: The JSON body of each submit, without what the client itself adds.
        transport: What a `httpx.Client` or `httpx.AsyncClient` sends by.
    """

    def __init__(self, outputs: dict[str, Any] | None = None) -> None:
        self._outputs = outputs or {}
        self.submits: list[dict[str, Any]] = []
        self.transport = httpx.MockTransport(self._answer)

    def client(self) -> httpx.Client:
        """Return the `http_client` of an `Aki`."""
        return httpx.Client(transport=self.transport)

    def async_client(self) -> httpx.AsyncClient:
        """Return the `http_client` of an `AsyncAki`."""
        return httpx.AsyncClient(transport=self.transport)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if "job_id" in body:
            answer = {"job_state": "done", "job_result": {"success": True} | self._outputs}
        else:
            own = {"key", "wait_for_result"}
            self.submits.append({name: body[name] for name in body if name not in own})
            answer = {}
        return httpx.Response(200, json={"success": True, "job_id": "a", "ep_version": 0} | answer)
