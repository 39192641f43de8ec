"""Redis, a hub, and an app like the workers' own, for the tests that need them."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from background.stack import Redis, Worker

KEY = "sk-a-secret-key-4711"
TRANSPORT = (
    '{"visibility_timeout": 4, "unacked_restore_interval": 1, "unacked_restore_throttle": 1, \
"unacked_mutex_expire": 2}'
)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis server for all tests; their tasks have ids of their own."""
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    if not Redis.program:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def hub() -> Iterator[SandboxServer]:
    """A hub for all tests."""
    with SandboxServer(settings=HubSettings(worker_slots=50, forget_after=36_000)) as server:
        yield server


@pytest.fixture(scope="session")
def environment(hub: SandboxServer, redis: Redis, tmp_path_factory: pytest.TempPathFactory):
    """What a worker needs to know."""
    folder = tmp_path_factory.mktemp("stack")
    return {
        "AKI_API_KEY": KEY,
        "AKI_API_SERVER": hub.url,
        "TEST_BROKER": redis.url,
        "TEST_TRANSPORT": TRANSPORT,
        "TEST_MEDIA": str(folder / "media"),
        "TEST_LOG": str(folder / "worker.log"),
    }


@pytest.fixture(scope="session")
def tasks(environment: dict[str, str]) -> Iterator[ModuleType]:
    """The tasks as who sends them sees them, with no key in sight."""
    pytest.importorskip("celery", reason="Celery is not installed: make full")
    before = dict(os.environ)
    os.environ.update({k: v for k, v in environment.items() if k.startswith("TEST_")})
    for name in ("AKI_API_KEY", "AKI_API_SERVER"):
        os.environ.pop(name, None)
    try:
        yield importlib.import_module("background.tasks")
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.modules.pop("background.tasks", None)


@pytest.fixture(scope="module")
def worker(environment: dict[str, str], tasks: ModuleType) -> Iterator[Worker]:
    """A worker that nobody kills."""
    with Worker(environment, Path(environment["TEST_LOG"])) as started:
        yield started
