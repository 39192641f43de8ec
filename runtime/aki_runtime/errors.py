"""Every exception of the client, as one tree. It knows no HTTP library and no model.

AkiError
├── ConfigurationError          a bad address, a key over plain http, your own HTTP client closed
│   └── MissingKeyError         no key, and a hub that takes no call without one
├── InvalidParametersError      refused by the client or by the hub; .problems lists each reason
├── EndpointRemovedError        the hub had removed the endpoint when the package was generated
├── ConnectionFailedError       the hub could not be reached, or the connection broke
├── BudgetExceededError         the call could cost more than is left of the budget; nothing was sent
├── DeadlineExceededError       the deadline of the call passed; also a TimeoutError
├── MediaError                  media that no hub would take, or that cannot be decoded
├── MissingOutputError          a declared output was read that the hub did not send
├── UnexpectedAnswerError       an answer that is not of this protocol
├── StatusError                 the hub answered with an error status; .status
│   ├── BadRequestError         400
│   │   └── QueueFullError      400, no room for another job; worth a retry
│   ├── AuthenticationError     401
│   ├── NotEntitledError        402, the key may not use this endpoint
│   ├── NotFoundError           404
│   ├── TooLargeError           413
│   ├── RateLimitedError        429
│   └── ServerError             500 and above
└── JobError                    the job ended without a result; .job_id, .partial
    ├── JobFailedError          the worker reported an error
    ├── JobCanceledError        it was canceled
    ├── JobLapsedError          the hub gave up on it
    ├── JobUnknownError         the hub does not know it (any more)
    └── ResultGoneError         the result was handed out before; the hub keeps no second copy
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any, Self

MAX_MESSAGE = 10_000
"""Characters of an exception's message that are kept, whatever a hub or a caller put into it."""


def shorten(text: str, most: int) -> str:
    """Return a text of so many characters: where it is longer, its beginning and its end."""
    # The end too: ffmpeg, Python and others put the reason last.
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 3]} … {text[len(text) - tail :]}"


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return which of some names was probably meant by one that is not among them; None where none is like it."""
    from difflib import get_close_matches  # which few programs need

    return next(iter(get_close_matches(name, list(known), n=1)), None)


class AkiError(Exception):
    """The root of everything that this package raises on purpose.

    Attributes:
        message: One sentence that can be shown to a person.
        endpoint: The endpoint's name on the hub, where one was involved.
        hub_messages: What the hub said, a sentence each, as it came.
        partial: Outputs that had come before the error, by name; often empty.
    """

    def __init__(
        self, message: str, *, endpoint: str | None = None, hub_messages: Sequence[str] = ()
    ) -> None:
        self.message = shorten(message, MAX_MESSAGE)
        super().__init__(self.message)
        self.endpoint = endpoint
        self.hub_messages = tuple(hub_messages)
        self.partial: dict[str, Any] = {}

    def with_hint(self, hint: str) -> Self:
        """Return the same error with a hint on what to do in its sentence."""
        return self._saying(f"{self.message}; {hint}")

    def _saying(self, message: str) -> Self:
        other = copy(self)
        other.message = message
        other.args = (message,)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, so that subclasses are free in the arguments they take."""
        return (_restore, (type(self), self.args, self.__dict__))


def _restore(kind: type[AkiError], args: tuple[Any, ...], state: dict[str, Any]) -> AkiError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(AkiError, ValueError):
    """The client was set up in a way that cannot work."""


class MissingKeyError(ConfigurationError):
    """There is no key, and the hub takes no call without one; nothing was sent."""


class ParameterProblem(str):
    """What is wrong with one parameter: a sentence that also knows what it is about.

    Attributes:
        message: The sentence.
        parameter: The parameter's name in Python; empty where it is about several, or the hub says it.
        kind: missing, unknown, type, range, step, choice, length, exclusive, json, chat, image, audio or video;
            "hub" where the hub says it.
        value: What was given, where it is text or a number.
        expected: What is allowed, in words.
        nearest: The values or names that are nearest to what was given.
    """

    def __new__(
        cls,
        message: str,
        *,
        parameter: str = "",
        kind: str = "hub",
        value: str | float | None = None,
        expected: str = "",
        nearest: Sequence[Any] = (),
    ) -> Self:
        """Make the sentence and remember what it is about."""
        problem = super().__new__(cls, message)
        problem.message = message
        problem.parameter = parameter
        problem.kind = kind
        problem.value = value
        problem.expected = expected
        problem.nearest = tuple(nearest)
        return problem

    message: str
    parameter: str
    kind: str
    value: str | float | None
    expected: str
    nearest: tuple[Any, ...]


