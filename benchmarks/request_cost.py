"""What a request costs its sender in CPU: a submit with eight parameters validated, and a poll."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import aiohttp
import aki_io  # type: ignore[import-untyped]  # it has no types
import anthropic
import httpcore2
import httpx
import httpx2
import openai
from aki_client import Aki

from benchmarks.canned import canned_hub
from benchmarks.goals import Measured, table

ROUNDS, BATCH = 60, 50
GOAL = 1.15
USUAL = "`httpx2.Client.post(json=…).json()`"

INPUTS: dict[str, Any] = {
    "prompt": "A cute robot on a beach",
    "width": 512,
    "height": 512,
    "seed": 7,
    "steps": 40,
    "provide_progress_images": "none",
    "num_samples": 1,
    "guidance": 3.5,
}
"""Eight parameters of flux-dev."""

_KEY = "a-key-of-the-usual-length"


def measure() -> list[Measured]:
    """Measure a submit and a poll, in turn with the same request sent by others, and with a chat of two clients."""
    with (
        canned_hub() as url,
        httpx.Client() as older,
        httpx2.Client() as http,
        Aki(_KEY, api_server=url, layout="aki", progress_interval=0.01) as aki,
        httpcore2.ConnectionPool() as pool,
        asyncio.Runner() as loop,
    ):
        call = f"{url}/api/call/flux-dev"
        payload = {**INPUTS, "key": _KEY, "wait_for_result": False}
        body = json.dumps(payload).encode()
        headers = [("Host", "hub"), ("Content-Length", str(len(body)))]
        job_id = aki.flux_dev.submit(**INPUTS).id
        official = aki_io.Aki("flux-dev", _KEY, api_server=url)
        openai_chats = openai.OpenAI(api_key=_KEY, base_url=f"{url}/v1").chat.completions
        anthropic_chats = anthropic.Anthropic(api_key=_KEY, base_url=url).messages
        said: Any = [{"role": "user", "content": INPUTS["prompt"]}]
        spent = _in_turn(
            {
                "submit": _batch(lambda: aki.flux_dev.submit(**INPUTS)),
                # A handle that is made anew asks at once.
                "poll": _batch(lambda: aki.flux_dev.job(job_id).status()),
                USUAL: _batch(lambda: http.post(call, json=payload).json()),
                # httpx2's own pool, with nothing above it: what no client of it can go below.
                "pool": _batch(lambda: pool.request("POST", call, headers=headers, content=body)),
                "`httpx.Client.post(json=…).json()`": _batch(
                    lambda: older.post(call, json=payload).json()
                ),
                "`aiohttp.ClientSession.post(json=…)`": lambda: loop.run(_aiohttp(call, payload)),
                "the official client's `do_api_request`": _batch(
                    lambda: official.do_api_request(dict(INPUTS))
                ),
                "a chat by `openai.OpenAI`": _batch(
                    lambda: openai_chats.create(model="m", messages=said)
                ),
                "a chat by `anthropic.Anthropic`": _batch(
                    lambda: anthropic_chats.create(model="m", messages=said, max_tokens=9)
                ),
            }
        )
    submit, poll, alone = spent.pop("submit"), spent.pop("poll"), spent.pop("pool")
    submitting = "CPU of a submit with 8 parameters validated"
    figures = f"; httpx2's pool alone {alone * 1e6:.0f} µs"
    rows = [
        _row(what, GOAL, ours, USUAL, spent[USUAL], figures)
        for what, ours in ((submitting, submit), ("CPU of a poll", poll))
    ]
    del spent[USUAL]
    return rows + [_row(submitting, None, submit, other, cpu) for other, cpu in spent.items()]


def _row(
    what: str, goal: float | None, ours: float, against: str, other: float, more: str = ""
) -> Measured:
    figures = f"{ours * 1e6:.0f} µs, {other * 1e6:.0f} µs{more}"
    return Measured(what, against, goal, ours / other, figures)


def _batch(one: Callable[[], object]) -> Callable[[], object]:
    def work() -> None:
        for _ in range(BATCH):
            one()

    return work


async def _aiohttp(call: str, payload: Mapping[str, Any]) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(BATCH):
            async with session.post(call, json=payload) as response:
                await response.json()


def _in_turn(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median CPU seconds of a request of each, measured in turn so that the machine is the same to all."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(ROUNDS):
        for name, work in works.items():
            began = time.process_time()
            work()
            if round_ >= 3:  # connections are made, code is warm
                spent[name].append((time.process_time() - began) / BATCH)
    return {name: median(seconds) for name, seconds in spent.items()}


if __name__ == "__main__":
    print(table(measure()))
