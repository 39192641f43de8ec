"""One job, several waiters, several processes; and no more connections than it takes."""

import asyncio
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_client import Aki, AsyncAki, JobCanceledError, JobFailedError
from aki_sandbox.faults.effects import Delay
from faults.modes import KEY
from faults.table.case import LONG
from support.patience import soon

WAITERS = 8
RUNS = "hi [[dur=0.4]]"
RESTORE = """
import pickle, sys
job = pickle.loads(bytes.fromhex(sys.argv[1]))
print(job.result(timeout=60).text)
"""


def polls(hub, job):
    return hub.hub.polls.by_job[job.id]


def test_threads_that_wait_for_one_job_poll_once_between_them(hub):
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(WAITERS) as pool:
        job = aki.llama3_8b_chat.submit(prompt_input=RUNS)
        results = list(pool.map(lambda _: job.result(timeout=60), range(WAITERS)))
        assert all(result is results[0] for result in results)
        assert polls(hub, job) <= 10
    assert hub.hub.polls.most_at_once == 1


def test_tasks_that_wait_for_one_job_poll_once_between_them(hub):
    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            job = await aki.llama3_8b_chat.submit(prompt_input=RUNS)
            results = await asyncio.gather(*(job.result(timeout=60) for _ in range(WAITERS)))
            assert all(result is results[0] for result in results)
            assert polls(hub, job) <= 10

    asyncio.run(main())
    assert hub.hub.polls.most_at_once == 1


def test_a_waiter_that_is_cancelled_leaves_the_others_waiting(hub):
    hub.faults.add(Delay(0.1), on="poll", times=None)

    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            job = await aki.llama3_8b_chat.submit(prompt_input="hi [[dur=6]]")
            waiters = [asyncio.create_task(job.result(timeout=60)) for _ in range(WAITERS)]
            for waiter in waiters[:-1]:
                await asyncio.sleep(0.06)
                waiter.cancel()
            outcomes = await asyncio.gather(*waiters, return_exceptions=True)
            assert [type(outcome).__name__ for outcome in outcomes[:-1]] == ["CancelledError"] * 7
            assert "hi" in outcomes[-1].text

    asyncio.run(main())
    assert hub.hub.polls.most_at_once == 1


def test_two_handles_of_one_job_are_one(mode, aki, hub):
    job = mode.wait(aki.llama3_8b_chat.submit(prompt_input=RUNS))
    assert aki.llama3_8b_chat.job(job.id) == job


def test_threads_that_read_one_job_typed_and_untyped_share_the_polls_and_both_get_the_result(hub):
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(1) as pool:
        job = aki.llama3_8b_chat.submit(prompt_input=RUNS)
        untyped = pool.submit(aki.job("llama3_8b_chat", job.id).result, 60)
        assert job.result(timeout=60).text == untyped.result().text
    assert hub.hub.polls.most_at_once == 1


def test_tasks_that_read_one_job_typed_and_untyped_share_the_polls_and_both_get_the_result(hub):
    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            job = await aki.llama3_8b_chat.submit(prompt_input=RUNS)
            untyped = aki.job("llama3_8b_chat", job.id)
            results = await asyncio.gather(job.result(60), untyped.result(60))
            assert results[0].text == results[1].text

    asyncio.run(main())
    assert hub.hub.polls.most_at_once == 1


def test_event_loops_that_read_one_job_share_the_polls_and_all_get_the_result(hub):
    hub.faults.add(Delay(0.1), on="poll", times=None)

    async def read(job_id):
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            return (await aki.llama3_8b_chat.job(job_id).result(timeout=60)).text

    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(4) as pool:
        job_id = aki.llama3_8b_chat.submit(prompt_input=RUNS).id
        texts = list(pool.map(lambda _: asyncio.run(read(job_id)), range(4)))
    assert len(set(texts)) == 1
    assert hub.hub.polls.most_at_once == 1


def test_threads_and_tasks_that_read_one_job_share_the_polls_and_all_get_the_result(hub):
    hub.faults.add(Delay(0.1), on="poll", times=None)

    async def read(job_id):
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            job = aki.llama3_8b_chat.job(job_id)
            return [(await job.result(timeout=60)).text for _ in range(2)]

    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(2) as pool:
        job = aki.llama3_8b_chat.submit(prompt_input=RUNS)
        others = [pool.submit(lambda: asyncio.run(read(job.id))) for _ in range(2)]
        text = job.result(timeout=60).text
        assert [other.result() for other in others] == [[text] * 2] * 2
    assert hub.hub.polls.most_at_once == 1


def test_one_handle_may_be_read_in_two_runs_one_after_the_other(hub):
    aki = AsyncAki(KEY, api_server=hub.url)
    job = asyncio.run(aki.llama3_8b_chat.submit(prompt_input=LONG))

    async def wait_in_vain():
        waits = [job.result(timeout=0.3) for _ in range(3)]
        return await asyncio.gather(*waits, return_exceptions=True)

    for _ in range(2):
        outcomes = asyncio.run(wait_in_vain())
        assert {type(outcome).__name__ for outcome in outcomes} == {"DeadlineExceededError"}
    asyncio.run(job.cancel(wait=5))
    assert job.ended


