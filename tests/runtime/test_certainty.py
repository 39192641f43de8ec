"""Whether a job was made, has ended, is lost: for money's sake, only what is certain counts as certain."""

import pytest
from aki_runtime import errors
from aki_runtime.errors import (
    JobCanceledError,
    JobFailedError,
    JobLapsedError,
    JobUnknownError,
    ResultGoneError,
)
from aki_runtime.options import Options
from aki_runtime.protocol.certainty import end_unknown, is_busy, made_no_job, result_lost
from aki_runtime.protocol.flows import JobReader
from aki_runtime.protocol.job import JobState
from support.driver import CHAT, JOB, Driver, answer, pending
from support.failures import BUSY, REFUSED, UNCERTAIN


def name(error):
    return type(error).__name__


@pytest.mark.parametrize("error", BUSY, ids=name)
def test_a_busy_hub_made_no_job_and_may_make_one_later(error):
    assert (made_no_job(error), is_busy(error)) == (True, True)


@pytest.mark.parametrize("error", REFUSED, ids=name)
def test_a_refusal_made_no_job_and_comes_again(error):
    assert (made_no_job(error), is_busy(error)) == (True, False)


@pytest.mark.parametrize("error", UNCERTAIN, ids=name)
def test_all_else_may_have_made_a_job(error):
    assert (made_no_job(error), is_busy(error)) == (False, False)


def test_every_error_of_a_submit_is_judged_here():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    of_others = {errors.AkiError, errors.JobError, errors.MissingOutputError}
    of_submits = {
        kind
        for kind in kinds - of_others
        if issubclass(kind, errors.AkiError) and not issubclass(kind, errors.JobError)
    }
    assert of_submits == {type(error) for error in [*BUSY, *REFUSED, *UNCERTAIN]}


FAILED = [kind("", endpoint="e", job_id=JOB) for kind in (JobFailedError, JobCanceledError)]
LOST = [
    kind("", endpoint="e", job_id=JOB)
    for kind in (JobLapsedError, JobUnknownError, ResultGoneError)
]
LAPSED = answer(400, {"success": False, "error": "Job lapsed!", "job_state": "lapsed"})


@pytest.mark.parametrize("error", [*BUSY, *REFUSED, *UNCERTAIN], ids=name)
def test_what_is_no_statement_about_a_job_leaves_its_end_unknown(error):
    assert (end_unknown(error), result_lost(error)) == (True, False)


@pytest.mark.parametrize("error", FAILED, ids=name)
def test_a_job_that_failed_has_ended_and_lost_nothing(error):
    assert (end_unknown(error), result_lost(error)) == (False, False)


@pytest.mark.parametrize("error", LOST, ids=name)
def test_a_job_without_a_result_that_may_have_run_has_lost_it(error):
    assert (end_unknown(error), result_lost(error)) == (False, True)


def lapse_after(*script, silence=0.0):
    """Poll a job that is picked up until it has lapsed, so many seconds after the last answer."""
    job, driver = JobState(CHAT.endpoint, JOB), Driver(*script, LAPSED)
    reader = JobReader(driver.context, job, CHAT, Options())
    for _ in script:
        driver.run(reader.news(at_once=True))
    driver.clock += silence
    driver.run(reader.news(at_once=True))
    return job.error


def test_a_job_that_lapses_under_our_eyes_has_failed():
    assert not result_lost(lapse_after(pending()))


def test_a_job_that_had_lapsed_when_it_was_picked_up_has_lost_its_result():
    assert result_lost(lapse_after())


def test_a_job_that_lapsed_while_nobody_could_ask_has_lost_its_result():
    assert result_lost(lapse_after(pending(), silence=400.0))
