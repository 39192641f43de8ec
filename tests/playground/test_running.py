"""Runs: what is seen of them, and that whoever stops waiting cancels the job on the hub."""

import asyncio

import pytest
from aki_client import AsyncAki, JobFailedError
from aki_playground.running import Cancelled, Failed, Finished, Runs
from faults.running import states
from support.patience import soon

LONG = "[[dur=600 steps=3000]]"


def play(hub, scenario):
    async def main():
        async with AsyncAki("any", api_server=hub.url) as aki:
            return await asyncio.wait_for(scenario(aki.llama3_chat, Runs()), 120)

    return asyncio.run(main())


def arguments(text):
    return {"prompt_input": text}


def ends_canceled(hub):
    return soon(lambda: states(hub) == ["canceled"])


def test_a_run_ends_with_its_result(hub):
    async def scenario(endpoint, runs):
        async with runs.start("tab", endpoint, arguments("Hello [[dur=1.5 steps=10]]")) as run:
            return [state async for state in run.states()]

    seen = play(hub, scenario)
    assert isinstance(seen[-1], Finished)
    assert "Hello" in seen[-1].output.text
    assert len(seen) > 1


def test_a_failed_job_is_seen_as_such(hub):
    async def scenario(endpoint, runs):
        async with runs.start("tab", endpoint, arguments("[[error=out_of_memory]]")) as run:
            return [state async for state in run.states()]

    last = play(hub, scenario)[-1]
    assert isinstance(last, Failed)
    assert isinstance(last.error, JobFailedError)


def test_cancelling_the_runs_of_a_tab_cancels_the_job_and_says_so(hub):
    async def scenario(endpoint, runs):
        seen = []
        async with runs.start("tab", endpoint, arguments(LONG)) as run:
            async for state in run.states():
                if not seen:
                    await runs.cancel("another tab")
                    await runs.cancel("tab")
                seen.append(state)
        return seen

    seen = play(hub, scenario)
    assert isinstance(seen[-1], Cancelled)
    assert ends_canceled(hub)


def test_leaving_the_block_cancels_the_job(hub):
    async def scenario(endpoint, runs):
        async with runs.start("tab", endpoint, arguments(LONG)) as run:
            async for _ in run.states():
                break

    play(hub, scenario)
    assert ends_canceled(hub)


def test_a_cancelled_task_cancels_the_job_and_stays_cancelled(hub):
    async def scenario(endpoint, runs):
        begun = asyncio.Event()

        async def work():
            async with runs.start("tab", endpoint, arguments(LONG)) as run:
                async for _ in run.states():
                    begun.set()

        task = asyncio.create_task(work())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    play(hub, scenario)
    assert ends_canceled(hub)


def test_at_the_end_every_run_of_every_tab_is_cancelled(hub):
    async def scenario(endpoint, runs):
        async def work(tab):
            async with runs.start(tab, endpoint, arguments(LONG)) as run:
                return [state async for state in run.states()][-1]

        tasks = [asyncio.create_task(work(tab)) for tab in ("one", "two")]
        while len(hub.hub.polls.by_job) < 2:
            await asyncio.sleep(0.01)
        await runs.cancel_all()
        return await asyncio.gather(*tasks)

    assert all(isinstance(last, Cancelled) for last in play(hub, scenario))
    assert soon(lambda: states(hub) == ["canceled", "canceled"])
