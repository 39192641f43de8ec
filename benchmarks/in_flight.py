"""Requests a second with a thousand jobs under way on one async client."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from aki_client import AsyncAki, fast_http_client

from benchmarks.canned import POLLS, canned_hub
from benchmarks.goals import Measured, table
from benchmarks.request_cost import INPUTS

JOBS = 1_000
_KEY = "a-key-of-the-usual-length"


def measure() -> list[Measured]:
    """Carry out the same jobs with httpx alone, with `AsyncAki`, and with `AsyncAki` over aiohttp."""
    with canned_hub() as url:
        bare = asyncio.run(_bare(url))
        own = asyncio.run(_own(url))
        fast = asyncio.run(_fast(url))
    against = "bare `httpx.AsyncClient`, limits raised"
    what = "requests a second with 1,000 jobs in flight on one `AsyncAki`"
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
    ]


async def _rate(job: Callable[[], Awaitable[Any]]) -> float:
    await job()
    began = time.perf_counter()
    await asyncio.gather(*(job() for _ in range(JOBS)))
    return JOBS * (1 + POLLS) / (time.perf_counter() - began)


async def _bare(url: str) -> float:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=300) as http:

        async def job() -> None:
            payload = {**INPUTS, "key": _KEY, "wait_for_result": False}
            submitted = (await http.post(f"{url}/api/call/flux-dev", json=payload)).json()
            poll = {"key": _KEY, "job_id": submitted["job_id"]}
            while True:
                answer = (await http.post(f"{url}/api/progress/flux-dev", json=poll)).json()
                if answer["job_state"] == "done":
                    return

        return await _rate(job)


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
