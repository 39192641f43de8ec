"""Sandbox hubs on real sockets, and clients of them."""

from collections.abc import Iterator

import httpx
import pytest
from aki_client import Aki, AsyncAki
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings


@pytest.fixture(scope="module")
def hub() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(job_seconds=0.02)) as server:
        yield server


@pytest.fixture
def aki(hub: SandboxServer) -> Iterator[Aki]:
    with Aki("test-key", api_server=hub.url) as client:
        yield client


@pytest.fixture
def async_aki(hub: SandboxServer) -> AsyncAki:
    """An async client, to be opened in the test's own event loop."""
    return AsyncAki("test-key", api_server=hub.url)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """A sandbox as it is where nobody asks for anything else."""
    with SandboxServer() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: SandboxServer) -> Iterator[httpx.Client]:
    """A caller of that sandbox without our client, so that nothing is repaired on the way."""
    with httpx.Client(base_url=server.url) as http:
        yield http
