"""A whole call: its result, its ends, its deadline, and the job that is cancelled when nobody waits."""

import asyncio

import pytest
from aki_runtime import errors
from aki_runtime.events import Queued, Running
from aki_runtime.options import Options
from aki_runtime.protocol import effects, flows, pace
from aki_runtime.protocol.answers import Answer
from support.driver import CHAT, JOB, Driver, answer, done, pending, submitted, taking

BROKEN = errors.ConnectionFailedError("the connection broke", sent=True)
INTERRUPTIONS = [KeyboardInterrupt(), asyncio.CancelledError(), SystemExit(1)]


def call(driver, **options):
    return driver.run(flows.call(driver.context, CHAT, {}, Options(**options)))


def test_a_call_returns_the_typed_result():
    result = call(Driver(submitted(), pending(), done(text="hi", num_generated_tokens=1)))
    assert (result.text, result.num_generated_tokens, result.meta.job_id) == ("hi", 1, JOB)


def test_a_call_submits_once():
    driver = Driver(submitted(), pending(), BROKEN, Answer(502, b""), pending(), done())
    call(driver)
    assert len(driver.submits) == 1


def test_a_call_that_ends_cancels_nothing():
    driver = Driver(submitted(), pending(), done())
    call(driver)
    assert driver.cancels == []


def test_a_call_asks_soon_after_the_submit():
    driver = Driver(submitted(), done())
    call(driver)
    assert driver.pauses == [pace.FIRST_POLL]


def test_a_callback_is_shown_every_event():
    seen = []
    answers = pending("queued", 2), pending(text="a"), pending(text="ab"), done(text="abc")
    call(Driver(submitted(), *answers), on_progress=seen.append)
    assert [type(event) for event in seen] == [Queued, Running, Running, Running]
    assert "".join(event.text_delta for event in seen) == "abc"


def test_a_job_without_any_progress_block_comes_to_its_end():
    bare = answer(200, {"success": True, "job_state": "processing"})
    assert call(Driver(submitted(), bare, bare, done(text="hi"))).text == "hi"


ENDS = {
    "failed": (
        answer(200, {"job_state": "done", "job_result": {"error": "boom", "text": "half"}}),
        errors.JobFailedError,
        {"text": "half"},
    ),
    "failed without outputs": (
        answer(200, {"job_state": "done", "job_result": {"error": "boom"}}),
        errors.JobFailedError,
        {},
    ),
    "canceled": (answer(200, {"job_state": "canceled"}), errors.JobCanceledError, {}),
    "canceled with outputs": (
        answer(200, {"job_state": "canceled", "job_result": {"text": "half"}}),
        errors.JobCanceledError,
        {"text": "half"},
    ),
    "lapsed": (
        answer(400, {"success": False, "job_state": "lapsed", "error": "Job lapsed!"}),
        errors.JobLapsedError,
        {},
    ),
    "unknown": (
        answer(402, {"success": False, "error": ["no active request"]}),
        errors.JobUnknownError,
        {},
    ),
    "handed out": (answer(200, {"job_state": "done"}), errors.ResultGoneError, {}),
}


@pytest.mark.parametrize(("end", "kind", "partial"), ENDS.values(), ids=ENDS)
def test_every_bad_end_is_its_own_exception(end, kind, partial):
    with pytest.raises(errors.JobError) as caught:
        call(Driver(submitted(), pending(), end))
    error = caught.value
    assert type(error) is kind
    assert (error.endpoint, error.job_id, error.partial) == ("chat", JOB, partial)


@pytest.mark.parametrize(("end", "kind", "partial"), ENDS.values(), ids=ENDS)
def test_a_job_that_has_ended_badly_is_not_cancelled(end, kind, partial):
    driver = Driver(submitted(), end)
    with pytest.raises(kind):
        call(driver)
    assert driver.cancels == []


@pytest.mark.parametrize("state", ["processing", "queued", "paused", None, 7])
def test_no_state_lasts_beyond_the_deadline(state):
    driver = Driver(submitted(), then=answer(200, {"success": True, "job_state": state}))
    with pytest.raises(errors.DeadlineExceededError) as caught:
        call(driver, timeout=20.0)
    assert driver.clock == pytest.approx(20.0)
    assert caught.value.job_id == JOB


def test_the_time_of_a_slow_submit_counts():
    driver = Driver(taking(15.0, submitted()), then=pending())
    with pytest.raises(errors.DeadlineExceededError):
        call(driver, timeout=20.0)
    assert driver.clock == pytest.approx(20.0)


