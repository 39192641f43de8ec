"""A hub, and clients of the MCP server that calls it: in this process, over the streams of another, and over HTTP."""

import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

import httpx2
from aki_client import AsyncAki
from aki_mcp.calls import AgentCalls
from aki_mcp.serving import agent_server
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

KEY = "sk-secret-4711"
"""The key of these tests; nothing that an agent gets may hold it."""


@pytest.fixture
def hub() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(job_seconds=0.05)) as server:
        yield server


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for what outlives a server."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@dataclass(frozen=True)
class Agents:
    """Makes clients of servers that share one machine's state."""

    hub: SandboxServer
    folder: Path

    def here(self, mode: str = "auto", **options: Any) -> Client:
        """Return a client of a server in this process."""
        prices = options.pop("prices", None)
        client = AsyncAki(KEY, api_server=self.hub.url, progress_interval=0.05, prices=prices)
        save_to = options.pop("save_to", self.folder / "results")
        extensions = options.pop("extensions", None)
        server = agent_server(client, "aki_client", save_to, **options)
        return Client(server.protocol, mode=mode, extensions=extensions)

    def calls(self) -> AgentCalls:
        """Return the calls of a server without the protocol."""
        client = AsyncAki(KEY, api_server=self.hub.url)
        return AgentCalls(client, self.folder / "journals", self.folder / "results")

    def process(self, *options: str, mode: str = "auto") -> Client:
        """Return a client of a process that it talks to over its streams."""
        command = ["-m", "aki_cli", *self.command(*options)]
        started = StdioServerParameters(command=sys.executable, args=command, env=self.environment)
        return Client(stdio_client(started), mode=mode)

    def command(self, *options: str) -> list[str]:
        """Return the arguments of the command."""
        return ["mcp", "--save-to", str(self.folder / "results"), *options]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command."""
        hub = {"AKI_API_KEY": KEY, "AKI_API_SERVER": self.hub.url}
        return {**os.environ, **hub, "XDG_STATE_HOME": str(self.folder / "state")}

    @contextmanager
    def http(self, token: str) -> Iterator[str]:
        """Serve HTTP for the time of a block; yields the address."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "aki_cli", *self.command("--http", str(port))]
        environment = {**self.environment, "AKI_MCP_TOKEN": token}
        with Popen(command, env=environment, stderr=PIPE, text=True) as process:
            try:
                _until(lambda: _answers(port))
                yield f"http://127.0.0.1:{port}/mcp"
            finally:
                process.terminate()

    @asynccontextmanager
    async def over_http(self, url: str, token: str, mode: str = "auto") -> AsyncIterator[Client]:
        """Use a server that is reached over HTTP for the time of a block."""
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            yield client


@pytest.fixture
def agents(hub: SandboxServer, state: Path, tmp_path: Path) -> Agents:
    return Agents(hub, tmp_path)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
