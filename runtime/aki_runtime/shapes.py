"""JSON values: their shapes, in a form that every type checker follows, what numbers are, and the encoded text."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

_MOST_LEVELS = 100
"""Of nesting, far below what Python, pydantic and most readers of JSON go down to."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def object_or_empty(value: object) -> dict[str, Any]:
    """Return a JSON object as it is, an empty one for anything else."""
    return value if is_object(value) else {}


def shallow(value: Any) -> Any:
    """Return a decoded JSON value whose parts below a hundred levels are JSON text: whoever goes through it can."""
    layer: list[Any] = [value]
    for _ in range(_MOST_LEVELS):
        layer = [part for whole in layer if _is_nest(whole) for _, part in _parts(whole)]
    for whole in filter(_is_nest, layer):
        for place, part in _parts(whole):
            if _is_nest(part):
                whole[place] = json.dumps(part)
    return value


def decoded(value: object, otherwise: object) -> Any:
    """Return what JSON text holds, `otherwise` where it holds none; what is not text is returned as it is."""
    if not isinstance(value, str):
        return value
    try:
        return shallow(json.loads(value))
    except (ValueError, RecursionError):
        return otherwise


def _is_nest(value: object) -> bool:
    return is_object(value) or is_array(value)


def _parts(nest: Any) -> list[tuple[Any, Any]]:
    return [*nest.items()] if is_object(nest) else [*enumerate(nest)]


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is a mapping of any kind."""
    return isinstance(value, Mapping)


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether it can be iterated over and is neither text nor a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def is_utf8(text: str) -> bool:
    """Whether a text can be sent: JSON may hold half of a surrogate pair, which has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number (`true` is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_multiple(value: float, step: float) -> bool:
    """Whether a number is a multiple of a step above zero, as far as floats can tell."""
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    try:
        quotient = value / step
        if not math.isfinite(quotient):
            return math.fmod(value, step) == 0
    except (OverflowError, ValueError):  # it is larger than any float, or not a number
        return False
    # What floats make of a multiple is off by a few units of their last place.
    return abs(quotient - round(quotient)) <= max(1e-9, 1e-15 * abs(quotient))


def integer_or_none(value: object) -> int | None:
    """Return a whole number as it is, None for anything else (`true` is not a number)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number_or_none(value: object) -> float | None:
    """Return a number of a sane size, None for anything else (`true` is not a number)."""
    if not is_number(value):
        return None
    return float(value) if -1e15 < value < 1e15 else None


def range_in_words(low: object, high: object, step: object = None) -> str:
    """Say a range, as in "128–2048 in multiples of 32"; empty where nothing limits it."""
    if low is not None and high is not None:
        # Sizes are several words: "64 by 64 to 1920 by 1080".
        words = f"{low}–{high}" if " " not in f"{low}{high}" else f"{low} to {high}"
    elif low is not None or high is not None:
        words = f"at least {low}" if high is None else f"at most {high}"
    else:
        return "" if step in (None, 1) else f"a multiple of {step}"
    return words if step in (None, 1) else f"{words} in multiples of {step}"


def encode_json(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """Encode a value as the hub wants it: compact, and with text kept readable.

    Args:
        value: The value.
        default: Returns what stands for a value that has no JSON form.
    """
    if default is None:
        return _ENCODER.encode(value)
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default
    )
