"""Requests that no package would send to the sandbox: both interfaces answer them, each in its own form."""

import json

import httpx
import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

HELLO = [{"role": "user", "content": "Hello"}]
ASKED = {"model": "llama3-chat-70b", "messages": HELLO, "max_tokens": 50}
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/anthropic/v1/messages"}
LONGEST = 200_000


@pytest.fixture(scope="module")
def send():
    settings = HubSettings(job_seconds=0.01, max_body_bytes=LONGEST)
    headers = {"authorization": "Bearer k", "x-api-key": "k"}
    with (
        SandboxServer(settings=settings) as hub,
        httpx.Client(base_url=hub.url, headers=headers) as http,
    ):
        yield lambda interface, content: http.post(PATHS[interface], content=content)


def error_of(answer: httpx.Response, interface: str) -> dict[str, object]:
    """Return the error, of which each interface has its own form."""
    body = answer.json()
    assert body.keys() == ({"error"} if interface == "openai" else {"type", "error"})
    assert body["error"]["message"]
    return body["error"]


@pytest.mark.parametrize("interface", PATHS)
class TestARequest:
    """One that cannot be answered, and one that nobody means."""

    @pytest.mark.parametrize(
        "content", [b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"max_tokens": NaN}']
    )
    def test_that_cannot_be_read_is_refused(self, send, interface, content):
        answer = send(interface, content)
        assert answer.status_code == 400
        assert error_of(answer, interface)["type"] == "invalid_request_error"

    def test_that_is_too_long_is_refused(self, send, interface):
        answer = send(interface, b" " * (LONGEST + 1))
        assert answer.status_code == 413
        kind = {"openai": "invalid_request_error", "anthropic": "request_too_large"}
        assert error_of(answer, interface)["type"] == kind[interface]

    @pytest.mark.parametrize(
        "odd",
        [
            {"temperature": 10**400},
            {"temperature": "warm"},
            {"messages": [{"role": None, "content": None}]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
        ],
    )
    def test_with_values_of_no_sense_is_refused(self, send, interface, odd):
        answer = send(interface, json.dumps({**ASKED, **odd}))
        assert answer.status_code == 400
        error_of(answer, interface)
