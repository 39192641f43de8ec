"""The ways in which a submit fails, by what they say of the job; test_certainty.py sees to it that none is missing."""

from decimal import Decimal

from aki_runtime.errors import (
    AuthenticationError,
    BadRequestError,
    BudgetExceededError,
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    EndpointRemovedError,
    InvalidParametersError,
    MediaError,
    MissingKeyError,
    NotEntitledError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    ServerError,
    StatusError,
    TooLargeError,
    UnexpectedAnswerError,
)

BUSY = [
    QueueFullError("", status=400),
    RateLimitedError("", status=429),
    ConnectionFailedError("", sent=False),
]
REFUSED = [
    BudgetExceededError("", endpoint="e", asked=Decimal(2), left=Decimal(1), budget=Decimal(9)),
    ConfigurationError(""),
    MissingKeyError("", endpoint="e"),
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
