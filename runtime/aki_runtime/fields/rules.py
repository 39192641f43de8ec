"""The rules of a hub that a type cannot express, and the sentence of a broken one. Pure functions."""

from typing import Any, TypeGuard

from ..media.formats import HEAD_BYTES, image_size
from ..media.objects import Media
from ..shapes import is_array, is_multiple, is_number, is_object, object_or_empty, range_in_words
from .parameters import UNREADABLE, Parameter


def matching_choice(value: float, parameter: Parameter) -> Any:
    """Return the choice that a number or truth value is, None where it is not a choice.

    In JSON 1 and 1.0 are the same, and `true` is neither; to Python all three are equal.
    """
    for choice in parameter.choices:
        if choice == value and isinstance(choice, bool) is isinstance(value, bool):
            return choice
    return None


def can_be_converted(value: object, parameter: Parameter) -> bool:
    """Whether a hub that converts would take a value of another type than declared."""
    try:
        parameter.as_declared(value)
    except UNREADABLE:
        return False
    return True


def broken_rule(value: Any, parameter: Parameter) -> str | None:
    """Say which rule of the hub a value of the right type and range breaks; None where it breaks none."""
    if is_number(value):
        is_on_step = parameter.step is None or is_multiple(value, parameter.step)
        return None if is_on_step else number_rule(value, parameter)
    if isinstance(value, Media):
        return broken_limit(value, parameter.media)
    if parameter.type == "chat" and is_array(value):
        return _broken_chat(value, parameter)
    return None


def broken_limit(medium: Media, limits: Any) -> str | None:
    """Say which limit a medium breaks, as far as its first bytes tell its format and size."""
    rules = object_or_empty(limits)
    formats = rules.get("format")
    if (
        _is_enforced(formats)
        and formats.get("supported")
        and medium.format not in formats["supported"]
    ):
        return f"is {medium.format}; the endpoint takes {', '.join(formats['supported'])}"
    size_limits = rules.get("size")
    size = image_size(medium.head(HEAD_BYTES), medium.format) if medium.kind == "image" else None
    return _broken_size(size, size_limits) if size and _is_enforced(size_limits) else None


def is_out_of_range(value: float, parameter: Parameter) -> bool:
    """Whether a number is below the minimum or above the maximum."""
    low, high = parameter.minimum, parameter.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def number_rule(value: float, parameter: Parameter) -> str:
    """Say which rule a number breaks, and the nearest numbers that are allowed."""
    low, high = parameter.minimum, parameter.maximum
    if not is_out_of_range(value, parameter):
        rule = f"must be a multiple of {parameter.step}"
    else:
        is_open = low is None or high is None
        rule = f"{'must be' if is_open else 'is out of range'} {range_in_words(low, high)}"
    nearest = ", ".join(str(number) for number in parameter.nearest(value))
    return rule + (f" (nearest allowed: {nearest})" if nearest else "")


def one_of(value: object, parameter: Parameter) -> str:
    """Say the choices, and the closest one."""
    shown = ", ".join(repr(choice) for choice in parameter.choices[:20])
    more = len(parameter.choices) - 20
    closest = parameter.closest_choice(value)
    hint = f"; did you mean {closest!r}?" if closest is not None else ""
    return f"one of {shown}" + (f" and {more} more" if more > 0 else "") + hint


def _broken_chat(messages: list[Any], parameter: Parameter) -> str | None:
    supported = parameter.support
    for place, message in enumerate(messages):
        content = message.get("content") if is_object(message) else None
        for part in content if is_array(content) else ():
            if "text" in part:
                continue
            ((kind, value),) = part.items()
            if kind not in supported:
                taken = ", ".join(("text", *supported))
                return f"message {place} holds {kind}; this endpoint takes {taken}"
            problem = broken_limit(value, supported[kind])
            if problem is not None:
                return f"message {place}: the {kind} {problem}"
    return None


def _broken_size(size: tuple[int, int], limits: dict[str, Any]) -> str | None:
    low, high, step = (limits.get(name) for name in ("minimum", "maximum", "align"))
    shown = f"is {size[0]} by {size[1]} pixels"
    if low and (size[0] < low[0] or size[1] < low[1]):
        return f"{shown}; at least {low[0]:g} by {low[1]:g} is needed"
    if high and (size[0] > high[0] or size[1] > high[1]):
        return f"{shown}; at most {high[0]:g} by {high[1]:g} is taken"
    if (
        step
        and any(step)
        and not all(is_multiple(s, by) for s, by in zip(size, step, strict=True) if by)
    ):
        return f"{shown}; only multiples of {step[0]:g} by {step[1]:g} are taken"
    return None


def _is_enforced(limit: object) -> TypeGuard[dict[str, Any]]:
    return is_object(limit) and not limit.get("converted")
