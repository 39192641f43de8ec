"""What agents wait for: `aki mcp` from its start to its list of tools, and a call by a tool against the client's own.

python -m benchmarks.agents
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from aki_client import AsyncAki
from aki_mcp.serving import agent_server
from mcp.client.client import Client

from benchmarks.canned import canned_hub
from benchmarks.goals import Measured, table
from benchmarks.imports import package
from benchmarks.processes import environment
from benchmarks.request_cost import INPUTS

SMALL, LARGE, RUNS, CALLS = 20, 1000, 7, 50
MOST_CHARACTERS, SECONDS, CALL_SECONDS = 20_000, 1.5, 0.01
"""Of the list of tools; from the start to it; what a tool call may take beyond the client's call."""

_KEY = "a-key-of-the-usual-length"
_HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


def measure() -> list[Measured]:
    """Start the server of packages of two sizes, and call one in this process."""
    with package(SMALL) as few, package(LARGE) as many:
        starts = {SMALL: [_start(few) for _ in range(RUNS)], LARGE: []}
        starts[LARGE] = [_start(many) for _ in range(RUNS)]
    seconds = {size: median(took for took, _ in found) for size, found in starts.items()}
    lengths = {size: found[0][1] for size, found in starts.items()}
    client, tool = asyncio.run(_calls())
    start = "seconds from the start of `aki mcp` to its list of tools"
    return [
        *(
            Measured(
                f"{start}, {size:,} endpoints",
                f"{SECONDS:g} s",
                1.0,
                seconds[size] / SECONDS,
                f"{seconds[size]:.2f} s",
            )
            for size in starts
        ),
        Measured(
            f"characters of that list, {LARGE:,} endpoints",
            f"{MOST_CHARACTERS:,}",
            1.0,
            lengths[LARGE] / MOST_CHARACTERS,
            f"{lengths[LARGE]:,}; of {SMALL} {lengths[SMALL]:,}",
        ),
        Measured(
            "CPU of a call by a tool, both sides of the protocol, beyond the same call of `AsyncAki`",
            f"{CALL_SECONDS * 1e3:g} ms",
            1.0,
            (tool - client) / CALL_SECONDS,
            f"{tool * 1e3:.1f} ms, {client * 1e3:.1f} ms",
        ),
    ]


def _start(folder: Path) -> tuple[float, int]:
    """Return the seconds from the start of a server to its list of tools, and the characters of the list."""
    began = time.perf_counter()
    with TemporaryDirectory() as state, _server(folder, state) as ask:
        ask("initialize", _HELLO)
        listed = ask("tools/list", {})
        return time.perf_counter() - began, len(listed)


@contextmanager
def _server(folder: Path, state: str) -> Iterator[Callable[[str, Any], str]]:
    variables = environment(
        PYTHONPATH=str(folder),
        AKI_API_KEY=_KEY,
        AKI_API_SERVER="http://127.0.0.1:9",
        XDG_STATE_HOME=state,
    )
    with subprocess.Popen(
        [sys.executable, "-m", "aki_cli", "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=variables,
        cwd=state,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def ask(method: str, params: Any) -> str:
            print(
                json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
                file=stdin,
                flush=True,
            )
            answer = stdout.readline()
            assert '"result"' in answer, answer
            if method == "initialize":
                told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
                print(json.dumps(told), file=stdin, flush=True)
            return answer

        yield ask


async def _calls() -> tuple[float, float]:
    """Return the CPU seconds of a call by `AsyncAki`, and of one by a tool of a server in this process."""
    with TemporaryDirectory() as folder, canned_hub() as url:
        given: Any = {"api_server": url, "layout": "aki", "progress_interval": 0.01}
        aki = AsyncAki(_KEY, **given)
        served = agent_server(
            AsyncAki(_KEY, **given), "aki_client", Path(folder), most=CALLS * RUNS * 2
        )
        async with aki, Client(served.protocol) as agent:

            async def by_client() -> None:
                await aki.flux_dev(**INPUTS)

            async def by_tool() -> None:
                done = await agent.call_tool("flux_dev", dict(INPUTS))
                assert not done.is_error, done

            found = [(await _cpu(by_client), await _cpu(by_tool)) for _ in range(RUNS + 1)]
    client, tool = zip(*found[1:], strict=True)
    return median(client), median(tool)


async def _cpu(call: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - began) / CALLS


if __name__ == "__main__":
    print(table(measure()))
