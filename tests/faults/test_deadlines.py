"""Who stops waiting, who cancels the job, and who merely looks away."""

import asyncio
import json
import os
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress

import httpx
import pytest
from aki_client import (
    Aki,
    AkiError,
    AsyncAki,
    ConnectionFailedError,
    DeadlineExceededError,
    JobCanceledError,
    JobUnknownError,
    ResultGoneError,
    ServerError,
)
from aki_sandbox.faults.effects import Delay, Status
from aki_sandbox.settings import HubSettings
from faults.modes import KEY
from faults.running import states
from faults.table.case import LONG, SHORT
from support.holding import Held
from support.jobs import last_job
from support.patience import until
from test.support import catch_unraisable_exception


class DeafToQuestions:
    """Polls that ask are reset, one that cancels is answered."""

    only_on = None

    async def apply(self, exchange):
        if json.loads(await exchange.read()).get("cancel"):
            await exchange.forward()
        else:
            await exchange.reset()


def chat(aki):
    return aki.llama3_8b_chat


def test_leaving_a_stream_early_cancels_its_job(mode, aki, hub):
    with mode.using(chat(aki).stream(prompt_input=LONG)) as stream:
        next(mode.items(stream))
    assert states(hub) == ["canceled"]


@pytest.mark.parametrize("how", ["break", "an exception"])
def test_dropping_a_stream_before_its_end_cancels_its_job_and_warns(mode, aki, hub, how):
    def leave():
        if how == "an exception":
            raise ZeroDivisionError

    def drop():
        for _ in chat(aki).stream(prompt_input=LONG):
            leave()
            break

    async def drop_later():
        async for _ in chat(aki).stream(prompt_input=LONG):
            leave()
            break

    def is_canceled():
        until(lambda: states(hub) == ["canceled"], "the job is cancelled")

    async def in_a_loop_that_goes_on():
        with suppress(ZeroDivisionError):
            await drop_later()
        await asyncio.to_thread(is_canceled)

    def in_a_thread():
        with suppress(ZeroDivisionError):
            drop()
        is_canceled()

    with pytest.warns(ResourceWarning, match=r"dropped before its end.*use a `with` block"):
        mode.wait(in_a_loop_that_goes_on()) if mode.is_async else in_a_thread()


@pytest.mark.filterwarnings("ignore:asynchronous generator:ResourceWarning")  # of httpx, that late
@pytest.mark.parametrize("closes_client", [True, False])
def test_the_end_of_an_event_loop_waits_until_dropped_streams_are_cancelled(hub, closes_client):
    async def main():
        client = AsyncAki(KEY, api_server=hub.url)
        async with client if closes_client else nullcontext():
            async for _ in chat(client).stream(prompt_input=LONG):
                break

    with pytest.warns(ResourceWarning, match="dropped before its end"):
        asyncio.run(main())
    assert states(hub) == ["canceled"]


def test_a_stream_that_a_thread_drops_is_cancelled_in_its_own_event_loop(hub):
    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            held = [chat(aki).stream(prompt_input=LONG)]
            await held[0].__aenter__()
            await asyncio.to_thread(held.clear)

    with pytest.warns(ResourceWarning, match="dropped before its end"):
        asyncio.run(main())
    assert states(hub) == ["canceled"]


def test_a_dropped_stream_is_cancelled_where_warnings_are_errors(hub):
    with Aki(KEY, api_server=hub.url) as aki, warnings.catch_warnings():
        warnings.simplefilter("error")
        with catch_unraisable_exception() as caught:
            for _ in chat(aki).stream(prompt_input=LONG):
                break
            assert isinstance(caught.unraisable.exc_value, ResourceWarning)
        until(lambda: states(hub) == ["canceled"], "the job is cancelled")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_that_drops_its_copy_of_a_stream_leaves_the_job_alone(hub):
    with Aki(KEY, api_server=hub.url) as aki:
        held = [chat(aki).stream(prompt_input=SHORT)]
        held[0].__enter__()
        child = os.fork()
        if not child:
            held.clear()
            for thread in set(threading.enumerate()) - {threading.current_thread()}:
                thread.join(5)
            os._exit(0)
        os.waitpid(child, 0)
        assert held[0].result().text
    assert states(hub) == ["done"]


def test_two_readers_of_a_stream_that_has_not_started_share_one_job(mode, aki, hub):
    stream = chat(aki).stream(prompt_input=SHORT)

    async def in_tasks():
        return await asyncio.gather(stream.result(), stream.result())

    def in_threads():
        with ThreadPoolExecutor(2) as pool:
            return [each.result() for each in [pool.submit(stream.result) for _ in range(2)]]

    first, second = mode.wait(in_tasks()) if mode.is_async else in_threads()
    assert first is second
    assert states(hub) == ["done"]


