"""What flows ask of their driver. Values only.

A flow is a generator that yields effects: send this, pause so long, write a line, show this event. A driver
performs each and sends back the outcome, or throws what went wrong.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from .answers import Answer
from .requests import Request

if TYPE_CHECKING:
    from ..http.tracing import JobSpans
    from ..jobs.handle import SharedTurn

T = TypeVar("T")

CANCEL_SECONDS = 5.0
"""Seconds that are spent at most on telling the hub to cancel a job that nobody waits for."""


@dataclass
class Send:
    """Perform a request and send back its answer.

    Attributes:
        request: What to send.
        seconds: How long it may take; infinite where there is no deadline.
        whole: Whether an interruption waits for the answer, for a short time, because it cannot be had again.
        grace: Seconds more that the answer is waited for, once the hub has the whole request.
        trace: Follows the job that it is sent for, where jobs are traced.
        answer: Where a request that is sent whole leaves its answer, for a flow that is interrupted.
    """

    request: Request
    seconds: float
    whole: bool = False
    grace: float = 0.0
    trace: "JobSpans | None" = None
    answer: Answer | None = field(default=None, init=False)


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class TakeTurn:
    """Wait for a turn, at most so long, and send back whether it came; the flow releases it."""

    turn: "SharedTurn"
    seconds: float


@dataclass(frozen=True)
class Note:
    """Write a line to the log."""

    text: str


@dataclass(frozen=True)
class Notify:
    """Show an event, or a failure, to the caller's callback."""

    what: Any
    show: Callable[[Any], object]


@dataclass(frozen=True)
class Work:
    """Compute something that may take long, beside the event loop where there is one, and send back its result."""

    call: Callable[[], Any]


Effect: TypeAlias = Send | Pause | TakeTurn | Note | Notify | Work
Flow: TypeAlias = Generator[Effect, Any, T]
