"""Hubs and clients for the tests of the page; the environment names the hub, as it does for those who come."""

import httpx
import pytest
from aki_client import Aki
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings


@pytest.fixture(scope="module")
def server():
    with SandboxServer(settings=HubSettings(worker_slots=50)) as running:
        yield running


@pytest.fixture(scope="module")
def idle_server():
    """A hub whose jobs wait for ever, because it has no worker."""
    with SandboxServer(settings=HubSettings(worker_slots=0, max_queue_length=2)) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(server, monkeypatch):
    monkeypatch.setenv("AKI_API_KEY", "any")
    monkeypatch.setenv("AKI_API_SERVER", server.url)


@pytest.fixture
def aki():
    with Aki() as client:
        yield client


@pytest.fixture
def recorder():
    """A client that keeps what it sends."""
    sent = []
    client = httpx.Client(event_hooks={"request": [sent.append]})
    client.sent = sent
    with client:
        yield client
