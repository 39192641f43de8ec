"""What a failed submit says of its job: whether it is certain that none was made. Pure: exceptions in, answers out."""

from ..errors import (
    AkiError,
    ConfigurationError,
    ConnectionFailedError,
    EndpointRemovedError,
    InvalidParametersError,
    MediaError,
    QueueFullError,
    RateLimitedError,
    StatusError,
)

UNCERTAIN = "the job may or may not have been made, so it was not sent again"
"""What people are told where it is not certain."""

_REFUSED = (ConfigurationError, EndpointRemovedError, InvalidParametersError, MediaError)


def is_busy(error: AkiError) -> bool:
    """Whether a submit failed for a reason that passes, and certainly without making a job."""
    if isinstance(error, ConnectionFailedError):
        return not error.sent
    return isinstance(error, QueueFullError | RateLimitedError)


def made_no_job(error: AkiError) -> bool:
    """Whether it is certain that a submit that failed so made no job."""
    if isinstance(error, StatusError):
        return 400 <= error.status < 500
    return is_busy(error) or isinstance(error, _REFUSED)
