"""A submit is repeated only where it is certain that no job was made."""

import pytest
from aki_runtime.errors import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidParametersError,
    NotEntitledError,
    QueueFullError,
    RateLimitedError,
    ServerError,
)
from aki_runtime.options import Options
from aki_runtime.protocol import effects, flows, requests
from aki_runtime.protocol.answers import Answer
from aki_runtime.secret import ApiKey
from support.driver import CHAT, JOB, KEY, Driver, answer, done, pending, submitted, taking

NEVER_SENT = ConnectionFailedError("could not connect", sent=False)
MAYBE_SENT = ConnectionFailedError("the connection broke", sent=True)
TOO_MANY = answer(429, {"error": "slow down"})
QUEUE_FULL = answer(400, {"success": False, "error": "Job queue reached max length 2!"})


def submit(driver, **options):
    return driver.run(flows.submit(driver.context, CHAT, {"top_k": 5}, Options(**options)))


def test_a_submit_says_what_it_is_given_and_that_it_will_not_wait():
    driver = Driver(submitted())
    submit(driver)
    assert driver.sent[0].body.values == {"key": KEY, "top_k": 5, "wait_for_result": False}


def test_a_submit_returns_the_job():
    assert submit(Driver(submitted())).job_id == JOB


def test_the_log_shortens_the_jobs_id():
    driver = Driver(submitted())
    submit(driver)
    assert driver.notes == [f"chat: job {JOB[:8]} submitted"]


@pytest.mark.parametrize("failure", [NEVER_SENT, TOO_MANY, QUEUE_FULL])
def test_a_submit_that_made_no_job_is_sent_again(failure):
    driver = Driver(failure, failure, submitted())
    assert submit(driver, max_retries=2).job_id == JOB


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (NEVER_SENT, ConnectionFailedError),
        (TOO_MANY, RateLimitedError),
        (QUEUE_FULL, QueueFullError),
    ],
)
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_submit_is_sent_again_as_often_as_said(failure, kind, retries):
    driver = Driver(then=failure)
    with pytest.raises(kind):
        submit(driver, max_retries=retries)
    assert len(driver.submits) == 1 + retries


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (MAYBE_SENT, ConnectionFailedError),
        *((Answer(status, b"<html></html>"), ServerError) for status in (500, 502, 503, 504)),
        (answer(400, {"error": ["top_k is too high"]}), InvalidParametersError),
        (answer(401, {"error": ["Key not valid"]}), AuthenticationError),
        (answer(402, {"error": ["not authorized"]}), NotEntitledError),
    ],
)
def test_a_submit_that_may_have_made_a_job_is_never_sent_again(failure, kind):
    driver = Driver(failure)
    with pytest.raises(kind):
        submit(driver, max_retries=5)
    assert len(driver.submits) == 1


def test_an_unknown_end_after_a_certain_failure_is_never_sent_again():
    driver = Driver(NEVER_SENT, MAYBE_SENT)
    with pytest.raises(ConnectionFailedError, match="broke"):
        submit(driver, max_retries=5)


@pytest.mark.usefixtures("full_jitter")
def test_pauses_between_submits_grow():
    driver = Driver(NEVER_SENT, NEVER_SENT, NEVER_SENT, submitted())
    submit(driver, max_retries=3)
    assert driver.pauses == [0.25, 0.5, 1.0]


def test_a_pause_between_submits_is_as_long_as_the_hub_asks():
    driver = Driver(answer(429, {}, retry_after=9.0), submitted())
    submit(driver)
    assert driver.pauses == [9.0]


def test_a_submit_is_not_repeated_beyond_the_deadline():
    driver = Driver(answer(429, {}, retry_after=30.0))
    with pytest.raises(RateLimitedError):
        submit(driver, timeout=10.0, max_retries=5)
    assert driver.clock < 10.0


def test_a_repeated_submit_asks_for_the_key_again():
    def refuse(driver, seconds):
        driver.context.key = ApiKey("another-key")
        return TOO_MANY

    driver = Driver(refuse, submitted())
    submit(driver)
    assert [request.body.values.get("key") for request in driver.submits] == [KEY, "another-key"]


def test_a_refusal_for_want_of_a_key_says_where_to_put_it():
    driver = Driver(answer(401, {"error": ["API Key missing"]}))
    driver.context.key = None
    with pytest.raises(AuthenticationError, match="set AKI_API_KEY or give api_key="):
        submit(driver)


@pytest.mark.parametrize("reason", [KeyboardInterrupt(), GeneratorExit()])
def test_an_interrupted_submit_that_made_a_job_cancels_it(reason):
    driver = Driver(submitted(), pending())
    driver.interrupt_send[1] = reason
    with pytest.raises(type(reason)) as caught:
        submit(driver)
    assert caught.value is reason
    assert [request.body.values["job_id"] for request in driver.cancels] == [JOB]


def test_an_interrupted_submit_that_made_no_job_cancels_nothing():
    driver = Driver(QUEUE_FULL)
    driver.interrupt_send[1] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        submit(driver)
    assert driver.polls == []


def test_an_interrupted_submit_whose_job_can_not_be_cancelled_ends_in_time():
    driver = Driver(submitted(), then=taking(60.0, MAYBE_SENT))
    driver.interrupt_send[1] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        submit(driver)
    assert driver.clock <= effects.CANCEL_SECONDS + 0.1


def test_a_submit_may_take_longer_than_the_deadline_so_that_its_job_can_be_cancelled():
    driver = Driver(submitted())
    submit(driver, timeout=1.0)
    assert driver.allowed == [1.0 + effects.CANCEL_SECONDS]


@pytest.mark.usefixtures("full_jitter")
def test_a_question_that_costs_nothing_is_asked_again_after_any_passing_failure():
    driver = Driver(MAYBE_SENT, Answer(503, b""), done())
    request = requests.endpoint_list(driver.context.address, None)
    assert driver.run(flows.ask(driver.context, request, Options(max_retries=2))).status == 200
    assert driver.pauses == [0.1, 0.2]


def test_a_question_is_asked_again_as_often_as_said():
    driver = Driver(then=Answer(503, b""))
    request = requests.endpoint_list(driver.context.address, None)
    assert driver.run(flows.ask(driver.context, request, Options(max_retries=2))).status == 503
    assert len(driver.sent) == 3
