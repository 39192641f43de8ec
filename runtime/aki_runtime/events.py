"""What a caller sees of a running job, and the figures that come with a result. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

Prog = TypeVar("Prog")
ProgCo = TypeVar("ProgCo", covariant=True)

_NONE: Any = None


@dataclass(frozen=True, slots=True)
class Queued(Generic[ProgCo]):
    """The job waits for a worker.

    It has all that `Running` has, so that a callback need not ask which of them it was given.
    """

    position: int | None = None
    """Place in the queue, 1 is next; None where the hub does not say."""
    estimate: float | None = None
    """Seconds until the job is done, as the hub guesses; None where unknown."""
    workers: int | None = None
    """Workers online for this endpoint; None where unknown."""
    data: ProgCo = _NONE
    """The endpoint's progress outputs, none of which has come."""
    text_delta: str = ""
    """Always empty."""
    progress: float = 0.0
    """Always 0."""
    rewritten: bool = False
    """Always False."""
    state: str = "queued"
    """The hub's own word for the state."""
    job_id: str = field(default="", repr=False, compare=False)
    """The job. Whoever knows it can read the job: treat it as a secret."""


@dataclass(frozen=True, slots=True)
class Running(Generic[ProgCo]):
    """A worker is at the job."""

    progress: float
    """0 to 100 for images; the number of tokens so far, without an upper bound, for text."""
    data: ProgCo
    """The endpoint's progress outputs so far."""
    text_delta: str = ""
    """The text that is new since the previous event of the same stream."""
    rewritten: bool = False
    """True when the worker replaced text it had sent before; `text_delta` is then the whole new text."""
    estimate: float | None = None
    """Seconds left, as the hub guesses; None where unknown."""
    state: str = "processing"
    """The hub's own word for the state, usually "processing"."""
    position: int | None = None
    """None, or the place in the queue where the hub names one."""
    workers: int | None = None
    """Workers online for this endpoint; None where unknown."""
    job_id: str = field(default="", repr=False, compare=False)
    """The job. Whoever knows it can read the job: treat it as a secret."""


Event: TypeAlias = Queued[Prog] | Running[Prog]
"""One observation of a job that has not ended."""

MAX_MESSAGE = 40
"""Characters of a worker's message that the words of an event hold."""


def in_words(event: Event[Any]) -> str:
    """Say in one line how a job is, as in "queued, place 3, about 12 s left"; nothing in it acts on a terminal."""
    if isinstance(event, Queued):
        words = ["queued"] + ([f"place {event.position}"] if event.position is not None else [])
    else:
        message = getattr(event.data, "progress_message", None)
        # They are the worker's: escape sequences and line ends among them are shown as spaces.
        letters = (
            (c if c.isprintable() else " " for c in message) if isinstance(message, str) else ""
        )
        shown = " ".join("".join(letters).split())[:MAX_MESSAGE]
        words = ["running", shown] if shown else ["running"]
    if event.estimate is not None and event.estimate >= 1:
        words.append(f"about {event.estimate:.0f} s left")
    return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Meta:
    """What the hub said about a result beside its outputs."""

    endpoint: str
    """The endpoint's name on the hub."""
    job_id: str = field(repr=False)
    """The job. Whoever knows it can read the job: treat it as a secret."""
    endpoint_version: int | None = None
    """The endpoint's version (`ep_version`) when the job was made."""
    total_duration: float | None = None
    """Seconds from arrival to the end; None where the hub did not say."""
    compute_duration: float | None = None
    """Seconds of computing; None where the hub did not say."""
    extras: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Every other field that the endpoint does not declare, as it came."""
