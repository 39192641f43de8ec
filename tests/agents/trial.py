"""A server of agents that is killed again and again amid paid calls: carried out, and every promise looked at.

Owns the hub, the process and the counting. Each call's number stands in its prompt, so that the hub's jobs can be
counted per call.
"""

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

AT_ONCE = 4
"""Calls that are under way when the server is killed."""

_TOKEN = "trial"
_STARTED_WITHIN = 120.0


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        kills: How often the server was killed.
        calls: Calls that agents made.
        refused: Calls of which nothing was sent: no journal knows them, and the hub ran no job.
        done: Calls whose result was had.
        uncertain: Calls that were named uncertain before their job was known.
        lost: Calls that were named lost, with their job: the kill fell between the hub's one answer and its note.
        unnamed: Jobs of the hub that no call is known for, and calls without an end.
        twice: Calls that became more than one job.
        seconds: How long all of it took.
    """

    kills: int
    calls: int
    refused: int
    done: int
    uncertain: int
    lost: int
    unnamed: list[str]
    twice: list[str]
    seconds: float


def carry_out(kills: int, folder: Path, seed: int = 1) -> Figures:
    """Kill a server so many times at random moments, and look at every call in the end."""
    chance = random.Random(seed)  # noqa: S311 - the same moments in each run
    began, killed, made = time.monotonic(), 0, 0
    with SandboxServer(settings=HubSettings(worker_slots=64, forget_after=1e6)) as hub:
        for _ in range(kills):
            process, port = _start(folder, hub.url)
            prompts = [f"call {made + n};" for n in range(AT_ONCE)]
            made += AT_ONCE
            killed += asyncio.run(_kill_amid(process, port, prompts, chance))
        process, port = _start(folder, hub.url)
        try:
            ends = asyncio.run(_ends(port))
        finally:
            process.terminate()
            process.wait()
        jobs = Counter(_number(job.work.prompt) for job in hub.hub.jobs._jobs.values())
    statuses = Counter(status for status, _ in ends.values())
    running = [name for name, (status, _) in ends.items() if status == "running"]
    return Figures(
        kills=killed,
        calls=made,
        refused=made - len(ends.keys() | jobs.keys()),
        done=statuses["done"],
        uncertain=sum(s == "uncertain" and "; job " not in m for s, m in ends.values()),
        lost=sum(s == "uncertain" and "; job " in m for s, m in ends.values()),
        unnamed=sorted(jobs.keys() - ends.keys()) + running,
        twice=[name for name, count in jobs.items() if count > 1],
        seconds=time.monotonic() - began,
    )


def _number(prompt: str) -> str:
    found = re.search(r"call \d+;", prompt)
    assert found, prompt
    return found[0]


def _start(folder: Path, hub: str) -> tuple[subprocess.Popen[bytes], int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "AKI_API_KEY": "any-key",
        "AKI_API_SERVER": hub,
        "AKI_MCP_TOKEN": _TOKEN,
        "XDG_STATE_HOME": str(folder / "state"),
    }
    command = [sys.executable, "-m", "aki_cli", "mcp", "--http", str(port)]
    command += ["--save-to", str(folder / "results"), "--max-jobs", "1000"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    end = time.monotonic() + _STARTED_WITHIN
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        assert process.poll() is None, "the server did not start"
        assert time.monotonic() < end, "the server did not start in time"
        time.sleep(0.05)


@asynccontextmanager
async def _client(port: int) -> AsyncIterator[Client]:
    url, headers = f"http://127.0.0.1:{port}/mcp", {"Authorization": f"Bearer {_TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


async def _kill_amid(
    process: "subprocess.Popen[bytes]", port: int, prompts: list[str], chance: random.Random
) -> bool:
    """Make calls, and kill the server amid them; what the client makes of that is its own affair."""
    with suppress(Exception):
        async with _client(port) as client:
            await client.call_tool("jobs", {})
            for prompt in prompts:
                seconds = round(chance.uniform(0.05, 1.0), 2)
                text = f"[[dur={seconds} steps=3]] {prompt}"
                asking = client.call_tool("llama3_chat", {"prompt_input": text})
                _background.add(asyncio.ensure_future(asking))
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            process.send_signal(signal.SIGKILL)
            await asyncio.gather(*_background, return_exceptions=True)
    process.kill()
    _background.clear()
    return process.wait() == -signal.SIGKILL


_background: set[asyncio.Future[object]] = set()


async def _ends(port: int) -> dict[str, tuple[str, str]]:
    """Return status and message of every call by its number, once none is running any more."""
    end = time.monotonic() + 120
    async with _client(port) as client:
        while True:
            found = (await client.call_tool("jobs", {"limit": 100_000})).structured_content
            assert found is not None
            jobs = found["jobs"]
            if all(job["status"] != "running" for job in jobs) or time.monotonic() > end:
                return {
                    _number(job["prompt"]): (job["status"], job.get("message", "")) for job in jobs
                }
            await asyncio.sleep(0.2)
