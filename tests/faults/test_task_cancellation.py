"""asyncio's cancelling, at any moment and more than once: the hub's job is cancelled and CancelledError goes on."""

import asyncio
import random
import socket
import threading
import time

import pytest
from aki_client import AsyncAki
from aki_sandbox.faults.effects import Delay, Status
from faults.leaks import shown_by
from faults.modes import KEY
from faults.table.case import LONG
from support.jobs import all_jobs
from support.patience import soon

TASKS = 25
LONGEST = 0.6


async def call(aki):
    return await aki.llama3_8b_chat(prompt_input=LONG)


async def stream(aki):
    async with aki.llama3_8b_chat.stream(prompt_input=LONG) as events:
        async for _ in events:
            pass


async def leave_stream(aki):
    """A stream that is left early, so that a cancelling may strike amid the client's own cancelling."""
    async with aki.llama3_8b_chat.stream(prompt_input=LONG) as events:
        async for _ in events:
            break
    await asyncio.sleep(60)


def run(hub, main):
    async def whole():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            await main(aki)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())


async def submitted(hub, jobs=1):
    while hub.hub.jobs_submitted < jobs:
        await asyncio.sleep(0.005)


def all_canceled(hub):
    jobs = [hub.hub.jobs.find(job_id, time.time()) for job_id in hub.hub.polls.by_job]
    return len(jobs) == hub.hub.jobs_submitted and {job.state.value for job in jobs} <= {"canceled"}


@pytest.mark.parametrize("slow", ["submit", "poll", None])
def test_at_random_moments(hub, slow):
    chance = random.Random(slow)  # noqa: S311 no secret
    if slow:
        hub.faults.add(Delay(0.1), on=slow, times=None)

    async def main(aki):
        async def cancelled(use):
            task = asyncio.create_task(use(aki))
            await asyncio.sleep(chance.uniform(0, LONGEST))
            for _ in range(chance.choice([1, 2, 3])):
                task.cancel()
                await asyncio.sleep(chance.choice([0, 0.001, 0.02]))
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert shown_by(caught.value) == []

        await asyncio.gather(
            *(cancelled(use) for use in (call, stream, leave_stream) for _ in range(TASKS))
        )

    run(hub, main)
    assert soon(lambda: all_canceled(hub))


def test_a_timeout_around_a_call_cancels_its_job(hub):
    async def main(aki):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await call(aki)

    run(hub, main)
    assert soon(lambda: all_canceled(hub))


def test_a_timeout_around_a_slow_submit_cancels_its_job(hub):
    hub.faults.add(Delay(0.8), on="submit")

    async def late(aki):
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
            group.create_task(call(aki))
            await submitted(hub)
            limit.reschedule(asyncio.get_running_loop().time())

    async def main(aki):
        with pytest.raises(TimeoutError):
            await late(aki)

    run(hub, main)
    assert soon(lambda: all_canceled(hub))
    assert hub.hub.jobs_submitted == 1


def test_a_task_group_that_fails_cancels_the_jobs_of_the_others(hub):
    async def fail():
        await submitted(hub, 2)
        raise ZeroDivisionError

    async def together(aki):
        async with asyncio.TaskGroup() as group:
            for task in (call(aki), call(aki), fail()):
                group.create_task(task)

    async def main(aki):
        with pytest.raises(ExceptionGroup):
            await together(aki)

    run(hub, main)
    assert soon(lambda: all_canceled(hub))
    assert hub.hub.jobs_submitted == 2


def test_who_waits_for_a_job_may_be_cancelled_without_harm_to_the_job(hub):
    hub.faults.add(Delay(0.4), on="final")

    async def main(aki):
        job = await aki.llama3_8b_chat.submit(prompt_input="hi [[dur=0.05]]")
        # Strikes while the only copy of the result is on its way.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(job.result(), 0.3)
        assert "hi" in (await job.result(timeout=10)).text

    run(hub, main)


def test_a_cancelling_that_is_itself_cancelled_reaches_the_hub_all_the_same(hub):
    async def leave(aki):
        async with aki.llama3_8b_chat.stream(prompt_input=LONG):
            hub.faults.add(Status(503), on="poll", times=3)

    async def main(aki):
        leaving = asyncio.create_task(leave(aki))
        # By then the hub has refused to hear of the cancelling, and the client pauses.
        assert await asyncio.to_thread(soon, lambda: bool(hub.hub.polls.by_job))
        await asyncio.sleep(0.02)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving

    run(hub, main)
    assert soon(lambda: all_canceled(hub))


def test_a_loop_that_ends_cancels_the_jobs_of_its_tasks(hub):
    async def main():
        aki = AsyncAki(KEY, api_server=hub.url)
        background = asyncio.create_task(call(aki))
        await submitted(hub)
        assert not background.done()

    asyncio.run(main())
    assert soon(lambda: all_canceled(hub))


def test_a_loop_that_ends_amid_a_submit_cancels_its_job(hub):
    hub.faults.add(Delay(0.5), on="submit")

    async def main():
        background = asyncio.create_task(call(AsyncAki(KEY, api_server=hub.url)))
        await submitted(hub)
        assert not background.done()

    asyncio.run(main())
    assert soon(lambda: all_canceled(hub))


def test_a_loop_that_ends_amid_a_submit_that_fails_reports_nothing(caplog):
    asked = threading.Event()

    def break_off(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            asked.set()
            time.sleep(0.5)

    async def main(url):
        background = asyncio.create_task(call(AsyncAki(KEY, api_server=url)))
        await asyncio.to_thread(asked.wait)
        assert not background.done()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=break_off, args=[listener])
        server.start()
        asyncio.run(main(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        server.join()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_a_client_that_is_closed_waits_for_the_cancelling_of_its_calls(hub, caplog):
    caplog.set_level("INFO", "aki_client")

    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            background = asyncio.create_task(call(aki))
            while not hub.hub.polls.by_job:
                await asyncio.sleep(0.005)
            background.cancel()
            while "cancelling job" not in caplog.text:
                await asyncio.sleep(0)
        assert [job.cancel_asked for job in all_jobs(hub)] == [True]

    asyncio.run(main())