def test_a_stream_that_could_not_start_says_so_to_its_next_reader(mode, aki, hub):
    hub.faults.add(Status(500), on="submit")
    stream = chat(aki).stream(prompt_input=SHORT)
    with pytest.raises(ServerError):
        mode.wait(stream.result())
    with pytest.raises(AkiError, match="could not be started; make another one"):
        mode.wait(stream.result())
    assert states(hub) == []


def test_an_exception_in_a_stream_cancels_its_job_and_is_raised(mode, aki, hub):
    with pytest.raises(ZeroDivisionError), mode.using(chat(aki).stream(prompt_input=LONG)):
        raise ZeroDivisionError
    assert states(hub) == ["canceled"]


def test_an_exception_in_on_progress_cancels_the_job_and_is_raised(mode, aki, hub):
    def show(event):
        raise ZeroDivisionError

    async def show_later(event):
        raise ZeroDivisionError

    for callback in (show, show_later) if mode.is_async else (show,):
        call = chat(aki).with_options(on_progress=callback)
        with pytest.raises(ZeroDivisionError):
            mode.wait(call(prompt_input=LONG))
    assert set(states(hub)) == {"canceled"}


def test_an_exhausted_stream_cancels_nothing(mode, aki, hub):
    with mode.using(chat(aki).stream(prompt_input=SHORT)) as stream:
        assert list(mode.items(stream))
    assert states(hub) == ["done"]


def test_waiting_for_a_job_no_longer_leaves_it_alone(mode, aki, hub):
    hub.faults.add(Status(503), on="poll", times=None)
    job = mode.wait(chat(aki).submit(prompt_input="hi"))
    with pytest.raises(DeadlineExceededError) as caught:
        mode.wait(job.result(timeout=0.2))
    assert caught.value.job_id == job.id
    hub.faults.clear()
    assert "hi" in mode.wait(job.result(timeout=60)).text
    assert states(hub) == ["done"]


def test_a_deadline_amid_the_final_answer_does_not_lose_it(mode, aki, hub):
    hub.faults.add(Delay(0.5), on="final")
    job = mode.wait(chat(aki).submit(prompt_input="hi [[dur=0.05]]"))
    assert "hi" in mode.wait(job.result(timeout=0.3)).text


def test_a_result_that_comes_with_the_answer_to_the_cancelling_is_not_thrown_away(mode, aki, hub):
    # No poll but the one that cancels gets an answer; by then the job has ended.
    hub.faults.add(DeafToQuestions(), on="poll", times=None)
    call = chat(aki).with_options(timeout=1.0)
    assert "hi" in mode.wait(call(prompt_input="hi [[dur=0.05]]")).text


def test_a_cancelled_job_says_so(mode, aki, hub):
    job = mode.wait(chat(aki).submit(prompt_input=LONG))
    assert mode.wait(job.status()) == "processing"
    mode.wait(job.cancel())
    with pytest.raises(JobCanceledError):
        mode.wait(job.result(timeout=60))
    assert mode.wait(job.status()) == "canceled"


def test_cancelling_may_wait_for_the_end(mode, aki, hub):
    job = mode.wait(chat(aki).submit(prompt_input=LONG))
    mode.wait(job.cancel(wait=10))
    assert job.ended


def test_a_job_that_finished_first_still_gives_its_result(mode, aki, hub):
    job = mode.wait(chat(aki).submit(prompt_input="hi [[dur=0.01]]"))
    until(lambda: last_job(hub).state == "done", "the job is done")
    mode.wait(job.cancel())
    assert "hi" in mode.wait(job.result(timeout=60)).text


@contextmanager
def polled_elsewhere(hub, job_id):
    """Poll a job in another thread; the hub answers when the block is left."""
    held = Held()
    hub.faults.add(held, on="poll")
    with Aki(KEY, api_server=hub.url) as aki, ThreadPoolExecutor() as pool:
        job = chat(aki).job(job_id)
        polls = hub.hub.polls.by_job[job_id]
        polling = pool.submit(job.status)
        until(lambda: hub.hub.polls.by_job[job_id] > polls, "the hub has been asked")
        try:
            yield
        finally:
            held.go.set()
        polling.result()


@pytest.mark.usefixtures("short_cancelling")
def test_cancelling_is_bounded_where_the_hub_does_not_answer(mode, aki, hub):
    job = mode.wait(chat(aki).submit(prompt_input=LONG))
    hub.faults.add(Status(503), on="poll", times=None)
    with pytest.raises(DeadlineExceededError):
        mode.wait(job.cancel())


@pytest.mark.usefixtures("short_cancelling")
def test_cancelling_does_not_wait_for_ever_for_another_waiter(mode, aki, hub):
    job = mode.wait(chat(aki).submit(prompt_input=LONG))
    with polled_elsewhere(hub, job.id), pytest.raises(DeadlineExceededError):
        mode.wait(job.cancel())


