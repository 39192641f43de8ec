"""A hub of its own for each test, both modes, and the rule that nothing is left behind."""

from collections.abc import Iterator

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from faults.modes import MODES, Mode
from faults.running import no_thread_left
from support.patience import soon


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Whatever a test opened has ended with it."""
    with no_thread_left():
        yield


@pytest.fixture
def settings() -> HubSettings:
    """How the hub behaves; a test overrides it where it needs another one."""
    return HubSettings(worker_slots=100)


@pytest.fixture
def hub(settings: HubSettings, request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    """A hub that has to be left without connections, and that saw one poll of a job at a time."""
    with SandboxServer(settings=settings) as server:
        yield server
        assert soon(lambda: server.connections.open == 0)
        # A poll that is torn apart may still be open for the hub when the cancelling comes.
        if "random" not in request.node.name:
            assert server.hub.polls.overlapping == []


@pytest.fixture
def short_cancelling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the hub half a second to take in that a job is cancelled."""
    monkeypatch.setattr("aki_runtime.protocol.flows.CANCEL_SECONDS", 0.5)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Iterator[Mode]:
    """Both ways to use the client."""
    with Mode(request.param) as chosen:
        yield chosen
    assert chosen.tasks_left == []


@pytest.fixture
def aki(mode: Mode, hub: SandboxServer) -> Iterator[object]:
    """A client of the mode."""
    with mode.client(hub.url) as client:
        yield client
