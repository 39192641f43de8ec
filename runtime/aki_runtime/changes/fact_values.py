"""Single values of metadata, read so that nothing raises and the same value always reads the same.

Owns what is a number, a text, a length. Must not know which attributes there are.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..shapes import is_array, is_object

T = TypeVar("T")
Number = int | float


class Reader:
    """The attributes of a field, each of which is taken once; null is the same as absent."""

    def __init__(self, attributes: object) -> None:
        given = object_or_empty(attributes)
        self._left = {name: value for name, value in given.items() if value is not None}

    def take(self, name: str, read: Callable[[object], T | None]) -> T | None:
        """Return what an attribute says; one that says nothing usable is left."""
        value = read(self._left.get(name))
        if value is not None:
            del self._left[name]
        return value

    def first(self, names: tuple[str, ...], read: Callable[[object], T | None]) -> T | None:
        """Return what the first of some spellings says."""
        return next((value for name in names if (value := self.take(name, read)) is not None), None)

    def flag(self, name: str) -> bool:
        """Return whether an attribute holds for the hub, which takes any value for its truth."""
        return bool(self.pop(name))

    def pop(self, name: str) -> object:
        """Return an attribute, which is thereby dealt with."""
        return self._left.pop(name, None)

    def keep(self, name: str, value: object) -> None:
        """Put back what is left of an attribute."""
        self._left[name] = value

    def rest(self) -> tuple[tuple[str, str], ...]:
        """Return what nobody took."""
        return tuple(sorted((name, json_text(value)) for name, value in self._left.items()))

    def left(self) -> dict[str, Any]:
        """Return what nobody took, as it came."""
        return self._left


def as_number(value: object) -> Number | None:
    """Return a finite number of a sane size, whole ones as int; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) if isinstance(value, float) else abs(value) >= 10**300:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_length(value: object) -> int | None:
    """Return a number of characters, None for anything else."""
    figure = as_number(value)
    return figure if isinstance(figure, int) and 0 <= figure <= 10**12 else None


def as_text(value: object) -> str | None:
    """Return a text, None for anything else."""
    return value if isinstance(value, str) else None


def object_or_empty(value: object) -> Mapping[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if is_object(value) else {}


def as_array(value: object) -> list[Any] | None:
    """Return a JSON array, None for anything else."""
    return value if is_array(value) else None


def as_object(value: object) -> dict[str, Any] | None:
    """Return a JSON object, None for anything else."""
    return value if is_object(value) else None


def json_text(value: object) -> str:
    """Return a value as JSON text that is the same for the same value: keys sorted, 8.0 as 8."""
    try:
        return json.dumps(_plain(value), sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        # Nested deeper than Python follows: that there is something is all that can be told.
        return json.dumps(type(value).__name__)


def _plain(value: object) -> object:
    if is_object(value):
        return {name: _plain(inner) for name, inner in value.items()}
    if is_array(value):
        return [_plain(inner) for inner in value]
    figure = as_number(value)
    return value if figure is None else figure