def test_a_failure_is_typed_as_each_reader_reads_it(mode, aki):
    job = mode.wait(aki.z_image_turbo.submit(prompt="[[errkeep=truncated]]"))
    untyped = aki.job("z_image_turbo", job.id)
    for handle in (job, untyped):
        with pytest.raises(JobFailedError) as failed:
            mode.wait(handle.result(60))
        assert failed.value.partial["images"][0].format == "jpeg"


def test_a_stream_and_a_handle_of_its_job_share_the_polls(hub):
    with (
        Aki(KEY, api_server=hub.url) as aki,
        Aki(KEY, api_server=hub.url) as other,
        aki.llama3_8b_chat.stream(prompt_input=RUNS) as stream,
        ThreadPoolExecutor(2) as pool,
    ):
        watching = pool.submit(lambda: "".join(stream.text()))
        handle = other.llama3_8b_chat.job(stream.job_id or "")
        assert handle.result(timeout=60).text == watching.result()
    assert hub.hub.polls.most_at_once == 1


def test_a_call_and_a_handle_that_its_callback_makes_share_the_polls_and_both_get_the_result(hub):
    hub.faults.add(Delay(0.1), on="poll", times=None)
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(1) as pool:
        others = []

        def show(event):
            if not others:
                others.append(pool.submit(aki.llama3_8b_chat.job(event.job_id).result, 60))

        text = aki.llama3_8b_chat.with_options(on_progress=show)(prompt_input=RUNS).text
        assert others[0].result().text == text
    assert hub.hub.polls.most_at_once == 1


def test_an_awaited_call_and_a_handle_that_its_callback_makes_share_the_polls_and_both_get_the_result(
    hub,
):
    hub.faults.add(Delay(0.1), on="poll", times=None)

    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            others = []

            def show(event):
                if not others:
                    job = aki.llama3_8b_chat.job(event.job_id)
                    others.append(asyncio.ensure_future(job.result(timeout=60)))

            call = aki.llama3_8b_chat.with_options(on_progress=show)
            text = (await call(prompt_input=RUNS)).text
            assert (await others[0]).text == text

    asyncio.run(main())
    assert hub.hub.polls.most_at_once == 1


def test_a_stream_of_events_and_a_result_share_the_polls(hub):
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(2) as pool:
        job = aki.llama3_8b_chat.submit(prompt_input=RUNS)
        watching = pool.submit(lambda: "".join(event.text_delta for event in job.events(60)))
        assert watching.result() == job.result(timeout=60).text
    assert hub.hub.polls.most_at_once == 1


def test_a_thread_that_leaves_a_stream_polls_beside_no_other_waiter(hub):
    hub.faults.add(Delay(0.2), on="poll", times=None)
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor(1) as pool:
        with aki.llama3_8b_chat.stream(prompt_input=LONG) as stream:
            job = aki.llama3_8b_chat.job(stream.job_id or "")
            waiting = pool.submit(job.result, 60)
            assert soon(lambda: polls(hub, job) > 0)
        with pytest.raises(JobCanceledError):
            waiting.result()
    assert hub.hub.polls.most_at_once == 1


def test_a_task_that_leaves_a_stream_polls_beside_no_other_waiter(hub):
    hub.faults.add(Delay(0.2), on="poll", times=None)

    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            async with aki.llama3_8b_chat.stream(prompt_input=LONG) as stream:
                job = aki.llama3_8b_chat.job(stream.job_id or "")
                waiting = asyncio.create_task(job.result(60))
                while not polls(hub, job):
                    await asyncio.sleep(0.005)
            with pytest.raises(JobCanceledError):
                await waiting

    asyncio.run(main())
    assert hub.hub.polls.most_at_once == 1


def test_a_handle_goes_to_another_process_without_the_key(hub):
    with Aki(KEY, api_server=hub.url) as aki:
        job = aki.llama3_8b_chat.submit(prompt_input="hi")
        packed = pickle.dumps(job)
    assert KEY.encode() not in packed
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RESTORE, packed.hex()],
        env={**os.environ, "AKI_API_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert "hi" in done.stdout


def test_a_handle_that_has_its_result_takes_it_along(mode, aki, hub):
    job = mode.wait(aki.llama3_8b_chat.submit(prompt_input="hi"))
    text = mode.wait(job.result(timeout=60)).text
    packed = pickle.dumps(job)
    del job  # copies of a handle in use share what it knows
    asked = hub.hub.request_count
    copy = pickle.loads(packed)  # noqa: S301 it is ours
    assert mode.wait(copy.result()).text == text
    assert hub.hub.request_count == asked


def test_one_connection_serves_one_job(mode, aki, hub):
    mode.wait(aki.llama3_8b_chat(prompt_input=RUNS))
    assert hub.connections.made == 1


def test_one_connection_serves_twenty_jobs_in_a_row(mode, aki, hub, monkeypatch):
    monkeypatch.setattr("aki_runtime.http.connection.SUBMIT_IDLE_SECONDS", 60)
    for _ in range(20):
        mode.wait(aki.llama3_8b_chat(prompt_input="hi"))
    assert (hub.connections.made, hub.hub.jobs_submitted) == (1, 20)
