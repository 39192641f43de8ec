"""A hub whose jobs can be recorded, and a machine that opens no socket."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aki_sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def hub() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassette.json"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every new socket fail the test that makes it."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a socket was opened")

    for name in ("__init__", "connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
