"""What is said of refused arguments: pydantic's errors become problems, whose sentences say what to do."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import ParameterProblem, closest
from ..shapes import is_number, range_in_words
from .parameters import Parameter, parameters_of


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[ParameterProblem]:
    """Return one problem per refused parameter, in the order of the model's fields."""
    grouped: dict[str, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        path = detail["loc"]
        grouped.setdefault(str(path[0]) if path else "", detail)
    parameters = parameters_of(model)
    order = {name: place for place, name in enumerate(parameters)}
    names = sorted(grouped, key=lambda name: order.get(name, len(order)))
    return [_problem(name, grouped[name], parameters) for name in names]


def unknown_parameter(name: str, known: Mapping[str, Parameter]) -> ParameterProblem:
    """Say that there is no such parameter, and which one was probably meant."""
    meant = closest(name, known)
    hint = f"did you mean {meant!r}?" if meant else f"the endpoint takes {', '.join(known)}"
    message, nearest = f"unknown parameter {name!r}; {hint}", (meant,) if meant else ()
    return ParameterProblem(message, parameter=name, kind="unknown", nearest=nearest)


def _is_out_of_range(value: float, parameter: Parameter) -> bool:
    """Whether a number is below the minimum or above the maximum."""
    low, high = parameter.minimum, parameter.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def number_rule(value: float, parameter: Parameter) -> str:
    """Say which rule a number breaks, and the nearest numbers that are allowed."""
    low, high = parameter.minimum, parameter.maximum
    if not _is_out_of_range(value, parameter):
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


def _problem(name: str, detail: ErrorDetails, known: Mapping[str, Parameter]) -> ParameterProblem:
    value, said = detail["input"], detail["msg"]
    if not name:
        return ParameterProblem(said, kind=detail["type"])
    if detail["type"] == "missing":
        return ParameterProblem(f"{name} is required", parameter=name, kind="missing")
    parameter = known.get(name) or next((p for p in known.values() if p.wire_name == name), None)
    if parameter is None:
        return unknown_parameter(name, known)
    if parameter.type in _TOO_LARGE_TO_SHOW:
        return ParameterProblem(f"{name}: {said}", parameter=name, kind=parameter.type)
    kind, reason, expected, nearest = _reason(value, parameter, detail)
    return ParameterProblem(
        f"{name}={_short(value)} {reason}",
        parameter=name,
        kind=kind,
        value=value if isinstance(value, str | int | float) else None,
        expected=expected,
        nearest=nearest,
    )


def _reason(
    value: object, parameter: Parameter, detail: ErrorDetails
) -> tuple[str, str, str, tuple[Any, ...]]:
    """Return what kind of problem it is, what to say, what was expected, and the nearest values."""
    limits = parameter.describe_range()
    if detail["type"] == "json_value" and isinstance(value, int):
        return "range", "has more digits than JSON can carry", limits, ()
    if parameter.type == "choice":
        closest = parameter.closest_choice(value)
        nearest = () if closest is None else (closest,)
        return "choice", f"must be {one_of(value, parameter)}", "a choice", nearest
    if detail["type"] in ("rule", "greater_than_equal", "less_than_equal") and is_number(value):
        kind = "range" if _is_out_of_range(value, parameter) else "step"
        return kind, number_rule(value, parameter), limits, parameter.nearest(value)
    if detail["type"] == "string_too_long":
        expected = f"at most {parameter.max_length or 0:,} characters"
        return "length", f"has {len(str(value)):,} characters; {expected} are allowed", expected, ()
    words = _WANTED.get(parameter.type)
    if words is None:
        return "type", detail["msg"].removeprefix("Input "), "", ()
    expected = words + (f", {limits}" if limits else "")
    return "type", f"must be {expected}, not {_kind(value)}", expected, ()


_TOO_LARGE_TO_SHOW = frozenset({"json", "chat", "image", "audio", "video"})
_WANTED = {
    "integer": "a whole number",
    "number": "a number",
    "text": "text",
    "prompt": "text",
    "boolean": "True or False",
}


def _kind(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    names: dict[type, str] = {str: "text", bool: "a truth value", float: "a number with a fraction"}
    return names.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # a foreign object's repr may do anything; the sentence must still be said
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else f"{text[:58]}…{text[-1]}"
