"""Turns pydantic's errors about a call's arguments into sentences that say what to do."""

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .models import InputModel


def problems_of(error: ValidationError, model: type[InputModel]) -> list[str]:
    """Return one sentence per refused parameter, in the order of the model's fields."""
    details = error.errors(include_url=False)
    grouped: dict[str, list[ErrorDetails]] = {}
    for detail in details:
        path = detail["loc"]
        grouped.setdefault(str(path[0]) if path else "", []).append(detail)
    order = {name: place for place, name in enumerate(model.model_fields)}
    names = sorted(grouped, key=lambda name: order.get(name, len(order)))
    return [_sentence(name, grouped[name], model) for name in names]


def _sentence(name: str, details: list[ErrorDetails], model: type[InputModel]) -> str:
    first = details[0]
    if first["type"] == "missing":
        return f"{name} is required"
    if first["type"] == "extra_forbidden":
        close = get_close_matches(name, list(model.model_fields), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{name} is no parameter of this endpoint{hint}"
    if not name:
        return first["msg"]
    reasons = " or ".join(dict.fromkeys(_reason(detail) for detail in details))
    given = "" if first["type"] == "json_value" else f"={_short(first['input'])}"
    return f"{name}{given}: {reasons}"


def _reason(detail: ErrorDetails) -> str:
    text = detail["msg"]
    return text.removeprefix("Input ").removeprefix("Value error, ")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # a foreign object's repr may do anything; the sentence must still be told
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else text[:59] + "…"