def test_a_deadline_that_passes_cancels_the_job_once():
    driver = Driver(submitted(), then=pending())
    with pytest.raises(errors.DeadlineExceededError):
        call(driver, timeout=3.0)
    assert [request.body.values["job_id"] for request in driver.cancels] == [JOB]
    assert driver.polls[-1] is driver.cancels[0]


def test_who_reads_on_after_the_deadline_asks_once_and_that_cancels():
    driver = Driver(submitted(), done(text="whole"))
    options = Options(timeout=20.0)
    job = driver.run(flows.submit(driver.context, CHAT, {}, options))
    driver.clock = 30.0
    reader = flows.JobReader(driver.context, job, CHAT, options, job.deadline)
    assert driver.run(reader.result()).text == "whole"
    assert driver.cancels == driver.polls
    assert len(driver.polls) == 1


def test_an_unknown_state_does_not_spin():
    driver = Driver(submitted(), then=answer(200, {"job_state": "paused"}))
    with pytest.raises(errors.DeadlineExceededError):
        call(driver, timeout=20.0)
    assert len(driver.polls) < 20.0 / 0.15 + 10


def test_a_deadline_that_passes_over_failures_cancels_the_job():
    driver = Driver(submitted(), *[BROKEN] * 3, then=Answer(503, b""))
    with pytest.raises(errors.DeadlineExceededError):
        call(driver, timeout=5.0)
    assert driver.cancels
    assert driver.clock <= 5.0 + effects.CANCEL_SECONDS


def test_a_hub_that_is_gone_does_not_hold_up_a_deadline_for_long():
    driver = Driver(submitted(), then=taking(60.0, BROKEN))
    with pytest.raises(errors.DeadlineExceededError):
        call(driver, timeout=5.0)
    assert driver.clock <= 5.0 + effects.CANCEL_SECONDS + 0.2


@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_without_any_time_nothing_is_sent(timeout):
    driver = Driver()
    with pytest.raises(errors.DeadlineExceededError, match="nothing was sent"):
        call(driver, timeout=timeout)
    assert driver.sent == []


@pytest.mark.parametrize("reason", INTERRUPTIONS, ids=lambda reason: type(reason).__name__)
@pytest.mark.parametrize("pause", [1, 3])
def test_an_interruption_of_a_pause_cancels_the_job(reason, pause):
    driver = Driver(submitted(), then=pending())
    driver.interrupt_pause[pause] = reason
    with pytest.raises(type(reason)) as caught:
        call(driver)
    assert caught.value is reason
    assert len(driver.cancels) == 1


@pytest.mark.parametrize("reason", INTERRUPTIONS, ids=lambda reason: type(reason).__name__)
def test_an_interruption_of_a_poll_cancels_the_job(reason):
    driver = Driver(submitted(), pending(), reason, then=pending())
    with pytest.raises(type(reason)) as caught:
        call(driver)
    assert caught.value is reason
    assert len(driver.cancels) == 1


def test_a_callback_that_raises_cancels_the_job():
    def refuse(event):
        raise LookupError("the caller's own")

    driver = Driver(submitted(), then=pending())
    with pytest.raises(LookupError, match="the caller's own"):
        call(driver, on_progress=refuse)
    assert len(driver.cancels) == 1


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (answer(401, {"error": ["Key not valid"]}), errors.AuthenticationError),
        (answer(404, {"message": "Not Found"}), errors.NotFoundError),
    ],
)
def test_a_poll_that_fails_for_good_cancels_the_job(failure, kind):
    driver = Driver(submitted(), failure, then=pending())
    with pytest.raises(kind):
        call(driver)
    assert len(driver.cancels) == 1


def test_a_poll_that_fails_for_good_costs_no_result_that_comes_with_the_cancelling():
    driver = Driver(submitted(), answer(404, {"message": "Not Found"}), done(text="hi"))
    assert call(driver).text == "hi"
    assert len(driver.cancels) == 1


def test_a_second_interruption_while_cancelling_is_raised_too():
    driver = Driver(submitted(), KeyboardInterrupt(), KeyboardInterrupt("again"))
    with pytest.raises(KeyboardInterrupt, match="again"):
        call(driver)


def test_no_effect_shows_the_key_or_the_whole_id():
    driver = Driver(submitted(), BROKEN, pending(), Answer(503, b""), done())
    call(driver)
    assert JOB not in str(driver.notes)
    assert "the-secret-key" not in repr(driver.sent) + str(driver.notes)
