"""How a call is carried out, kept apart from what an endpoint takes so that the two can never collide."""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypedDict, TypeVar

from .errors import AkiError, ConfigurationError, closest
from .events import Event
from .secret import read_key_file as read_key_file  # for the apps, to which `secret` is not public
from .shapes import integer_or_none, is_number
from .usage import Prices

if TYPE_CHECKING:
    from .store.budget import Amount, Budget

Prog = TypeVar("Prog")

AllowedPaths: TypeAlias = bool | Sequence[str | os.PathLike[str]]
"""Whether media may be paths; or the folders in which their files have to lie."""

_NAMES_ELSEWHERE = {
    **dict.fromkeys(("base_url", "api_base", "server", "url", "host", "address"), "api_server"),
    **dict.fromkeys(("token", "key", "secret"), "api_key"),
    **dict.fromkeys(("client", "session", "transport"), "http_client"),
    "retries": "max_retries",
}
"""What other clients call an argument of ours that is not spelled like it."""

SHORTEST_INTERVAL = 0.01
"""Seconds; polling more often than this helps nobody."""

LONGEST_SECONDS = 4_000_000.0
"""What is longer is taken as this, 46 days: no job lives as long, and no system waits for much more."""


@dataclass(frozen=True)
class Options:
    """How one call is carried out."""

    timeout: float | None = 3600.0
    """Seconds for queue, run and polls together; None waits as long as the hub does."""
    progress_interval: float = 0.2
    """Seconds between polls of a running job, at most."""
    max_retries: int = 2
    """How often a submit is repeated where it is certain that no job was made."""
    on_progress: Callable[[Event[Any]], object] | None = field(default=None, repr=False)
    """Called with each event of a call."""
    on_retry: Callable[[AkiError], object] | None = field(default=None, repr=False)
    """Called with what has failed, an `AkiError`, whenever something is tried again."""
    allow_paths: AllowedPaths = True
    """Whether media may be paths of this machine's files, which a call opens. Where the values come from somebody
    else, say False, as in `aki.flux_dev.with_options(allow_paths=False)(**body)`, or a list of folders: then only
    files below these are opened, wherever links lead, and relative paths begin there.
    """
    prices: Prices | None = None
    """What calls cost, as `Prices.load("prices.toml")` reads it: results then have a `cost`."""
    budget: "Budget | None" = None
    """What calls may cost together: one that could cost more than is left is refused before it is sent."""

    def __post_init__(self) -> None:
        """Refuse what would only go wrong once a job is made.

        Raises:
            ConfigurationError: An option cannot be used.
        """
        require_seconds("timeout", self.timeout)
        if not _is_duration(self.progress_interval) or self.progress_interval < SHORTEST_INTERVAL:
            raise ConfigurationError(
                f"progress_interval={self.progress_interval!r} must be a number of seconds, "
                f"at least {SHORTEST_INTERVAL}"
            )
        if integer_or_none(self.max_retries) is None or self.max_retries < 0:
            raise ConfigurationError(
                f"max_retries={self.max_retries!r} must be a whole number, at least 0"
            )
        if self.on_progress is not None and not callable(self.on_progress):
            raise ConfigurationError("on_progress must be a function that takes an event")
        if self.on_retry is not None and not callable(self.on_retry):
            raise ConfigurationError("on_retry must be a function that takes an error")
        if isinstance(self.allow_paths, str):
            raise ConfigurationError(
                f"allow_paths={self.allow_paths!r} must be True, False or a list of folders"
            )
        if self.budget is not None and self.prices is None:
            raise ConfigurationError(
                'a budget needs prices: give prices=Prices.load("prices.toml")'
            )
        if not isinstance(self.prices, Prices | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError('prices must be what Prices.load("prices.toml") returns')


def changed(options: Options, changes: Mapping[str, Any], others: Iterable[str] = ()) -> Options:
    """Return options with some of them changed.

    Args:
        options: The options as they were.
        changes: The new values, by name.
        others: What else the caller's function takes, to be named where it was misspelt.

    Raises:
        TypeError: There is no option of that name; says which was probably meant.
        ConfigurationError: An option cannot be used.
    """
    ours = Options.__dataclass_fields__
    known = [*ours, *others]
    for name in changes.keys() - ours.keys():
        meant = _NAMES_ELSEWHERE.get(name)
        meant = meant if meant in known else closest(name, known)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(known)}"
        raise TypeError(f"unknown argument {name!r}; {hint}")
    return replace(options, **changes)


def require_seconds(name: str, seconds: float | None) -> None:
    """See to it that a time is a number of seconds, or None.

    Raises:
        ConfigurationError: It is something else.
    """
    if seconds is not None and not _is_duration(seconds):
        raise ConfigurationError(
            f"{name}={seconds!r} must be a number of seconds, or None for no limit"
        )


def _is_duration(value: object) -> bool:
    return is_number(value) and (isinstance(value, int) or math.isfinite(value))


class OptionChanges(TypedDict, Generic[Prog], total=False):
    """The options that `with_options` changes; `Options` says what each means."""

    timeout: float | None
    """Seconds for queue, run and polls together; None waits as long as the hub does."""
    progress_interval: float
    """Seconds between polls of a running job, at most."""
    max_retries: int
    """How often a submit is repeated where it is certain that no job was made."""
    on_progress: Callable[[Event[Prog]], object] | None
    """Called with each event of a call."""
    on_retry: Callable[[AkiError], object] | None
    """Called with what has failed, an `AkiError`, whenever something is tried again."""
    allow_paths: AllowedPaths
    """Whether media may be paths of this machine's files, which a call opens. Where the values come from somebody
    else, say False, as in `aki.flux_dev.with_options(allow_paths=False)(**body)`, or a list of folders: then only
    files below these are opened, wherever links lead, and relative paths begin there.
    """
    prices: Prices | None
    """What calls cost, as `Prices.load("prices.toml")` reads it: results then have a `cost`."""
    budget: "Budget | Amount | None"
    """What calls may cost together: one that could cost more than is left is refused before it is sent. An amount,
    such as "10.00", is for all calls of this client from now on; a `Budget` with a ledger is for all that share it.
    """
