"""How a call is carried out, kept apart from what an endpoint takes so that the two can never collide."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar

from .events import Event

Prog = TypeVar("Prog")


@dataclass(frozen=True)
class Options:
    """How one call is carried out.

    Attributes:
        timeout: Seconds for queue, run and polls together; None waits as long as the hub does.
        progress_interval: Seconds between polls of a running job, at the most.
        max_retries: How often a submit is repeated where it is certain that no job was made.
        on_progress: Called with each event of a call.
    """

    timeout: float | None = 3600.0
    progress_interval: float = 0.2
    max_retries: int = 2
    on_progress: Callable[[Event[Any]], object] | None = field(default=None, repr=False)


class OptionChanges(TypedDict, Generic[Prog], total=False):
    """The options that `with_options` changes; `Options` says what each means."""

    timeout: float | None
    progress_interval: float
    max_retries: int
    on_progress: Callable[[Event[Prog]], object] | None