class InvalidParametersError(AkiError, ValueError):
    """Parameters were refused, by the client before sending or by the hub; nothing was paid.

    Attributes:
        problems: What is wrong with each refused parameter, all of them; each is its sentence.
        changes: How the endpoint has changed since the client was generated, where that may be the reason.
    """

    def __init__(self, endpoint: str, problems: Sequence[str], *, by_hub: bool = False) -> None:
        who = "the hub refused" if by_hub else "invalid parameters for"
        is_one = len(problems) == 1
        said = f" {problems[0]}" if is_one else "".join(f"\n  - {line}" for line in problems)
        super().__init__(
            f"{who} {endpoint}:{said}",
            endpoint=endpoint,
            hub_messages=problems if by_hub else (),
        )
        self.problems = tuple(
            p if isinstance(p, ParameterProblem) else ParameterProblem(p) for p in problems
        )
        self.by_hub = by_hub
        self.changes: tuple[object, ...] = ()

    def because_of(self, changes: Sequence[object], remedy: str) -> Self:
        """Return the same error, saying what has changed and which command brings the client up to date."""
        other = self._saying(
            f"{self.message} (the endpoint has changed since this client was generated: "
            f"{'; '.join(map(str, changes))}; run `{remedy}`)"
        )
        other.changes = tuple(changes)
        return other


class EndpointRemovedError(AkiError):
    """The hub had removed the endpoint when the package was generated; nothing was sent."""


class BudgetExceededError(AkiError):
    """The call could cost more than is left of the budget; nothing was sent.

    Attributes:
        asked: What the call may cost at most, in the currency of the budget.
        left: What was left.
        budget: The budget.
    """

    def __init__(
        self, message: str, *, endpoint: str, asked: Decimal, left: Decimal, budget: Decimal
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.asked = asked
        self.left = left
        self.budget = budget


def keywords_only(endpoint: str) -> str:
    """Say that what an endpoint is given must have a name."""
    return f"{endpoint} takes keyword arguments only, as in name=value"


def removed_in_words(endpoint: str, day: str, alternatives: Sequence[str] = ()) -> str:
    """Say that the hub has removed an endpoint, when that was found, and what can stand in for it."""
    instead = f"; {', '.join(alternatives)} can stand in for it" if alternatives else ""
    return f"the hub has removed the endpoint {endpoint} (found on {day}){instead}"


class ConnectionFailedError(AkiError, ConnectionError):
    """The hub could not be reached, or the connection broke before an answer was complete.

    Attributes:
        sent: False where it is certain that the hub never saw the request.
    """

    def __init__(self, message: str, *, endpoint: str | None = None, sent: bool = True) -> None:
        super().__init__(message, endpoint=endpoint)
        self.sent = sent


class DeadlineExceededError(AkiError, TimeoutError):
    """The time allowed for a call, stream or wait passed.

    Attributes:
        job_id: The job on the hub, where one had been made. A call or stream has asked the hub to cancel it.
        sent: False where it is certain that the hub never had the whole request, so that no job was made.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str | None = None,
        job_id: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.job_id = job_id
        self.sent = sent


class MediaError(AkiError, ValueError):
    """Media that cannot be read, or that no endpoint would take."""


class MissingOutputError(AkiError, AttributeError):
    """The endpoint declares an output that this answer did not hold."""


class UnexpectedAnswerError(AkiError):
    """The hub's answer is not of this protocol (a login page, a truncated document)."""


class StatusError(AkiError):
    """The hub answered with an error status.

    Attributes:
        status: The HTTP status.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        endpoint: str | None = None,
        hub_messages: Sequence[str] = (),
    ) -> None:
        super().__init__(message, endpoint=endpoint, hub_messages=hub_messages)
        self.status = status


class BadRequestError(StatusError):
    """The hub refused the request (400), for a reason other than its parameters."""


class QueueFullError(BadRequestError):
    """The endpoint's queue has no room (400); no job was made, so a later try is safe."""


class AuthenticationError(StatusError):
    """The key is missing or not valid (401)."""


class NotEntitledError(StatusError):
    """The key may not use this endpoint (402)."""


class NotFoundError(StatusError):
    """The hub has no such endpoint or route (404)."""


class TooLargeError(StatusError):
    """The request is larger than the hub takes (413)."""


class RateLimitedError(StatusError):
    """Too many requests (429)."""


class ServerError(StatusError):
    """The hub or a proxy in front of it failed (500 and above)."""


class JobError(AkiError):
    """A job ended without a result.

    Attributes:
        job_id: The job on the hub. Whoever knows it can read the job: treat it as a secret.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str,
        job_id: str,
        partial: Mapping[str, Any] | None = None,
        hub_messages: Sequence[str] = (),
    ) -> None:
        super().__init__(message, endpoint=endpoint, hub_messages=hub_messages)
        self.job_id = job_id
        self.partial = dict(partial or {})


class JobFailedError(JobError):
    """The worker reported an error."""


class JobCanceledError(JobError):
    """The job was canceled before it had a result."""


class JobLapsedError(JobError):
    """The hub gave up on the job: it waited too long, its worker fell silent, or nobody fetched its result.

    Attributes:
        followed: Whether the job was seen unfinished shortly before, so that there was no result to fetch.
    """

    followed = False


class JobUnknownError(JobError):
    """The hub does not know this job: it has ended long ago, or the hub was restarted."""


class ResultGoneError(JobError):
    """The job is done, but its result was handed out before; the hub gives it only once."""
