"""What a failure means: for money's sake, only what is certain is tried again."""

import pytest
from aki_runtime.batch.verdict import Verdict, of_poll, of_submit
from aki_runtime.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    EndpointRemovedError,
    InvalidParametersError,
    JobFailedError,
    JobUnknownError,
    NotEntitledError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    ResultGoneError,
    ServerError,
    StatusError,
    TooLargeError,
    UnexpectedAnswerError,
)

JOB = {"endpoint": "e", "job_id": "j"}


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (QueueFullError("", status=400), Verdict.AGAIN),
        (RateLimitedError("", status=429), Verdict.AGAIN),
        (ConnectionFailedError("", sent=False), Verdict.AGAIN),
        (ConnectionFailedError("", sent=True), Verdict.UNCERTAIN),
        (ServerError("", status=503), Verdict.UNCERTAIN),
        (StatusError("", status=302), Verdict.UNCERTAIN),
        (UnexpectedAnswerError(""), Verdict.UNCERTAIN),
        (DeadlineExceededError(""), Verdict.UNCERTAIN),
        (InvalidParametersError("e", ["wrong"]), Verdict.ROW_FAILED),
        (BadRequestError("", status=400), Verdict.ROW_FAILED),
        (TooLargeError("", status=413), Verdict.ROW_FAILED),
        (AuthenticationError("", status=401), Verdict.RUN_FAILED),
        (NotEntitledError("", status=402), Verdict.RUN_FAILED),
        (NotFoundError("", status=404), Verdict.RUN_FAILED),
        (EndpointRemovedError(""), Verdict.RUN_FAILED),
        (ConfigurationError(""), Verdict.RUN_FAILED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_a_failed_submit(error, verdict):
    assert of_submit(error) is verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (JobFailedError("", **JOB), Verdict.ROW_FAILED),
        (ResultGoneError("", **JOB), Verdict.UNCERTAIN),
        (JobUnknownError("", **JOB), Verdict.UNCERTAIN),
        (ConnectionFailedError(""), Verdict.ROW_FAILED),
        (AuthenticationError("", status=401), Verdict.RUN_FAILED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_a_job_that_brought_no_result(error, verdict):
    assert of_poll(error) is verdict