@pytest.mark.usefixtures("short_cancelling")
def test_a_stream_does_not_wait_beyond_its_deadline_for_another_waiter(mode, aki, hub):
    stream = chat(aki).with_options(timeout=5.0).stream(prompt_input=LONG)
    with mode.using(stream):
        event = next(mode.items(stream))
        with polled_elsewhere(hub, event.job_id), pytest.raises(DeadlineExceededError):
            mode.wait(stream.result())
    # The next poll, whoever makes it, takes the cancelling along.
    job = chat(aki).job(event.job_id)
    until(lambda: mode.wait(job.status()) == "canceled", "the job is cancelled")


def test_without_any_time_no_job_is_made(mode, aki, hub):
    with pytest.raises(DeadlineExceededError, match="nothing was sent"):
        mode.wait(chat(aki).with_options(timeout=0)(prompt_input=SHORT))
    assert hub.hub.jobs_submitted == 0


def test_a_job_of_before_a_restart_is_unknown(mode, hub):
    with mode.client(hub.url) as aki:
        job = mode.wait(chat(aki).submit(prompt_input=LONG))
        hub.stop()
        hub.hub.jobs.forget_all()
        restart = threading.Timer(0.3, hub.start)
        restart.start()
        with pytest.raises(JobUnknownError):
            mode.wait(job.result(timeout=60))
        restart.join()


def test_a_result_that_was_read_elsewhere_is_gone(mode, aki, hub):
    job = mode.wait(chat(aki).submit(prompt_input=SHORT))
    url = f"{hub.url}/api/progress/{job.endpoint}"
    answer: dict[str, object] = {}
    while "job_result" not in answer:
        answer = httpx.post(url, json={"key": KEY, "job_id": job.id}).json()
    with pytest.raises(ResultGoneError, match="handed out before"):
        mode.wait(job.result(timeout=60))


@pytest.mark.parametrize("retry_after", [None, 60])
@pytest.mark.parametrize("question", ["endpoints", "validate_key", "endpoint_details", "check"])
def test_a_question_ends_with_its_time_however_often_it_may_be_tried(
    mode, hub, question, retry_after
):
    hub.faults.add(Status(503, retry_after=retry_after), on="any", times=None)
    about = ["llama3_8b_chat"] if question in ("endpoint_details", "check") else []
    began = time.monotonic()
    # The last try may be left without an answer.
    ends = pytest.raises((ServerError, ConnectionFailedError))
    with mode.client(hub.url, timeout=1.0, max_retries=1000) as aki, ends:
        mode.wait(getattr(aki, question)(*about))
    assert time.monotonic() - began < 30  # a thousand tries would take longer


def test_a_question_whose_time_is_over_before_the_next_try_says_why_it_was_tried_again(mode, hub):
    hub.faults.add(Status(503), on="any")
    hub.faults.add(Delay(60), on="any", times=None)
    with (
        mode.client(hub.url, timeout=5.0, on_retry=lambda _: time.sleep(6)) as aki,
        pytest.raises(ServerError),
    ):
        mode.wait(aki.endpoints())


class TestAHubThatIgnoresCancelling:
    """As the public server does."""

    @pytest.fixture
    def settings(self):
        return HubSettings(honour_cancel=False)

    def test_does_not_keep_one_waiting(self, mode, aki, hub):
        job = mode.wait(chat(aki).submit(prompt_input=LONG))
        began = time.monotonic()
        mode.wait(job.cancel(wait=0.3))
        assert time.monotonic() - began < 30  # its job takes a minute
        assert not job.ended

    def test_still_gives_the_result(self, mode, aki, hub):
        job = mode.wait(chat(aki).submit(prompt_input=SHORT))
        mode.wait(job.cancel())
        assert "joke" in mode.wait(job.result(timeout=60)).text


class TestAHubWithoutWorkers:
    """Where jobs wait and pauses grow long."""

    @pytest.fixture
    def settings(self):
        return HubSettings(worker_slots=0)

    def test_cancelling_does_not_wait_for_the_pause_of_another_waiter(self, hub):
        with (
            Aki(KEY, api_server=hub.url, progress_interval=30.0) as aki,
            ThreadPoolExecutor() as pool,
        ):
            chat(aki).submit(prompt_input="first")
            job = chat(aki).submit(prompt_input="second")
            waiting = pool.submit(job.result, 60)
            # By now the pauses have grown to more than half a second.
            until(lambda: hub.hub.polls.by_job[job.id] >= 6, "six polls")
            polls = hub.hub.polls.by_job[job.id]
            job.cancel()
            assert hub.hub.polls.by_job[job.id] == polls + 1
            with pytest.raises(JobCanceledError):
                waiting.result()
