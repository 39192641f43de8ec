"""What a failure says of a job: whether one was made, whether its end is known, whether its result is lost.

Calls, batches, Ray and Celery all decide by these four functions what may be submitted again. Pure: exceptions in,
answers out.
"""

from ..errors import (
    AkiError,
    BudgetExceededError,
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    EndpointRemovedError,
    InvalidParametersError,
    JobError,
    JobLapsedError,
    JobUnknownError,
    MediaError,
    QueueFullError,
    RateLimitedError,
    ResultGoneError,
    StatusError,
)

UNCERTAIN = "the job may or may not have been made, so it was not sent again"
"""What people read where it is not certain."""

RESULT_LOST = "it ran, its result is lost, it may have been billed"
"""What people read of a job whose result cannot be had any more."""

_REFUSED = (
    BudgetExceededError,
    ConfigurationError,
    EndpointRemovedError,
    InvalidParametersError,
    MediaError,
)


def is_busy(error: AkiError) -> bool:
    """Whether a submit failed for a reason that passes, and certainly without making a job."""
    if isinstance(error, ConnectionFailedError):
        return not error.sent
    return isinstance(error, QueueFullError | RateLimitedError)


def made_no_job(error: AkiError) -> bool:
    """Whether it is certain that a submit that failed so made no job."""
    if isinstance(error, StatusError):
        return 400 <= error.status < 500
    if isinstance(error, DeadlineExceededError):
        return not error.sent
    return is_busy(error) or isinstance(error, _REFUSED)


def end_unknown(error: AkiError) -> bool:
    """Whether a failed wait for a job leaves its end unknown: it is picked up again by its id, never submitted again.

    Only a `JobError` is a statement about the job. All else says that the question failed: no connection, no answer in
    time, an answer that is not of this protocol, any error status (a 401 is about the key, a 404 or 502 about the way).
    """
    return not isinstance(error, JobError)


def result_lost(error: AkiError) -> bool:
    """Whether a job ended so that it ran, or may have run, and its result cannot be had any more.

    `ResultGoneError`: it is done, and the result was handed out before. `JobUnknownError`: the hub has forgotten it,
    which it does with ended jobs too. `JobLapsedError`: a finished result that nobody fetches lapses as well, unless
    the job was seen unfinished shortly before (`followed`): then the hub gave it up, which is a failure like
    `JobFailedError` and `JobCanceledError`. A failed job may be repeated at a word; one that is lost is *uncertain*.
    """
    if isinstance(error, JobLapsedError):
        return not error.followed
    return isinstance(error, JobUnknownError | ResultGoneError)
