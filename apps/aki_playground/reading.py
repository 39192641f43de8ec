"""What somebody filled in, read as the arguments of a call. Only what differs from the hub's default is given."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .fields import Field


@dataclass(frozen=True)
class FormArguments:
    """The arguments in a form.

    Attributes:
        arguments: The values that are given, by parameter.
        faults: Why a field cannot be read, by parameter.
    """

    arguments: Mapping[str, Any]
    faults: Mapping[str, str] = field(default_factory=dict[str, str])


def read_form(fields: Iterable[Field], values: Iterable[Any]) -> FormArguments:
    """Read the values of a form's fields, in their order."""
    arguments: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for one, entered in zip(fields, values, strict=True):
        try:
            value = _value(one, entered)
        except ValueError as error:
            faults[one.name] = str(error)
            continue
        if value is not None and (one.parameter.required or not same(value, one.parameter.default)):
            arguments[one.name] = value
    return FormArguments(arguments, faults)


def same(one: object, other: object) -> bool:
    """Whether two values are the same to a hub: 1 and 1.0 are, 1 and True are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _value(one: Field, entered: Any) -> Any:
    match one.widget:
        case "json":
            return _json(entered)
        case "text":
            # An empty box gives no text where none is needed, and where the hub's default is not to be cleared.
            return entered if entered or (one.initial and not one.parameter.required) else None
        case "slider" | "number":
            whole = one.parameter.type == "integer" and isinstance(entered, float)
            return int(entered) if whole and entered.is_integer() else entered
        case "open_choice":
            return entered or None
        case _:
            return entered


def _json(entered: Any) -> Any:
    if not isinstance(entered, str) or not entered.strip():
        return None
    try:
        return json.loads(entered, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"This is no JSON: {error.msg} ({where}).") from None
    except RecursionError:
        raise ValueError("This JSON is nested too deeply.") from None


def _refuse_constant(word: str) -> None:
    raise ValueError(f"This is no JSON: {word} is no number that JSON has.")
