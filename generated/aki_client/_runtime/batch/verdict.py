"""What a failed submit or poll means for the row, and for the batch. Pure: exceptions in, verdicts out."""

from enum import Enum

from ..errors import (
    AkiError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    EndpointRemovedError,
    InvalidParametersError,
    MediaError,
    NotEntitledError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    StatusError,
)


class Verdict(Enum):
    """What is to be done."""

    AGAIN = "no job was made, and a later try may succeed"
    ROW_FAILED = "this row will never succeed as it is"
    RUN_FAILED = "no row will succeed"
    UNCERTAIN = "a job may or may not have been made"


_NO_ROW_WILL_DO = (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    EndpointRemovedError,
    ConfigurationError,
)


def of_submit(error: AkiError) -> Verdict:
    """Judge a submit that brought no job."""
    match error:
        case QueueFullError() | RateLimitedError():
            return Verdict.AGAIN
        case ConnectionFailedError():
            return Verdict.UNCERTAIN if error.sent else Verdict.AGAIN
        case InvalidParametersError() | MediaError():
            return Verdict.ROW_FAILED
        case _ if isinstance(error, _NO_ROW_WILL_DO):
            return Verdict.RUN_FAILED
        case StatusError() if 400 <= error.status < 500:
            return Verdict.ROW_FAILED
        case _:
            return Verdict.UNCERTAIN


def of_poll(error: AkiError) -> Verdict:
    """Judge a job whose end could not be learnt, or that ended without a result."""
    return Verdict.RUN_FAILED if isinstance(error, _NO_ROW_WILL_DO) else Verdict.ROW_FAILED
