"""What a failure means: for money's sake, only what is certain is tried again."""

import pytest
from aki_runtime.batch.row_life import ErrorClass
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
    ("error", "expected"),
    [
        (QueueFullError("", status=400), ErrorClass.RETRY),
        (RateLimitedError("", status=429), ErrorClass.RETRY),
        (ConnectionFailedError("", sent=False), ErrorClass.RETRY),
        (ConnectionFailedError("", sent=True), ErrorClass.UNCERTAIN),
        (ServerError("", status=503), ErrorClass.UNCERTAIN),
        (StatusError("", status=302), ErrorClass.UNCERTAIN),
        (UnexpectedAnswerError(""), ErrorClass.UNCERTAIN),
        (DeadlineExceededError(""), ErrorClass.UNCERTAIN),
        (InvalidParametersError("e", ["wrong"]), ErrorClass.ROW_FAILED),
        (BadRequestError("", status=400), ErrorClass.ROW_FAILED),
        (TooLargeError("", status=413), ErrorClass.ROW_FAILED),
        (AuthenticationError("", status=401), ErrorClass.RUN_FAILED),
        (NotEntitledError("", status=402), ErrorClass.RUN_FAILED),
        (NotFoundError("", status=404), ErrorClass.RUN_FAILED),
        (EndpointRemovedError(""), ErrorClass.RUN_FAILED),
        (ConfigurationError(""), ErrorClass.RUN_FAILED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_a_failed_submit(error, expected):
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
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_a_job_that_brought_no_result(error, expected):
    assert ErrorClass.of_poll(error) is expected
