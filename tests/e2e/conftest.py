"""A sandbox hub on a real socket, and clients of it."""

from collections.abc import Iterator

import pytest
from aki_client import Aki, AsyncAki
from aki_codegen.sandbox.server import SandboxServer
from aki_codegen.sandbox.settings import HubSettings


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
