"""What a failure means for the row and for the run; whether it made a job is for tests/runtime/test_certainty.py."""

import pytest
from aki_runtime.batch.row_life import ErrorClass
from aki_runtime.errors import (
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    ConnectionFailedError,
    EndpointRemovedError,
    JobFailedError,
    JobUnknownError,
    MissingKeyError,
    NotEntitledError,
    NotFoundError,
    ResultGoneError,
)
from support.failures import BUSY, REFUSED, UNCERTAIN

JOB = {"endpoint": "e", "job_id": "j"}
OF_EVERY_ROW = {
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    MissingKeyError,
    EndpointRemovedError,
    NotEntitledError,
    NotFoundError,
}


def name(value):
    return type(value).__name__


@pytest.mark.parametrize("error", BUSY, ids=name)
def test_a_busy_hub_gets_the_row_later(error):
    assert ErrorClass.of_submit(error) is ErrorClass.RETRY


@pytest.mark.parametrize("error", UNCERTAIN, ids=name)
def test_a_submit_that_may_have_made_a_job_is_uncertain(error):
    assert ErrorClass.of_submit(error) is ErrorClass.UNCERTAIN


@pytest.mark.parametrize("error", REFUSED, ids=name)
def test_a_refusal_ends_the_run_where_it_is_for_every_row(error):
    is_of_every_row = type(error) in OF_EVERY_ROW
    expected = ErrorClass.RUN_FAILED if is_of_every_row else ErrorClass.ROW_FAILED
    assert ErrorClass.of_submit(error) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (JobFailedError("", **JOB), ErrorClass.ROW_FAILED),
        (ResultGoneError("", **JOB), ErrorClass.UNCERTAIN),
        (JobUnknownError("", **JOB), ErrorClass.UNCERTAIN),
        (ConnectionFailedError(""), ErrorClass.ROW_FAILED),
        (AuthenticationError("", status=401), ErrorClass.RUN_FAILED),
    ],
    ids=name,
)
def test_a_job_that_brought_no_result(error, expected):
    assert ErrorClass.of_poll(error) is expected
