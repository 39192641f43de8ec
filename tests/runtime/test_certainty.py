"""Whether a failed submit made a job: for money's sake, only what is certain counts as certain."""

import pytest
from aki_runtime import errors
from aki_runtime.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    EndpointRemovedError,
    InvalidParametersError,
    MediaError,
    NotEntitledError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    ServerError,
    StatusError,
    TooLargeError,
    UnexpectedAnswerError,
)
from aki_runtime.protocol.certainty import is_busy, made_no_job

BUSY = [
    QueueFullError("", status=400),
    RateLimitedError("", status=429),
    ConnectionFailedError("", sent=False),
]
REFUSED = [
    ConfigurationError(""),
    InvalidParametersError("e", ["wrong"]),
    EndpointRemovedError(""),
    MediaError(""),
    BadRequestError("", status=400),
    AuthenticationError("", status=401),
    NotEntitledError("", status=402),
    NotFoundError("", status=404),
    TooLargeError("", status=413),
]
UNCERTAIN = [
    ConnectionFailedError("", sent=True),
    DeadlineExceededError(""),
    UnexpectedAnswerError(""),
    ServerError("", status=503),
    StatusError("", status=302),
]


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
