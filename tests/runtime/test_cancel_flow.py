"""Cancelling rides on a poll, and a job that finished first still gives its result."""

import pytest
from aki_runtime.errors import ConnectionFailedError, DeadlineExceededError, JobCanceledError
from aki_runtime.options import Options
from aki_runtime.protocol.answers import Answer
from aki_runtime.protocol.flows import JobReader
from aki_runtime.protocol.job import JobState
from support.driver import CHAT, JOB, Driver, answer, done, pending, taking

CANCELED = answer(200, {"success": True, "job_state": "canceled"})


def cancel(driver, job=None):
    job = job or JobState(CHAT.endpoint, JOB)
    driver.run(JobReader(driver.context, job, CHAT, Options()).cancel())
    return job


def give_up(driver, job):
    return JobReader(driver.context, job, CHAT, Options()).cancel_on_error()


def test_cancelling_is_one_poll_that_says_so():
    driver = Driver(pending())
    cancel(driver)
    assert [request.body.values["cancel"] for request in driver.sent] == [True]


def test_a_hub_that_ignores_cancelling_leaves_the_job_as_it_was():
    assert cancel(Driver(pending())).status == "processing"


def test_a_job_that_the_hub_cancels_at_once_has_ended():
    job = cancel(Driver(CANCELED))
    with pytest.raises(JobCanceledError):
        CHAT.result(job)


def test_a_job_that_finished_first_gives_its_result():
    assert CHAT.result(cancel(Driver(done(text="hi")))).text == "hi"


def test_a_job_that_has_ended_is_not_cancelled():
    job = cancel(Driver(done(text="hi")))
    cancel(Driver(), job)


def test_cancelling_is_tried_again_over_a_passing_failure():
    driver = Driver(ConnectionFailedError("broke"), Answer(503, b""), CANCELED)
    cancel(driver)
    assert len(driver.cancels) == 3


def test_cancelling_ends_in_its_time_though_the_hub_is_gone():
    driver = Driver(then=taking(60.0, ConnectionFailedError("broke")))
    with pytest.raises(DeadlineExceededError):
        cancel(driver)
    assert driver.clock <= 5.1


def test_inputs_ride_on_the_cancelling_too():
    driver = Driver(pending())
    cancel(driver, JobState(CHAT.endpoint, JOB, inputs_to_send={"reason": "late"}))
    assert driver.sent[0].body.values["reason"] == "late"


def test_inputs_can_not_undo_the_cancelling():
    driver = Driver(pending())
    cancel(driver, JobState(CHAT.endpoint, JOB, inputs_to_send={"cancel": False}))
    assert driver.sent[0].body.values["cancel"] is True


def test_abandoning_a_job_says_nothing_when_the_hub_is_gone():
    driver = Driver(then=ConnectionFailedError("broke"))
    driver.run(give_up(driver, JobState(CHAT.endpoint, JOB)))
    assert driver.cancels


def test_abandoning_a_job_that_has_ended_does_and_tells_nothing():
    job = cancel(Driver(CANCELED))
    driver = Driver()
    driver.run(give_up(driver, job))
    assert (driver.sent, driver.notes) == ([], [])
