"""Turns pydantic's errors about a call's arguments into sentences that say what to do."""

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..shapes import is_number
from .base import InputModel
from .parameters import Parameter, parameters_of
from .rules import in_range, one_of


def problems_of(error: ValidationError, model: type[InputModel]) -> list[str]:
    """Return one sentence per refused parameter, in the order of the model's fields."""
    grouped: dict[str, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = detail["loc"]
        grouped.setdefault(str(path[0]) if path else "", []).append(detail)
    parameters = parameters_of(model)
    order = {name: place for place, name in enumerate(parameters)}
    names = sorted(grouped, key=lambda name: order.get(name, len(order)))
    return [_sentence(name, grouped[name], parameters) for name in names]


def _sentence(name: str, details: list[ErrorDetails], known: Mapping[str, Parameter]) -> str:
    first = details[0]
    if not name:
        return first["msg"]
    if first["type"] == "missing":
        return f"{name} is required"
    parameter = known.get(name) or next((p for p in known.values() if p.wire_name == name), None)
    if parameter is None:
        close = get_close_matches(name, list(known), n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; it takes {', '.join(known)}"
        return f"{name} is no parameter of this endpoint{hint}"
    value = first["input"]
    if parameter.type in _TOO_LARGE_TO_SHOW:
        return f"{name}: {first['msg']}"
    return f"{name}={_short(value)}: {_reason(value, parameter, first)}"


def _reason(value: object, parameter: Parameter, detail: ErrorDetails) -> str:
    if detail["type"] == "rule":
        return detail["msg"]
    if detail["type"] == "json_value" and isinstance(value, int):
        return "has more digits than JSON can carry"
    if detail["type"] in ("greater_than_equal", "less_than_equal") and is_number(value):
        return in_range(value, parameter)
    if detail["type"] == "string_too_long":
        longest = parameter.max_length or 0
        return f"{len(str(value)):,} characters; at most {longest:,} are taken"
    if parameter.type == "choice":
        return one_of(value, parameter)
    words = _WANTED.get(parameter.type)
    if words is None:
        return detail["msg"].removeprefix("Input ")
    limits = parameter.describe_range()
    return f"must be {words}" + (f", {limits}" if limits else "") + f", not {_kind(value)}"


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
    except Exception:  # a foreign object's repr may do anything; the sentence must still be told
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else text[:59] + "…"
