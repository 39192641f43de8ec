"""The attributes of a field or a medium, each read once, and what single values are. Nothing here raises."""

import json
import math
from collections.abc import Callable
from typing import Any, TypeAlias, TypeGuard, TypeVar

from ..shapes import is_array, is_object, object_or_empty

Scalar: TypeAlias = str | int | float | bool
Report: TypeAlias = Callable[[str, str], None]
"""Takes what is odd, and what was made of it, one clause each."""

MINIMUM, MAXIMUM = ("min", "minimum"), ("max", "maximum")
"""The spellings of bounds."""

_T = TypeVar("_T")


class Attributes:
    """Attributes, each of which is taken once; null is the same as absent, and what nobody takes is left."""

    def __init__(self, given: object, report: Report, place: str = "") -> None:
        self.left = {n: value for n, value in object_or_empty(given).items() if value is not None}
        self.report = report
        self._place = place

    def pop(self, name: str) -> Any:
        """Return an attribute, which is thereby dealt with."""
        return self.left.pop(name, None)

    def take(self, name: str, read: Callable[[object], _T | None]) -> _T | None:
        """Return what an attribute says; one that says nothing usable is left."""
        value = read(self.left[name]) if name in self.left else None
        if value is not None:
            del self.left[name]
        return value

    def first(
        self, names: tuple[str, ...], read: Callable[[object], _T | None], fault: str, remedy: str
    ) -> _T | None:
        """Return what the first usable of some spellings says; an unusable one is reported."""
        for name in names:
            value = self.take(name, read)
            if value is not None:
                return value
            if name in self.left:
                self.report(f"its {name}{self._place} {shown(self.left[name])} {fault}", remedy)
        return None


def text_or_none(value: object) -> str | None:
    """Return a text, None for anything else."""
    return value if isinstance(value, str) else None


def array_or_none(value: object) -> list[Any] | None:
    """Return a JSON array, None for anything else."""
    return value if is_array(value) else None


def is_finite_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number of a size that a float can hold (`true` is not a number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 10**300 and math.isfinite(value)


def normal_number(value: float) -> float:
    """Return a number as the integer that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def json_text(value: object) -> str:
    """Return a value as JSON text that is the same for the same value: keys sorted, 8.0 as 8."""
    try:
        return json.dumps(_plain(value), sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        # Nested deeper than Python follows: that there is something is all that can be said.
        return json.dumps(type(value).__name__)


def shown(value: object) -> str:
    """Show a value as Python writes it, which no terminal obeys, and not too long."""
    try:
        text = repr(value[:120] if isinstance(value, str) else value)
    except (RecursionError, ValueError):  # too deep, or a number of more digits than Python words
        text = f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= 60 else f"{text[:59]}…"


def _plain(value: object) -> object:
    if is_object(value):
        return {name: _plain(inner) for name, inner in value.items()}
    if is_array(value):
        return [_plain(inner) for inner in value]
    return normal_number(value) if is_finite_number(value) else value
