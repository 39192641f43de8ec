"""Requests a second with a thousand jobs under way on one async client."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx
import httpx2
from aki_client import AsyncAki, fast_http_client

from benchmarks.canned import POLLS, canned_hub
from benchmarks.goals import Measured, table
from benchmarks.request_cost import INPUTS

JOBS = 1_000
_KEY = "a-key-of-the-usual-length"


def measure() -> list[Measured]:
    """Carry out the same jobs with HTTP libraries alone, with `AsyncAki`, and with `AsyncAki` over aiohttp."""
    raised: dict[str, Any] = {"max_connections": None, "max_keepalive_connections": None}
    with canned_hub() as url:
        own = asyncio.run(_own(url))
        fast = asyncio.run(_fast(url))
        bare = asyncio.run(_bare(url, httpx, httpx.Limits(**raised)))
        others = {
            "bare `httpx.AsyncClient`": asyncio.run(_bare(url, httpx)),
            "bare `httpx2.AsyncClient`": asyncio.run(_bare(url, httpx2)),
            "bare `httpx2.AsyncClient`, limits raised": asyncio.run(
                _bare(url, httpx2, httpx2.Limits(**raised))
            ),
            "bare `aiohttp.ClientSession`": asyncio.run(_aiohttp(url, 100)),
            "bare `aiohttp.ClientSession`, limits raised": asyncio.run(_aiohttp(url, 0)),
        }
    against = "bare `httpx.AsyncClient`, limits raised"
    what = "requests a second with 1,000 jobs in flight on one `AsyncAki`"
    anchors = [
        Measured(what, other, None, own / rate, f"{own:.0f}, {rate:.0f} per s")
        for other, rate in others.items()
    ]
    return [
        Measured(what, against, 3.0, own / bare, f"{own:.0f}, {bare:.0f} per s", at_least=True),
        Measured(
            f"{what}, with the extra `fast`",
            against,
            6.0,
            fast / bare,
            f"{fast:.0f}, {bare:.0f} per s",
            at_least=True,
        ),
        *anchors,
    ]


async def _rate(job: Callable[[], Awaitable[Any]]) -> float:
    await job()
    began = time.perf_counter()
    await asyncio.gather(*(job() for _ in range(JOBS)))
    return JOBS * (1 + POLLS) / (time.perf_counter() - began)


Post = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Sends JSON to a path, and returns the JSON of the answer."""


async def _carried_out(post: Post) -> float:
    async def job() -> None:
        submitted = await post("call", {**INPUTS, "key": _KEY, "wait_for_result": False})
        poll = {"key": _KEY, "job_id": submitted["job_id"]}
        while (await post("progress", poll))["job_state"] != "done":
            pass

    return await _rate(job)


async def _bare(url: str, library: Any, limits: Any = None) -> float:
    given = {} if limits is None else {"limits": limits}
    async with library.AsyncClient(timeout=300, **given) as http:

        async def post(path: str, payload: dict[str, Any]) -> Any:
            return (await http.post(f"{url}/api/{path}/flux-dev", json=payload)).json()

        return await _carried_out(post)


async def _aiohttp(url: str, connections: int) -> float:
    connector = aiohttp.TCPConnector(limit=connections)  # 0 is as many as there are requests
    async with aiohttp.ClientSession(connector=connector) as http:

        async def post(path: str, payload: dict[str, Any]) -> Any:
            async with http.post(f"{url}/api/{path}/flux-dev", json=payload) as response:
                return await response.json()

        return await _carried_out(post)


async def _own(url: str) -> float:
    async with AsyncAki(_KEY, api_server=url, layout="aki", progress_interval=0.01) as aki:
        return await _rate(lambda: aki.flux_dev(**INPUTS))


async def _fast(url: str) -> float:
    async with (
        fast_http_client() as http,
        AsyncAki(
            _KEY, api_server=url, layout="aki", progress_interval=0.01, http_client=http
        ) as aki,
    ):
        return await _rate(lambda: aki.flux_dev(**INPUTS))


if __name__ == "__main__":
    print(table(measure()))
