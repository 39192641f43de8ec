"""Whether a decoded JSON value has a shape, in a form that every type checker follows."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is a mapping of any kind."""
    return isinstance(value, Mapping)


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether it can be iterated over and is neither text nor a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number (`true` is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def integer_or_none(value: object) -> int | None:
    """Return a whole number as it is, None for anything else (`true` is no number)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number_or_none(value: object) -> float | None:
    """Return a number of a sane size, None for anything else (`true` is no number)."""
    if not is_number(value):
        return None
    return float(value) if -1e15 < value < 1e15 else None
