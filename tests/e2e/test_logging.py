"""What the logger `aki_client` tells of a job, sync and async alike: one line per event, ids shortened."""

import logging
import re

import httpx
import pytest
from aki_client import DeadlineExceededError, JobFailedError, NotFoundError
from aki_sandbox.faults.effects import Status
from faults.modes import MODES, Mode

JOB = "5a0c6a55-2c5b-4b0a-9a53-0a1b2c3d4e5f#12"


@pytest.fixture(params=MODES)
def mode(request):
    with Mode(request.param) as chosen:
        yield chosen


@pytest.fixture
def lines(caplog):
    """The lines so far, with `ID` for the beginning of the job's id."""
    caplog.set_level(logging.INFO, "aki_client")

    def told():
        said = [record.getMessage() for record in caplog.records if record.name == "aki_client"]
        return [re.sub(r"\b[0-9a-f]{8}\b", "ID", line) for line in said]

    return told


@pytest.fixture
def aki(mode, hub, lines):
    with mode.client(hub.url) as client:
        yield client
    hub.faults.clear()


def test_a_call_is_told_from_its_submit_to_its_end(mode, aki, lines):
    mode.wait(aki.llama3_8b_chat(prompt_input="Hi [[dur=1.5]]"))
    assert lines() == [
        "llama3_8b_chat: job ID submitted",
        "llama3_8b_chat: job ID is processing",
        "llama3_8b_chat: job ID is done",
    ]


def test_a_failure_is_told_without_the_traceback(mode, aki, lines, caplog):
    with pytest.raises(JobFailedError):
        mode.wait(aki.llama3_8b_chat(prompt_input="Hi [[error=boom]]"))
    assert lines()[-1] == "llama3_8b_chat: job ID is failed"
    assert all(record.exc_info is None for record in caplog.records)


def test_a_job_that_nobody_waits_for_is_told(mode, aki, lines):
    with pytest.raises(DeadlineExceededError):
        mode.wait(aki.llama3_8b_chat.with_options(timeout=2.0)(prompt_input="Hi [[dur=60]]"))
    assert "llama3_8b_chat: cancelling job ID, nobody waits for it" in lines()


def test_a_poll_that_is_repeated_is_told_with_its_reason(mode, aki, hub, lines):
    hub.faults.add(Status(503), on="poll")
    mode.wait(aki.llama3_8b_chat(prompt_input="Hi [[dur=0.2]]"))
    (again,) = [line for line in lines() if "trying again" in line]
    assert re.fullmatch(
        r"llama3_8b_chat: job ID: trying again in 0\.\d\d s: .*\(HTTP 503 Service Unavailable\)",
        again,
    )


def test_a_job_s_id_is_shortened_even_where_the_hub_repeats_it(mode, caplog):
    statuses = iter([500, 429, 404])

    def answer(request):
        if "/call/" in request.url.path:
            return httpx.Response(200, json={"success": True, "job_id": JOB})
        status = next(statuses, 404)
        return httpx.Response(status, json={"message": f"no luck with job {JOB}"})

    make = httpx.AsyncClient if mode.is_async else httpx.Client
    caplog.set_level(logging.DEBUG)
    with (
        mode.using(make(transport=httpx.MockTransport(answer))) as http,
        mode.client("http://127.0.0.1:9", http_client=http) as aki,
        pytest.raises(NotFoundError, match="no luck with job 5a0c6a55… ") as caught,
    ):
        mode.wait(aki.llama3_8b_chat.with_options(timeout=5)(prompt_input="Hi"))
    assert "5a0c6a55" in caplog.text
    assert JOB not in caplog.text + repr(caught.value)
