"""A row on its way from an input to a call. Values only."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..shapes import is_object


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the input holds it.

    Attributes:
        number: Its number among the rows, from 1.
        where: Where it is, for people: "line 17" or "row 17".
        values: Its values by column.
    """

    number: int
    where: str
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a call wants it.

    Attributes:
        number: Its number among the rows, from 1.
        where: Where it is, for people.
        parameters: The arguments of the call.
        kept: Values that go into the output as they are.
        digest: Shows later whether it is still the same row; empty where the input as a whole is known.
        problems: What is wrong with it, a sentence each.
        row_id: What the journal calls it; defaults to its number.
    """

    number: int
    where: str
    parameters: dict[str, Any] = field(repr=False)
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    digest: str = ""
    problems: tuple[str, ...] = ()
    row_id: str = ""

    def __post_init__(self) -> None:
        """Name the row by its number."""
        if not self.row_id:
            object.__setattr__(self, "row_id", str(self.number))


def digest_of(values: Mapping[str, Any]) -> str:
    """Return a short fingerprint of a row's values."""
    try:
        text = json.dumps(values, sort_keys=True, default=_digestible)
    except (TypeError, ValueError, RecursionError):
        # Keys of several kinds, a number of too many digits: whether it can be sent is for the check to say.
        text = f"<{', '.join(map(str, values))}>"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _digestible(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return hashlib.sha256(value).hexdigest()
    if is_object(value):
        return value
    # What has no fingerprint of its own (an open file, a picture) tells its kind at least.
    return str(value) if hasattr(value, "__fspath__") else f"<{type(value).__name__}>"
