"""One sandbox for the tests of a file, without rules and jobs at the start of each, and a caller of it."""

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from e2e.sandbox_faults.caller import Caller


@pytest.fixture(scope="module")
def shared_server():
    with SandboxServer(settings=HubSettings(worker_slots=100)) as running:
        yield running


@pytest.fixture
def server(shared_server):
    yield shared_server
    shared_server.faults.clear()
    shared_server.hub.jobs.forget_all()


@pytest.fixture
def caller(server):
    with Caller(server) as calling:
        yield calling
