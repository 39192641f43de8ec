"""A reader's machine: everything installed, a key for a hub, and the hosts that pages name."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from background.stack import Redis

from docs.internet import Internet
from docs.reader import Reader


@pytest.fixture(scope="session")
def hub() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="session")
def internet(hub: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """The hosts that pages name are that hub."""
    hosts = {"aki.io": hub.port, "hub.example": hub.port}
    with Internet(tmp_path_factory.mktemp("internet"), hosts) as reached:
        yield reached


@pytest.fixture
def reader(hub: SandboxServer, internet: Internet, tmp_path: Path) -> Iterator[Reader]:
    """A reader with everything installed, and a key for a hub."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}",
        "AKI_API_KEY": "test-key",
        "AKI_API_SERVER": hub.url,
        "COLUMNS": "120",
        "BROWSER": "true",  # which opens no page
        **internet.environment,
        # Whatever cluster another test has running meanwhile, a reader's `ray.init()` starts one.
        "RAY_ADDRESS": "local",
        "PYTHONWARNINGS": "error::DeprecationWarning:__main__",
    }
    with Reader(tmp_path, environment) as reading:
        yield reading


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis server, for the pages that use one."""
    if not Redis.program:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server
