"""What the tests of the sandbox share: a clock that stands still, and a hub that goes by it."""

from collections.abc import Callable

import pytest
from aki_sandbox.catalogue import Catalogue, load_catalogue
from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.settings import HubSettings


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def make_hub(clock: FakeClock, catalogue: Catalogue) -> Callable[..., SandboxHub]:
    """Return a maker of hubs that takes settings; a job lasts ten seconds unless they differ."""

    def make(**settings: object) -> SandboxHub:
        return SandboxHub(catalogue, HubSettings(**{"job_seconds": 10.0, **settings}), clock)

    return make


@pytest.fixture
def hub(make_hub: Callable[..., SandboxHub]) -> SandboxHub:
    return make_hub()
