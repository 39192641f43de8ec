"""Many jobs at a time: every result goes to the right caller, and there is one job for each call."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_client import Aki, AsyncAki
from aki_sandbox.settings import HubSettings
from faults.modes import KEY

TASKS = 1000
THREADS = 64
CALLS_PER_THREAD = 6


@pytest.fixture
def settings():
    return HubSettings(worker_slots=2000)


def prompt(number):
    return f"number {number}."


def echoes(results):
    return [prompt(number) in result.text for number, result in enumerate(results)]


@pytest.mark.slow
def test_a_thousand_jobs_at_a_time_on_one_async_client(hub, record_property):
    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            calls = (aki.llama3_8b_chat(prompt_input=prompt(number)) for number in range(TASKS))
            results = await asyncio.gather(*calls)
            assert all(echoes(results))

    began = time.monotonic()
    asyncio.run(main())
    record_property("seconds", time.monotonic() - began)
    assert time.monotonic() - began < 120
    assert hub.hub.jobs_submitted == TASKS
    assert hub.connections.made <= 200


def test_64_threads_on_one_client(hub):
    began = time.monotonic()
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(THREADS) as pool:
        results = list(
            pool.map(
                lambda number: aki.llama3_8b_chat(prompt_input=prompt(number)),
                range(THREADS * CALLS_PER_THREAD),
            )
        )
    assert all(echoes(results))
    assert time.monotonic() - began < 60
    assert hub.hub.jobs_submitted == THREADS * CALLS_PER_THREAD
    assert hub.connections.made <= THREADS
    assert hub.hub.polls.most_at_once == 1
