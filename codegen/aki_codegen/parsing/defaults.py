"""The default of a parameter: what the hub declares, where it would itself accept it."""

from aki_runtime.shapes import is_multiple

from ..ir import (
    BooleanType,
    ChatTextType,
    ChatType,
    ChoiceType,
    Default,
    FieldType,
    FloatType,
    IntegerType,
    JsonType,
    MediaListType,
    MediaType,
    PromptType,
    TextType,
    ToolCallsType,
    ToolsType,
    UnknownType,
)
from .fieldtypes import converts
from .fieldvalues import Tell, is_number, shown
from .wire import Attributes


def default_of(attributes: Attributes, kind: FieldType, tell: Tell) -> Default | None:
    """Return the default; one that the hub would refuse itself is told and left out."""
    value = attributes.get("default")
    if value is None or (
        value == "" and isinstance(kind, JsonType | ToolsType | ChatType | MediaType)
    ):
        return None
    problem = None if converts(attributes) else _objection(value, kind)
    if problem is None and _is_of_type(value, kind):
        return Default(_as_type(value, kind))
    mismatch = "is none of its choices" if isinstance(kind, ChoiceType) else "is of another type"
    remedy = "the default is not shown"
    if is_refused(attributes, kind):
        remedy += "; the hub refuses a call without it, so that it is required"
    tell(f"its default {shown(str(value)[:60])} {problem or mismatch}", remedy)
    return None


def is_refused(attributes: Attributes, kind: FieldType) -> bool:
    """Whether the hub refuses its own default, which it checks like any value: every call must give one then."""
    value = attributes.get("default")
    if value is None or converts(attributes):
        return False
    match kind:
        case TextType() | PromptType():
            return not isinstance(value, str) or _objection(value, kind) is not None
        case IntegerType() | FloatType():
            # The hub cuts a fraction, and takes true and false for numbers.
            return not isinstance(value, int | float) or _objection(value, kind) is not None
        case BooleanType():
            return not isinstance(value, bool)
        case ChoiceType(choices):
            return value not in choices
        case _:
            return False


def _is_of_type(value: object, kind: FieldType) -> bool:
    match kind:
        case TextType() | PromptType() | ChatTextType():
            return isinstance(value, str)
        case IntegerType():
            return is_number(value) and value == int(value)
        case FloatType():
            return is_number(value)
        case BooleanType():
            return isinstance(value, bool)
        case ChoiceType(choices):
            return any(type(value) is type(choice) and value == choice for choice in choices)
        case JsonType() | ChatType() | UnknownType() | ToolsType() | ToolCallsType():
            return True
        case MediaType() | MediaListType():
            return False


def _objection(value: object, kind: FieldType) -> str | None:
    """Say why the hub would refuse its own default."""
    if isinstance(kind, TextType) and isinstance(value, str):
        too_long = kind.max_length is not None and len(value) > kind.max_length
        return "is longer than max_length" if too_long else None
    if isinstance(kind, IntegerType | FloatType) and isinstance(value, int | float):
        low, high, step = kind.range.minimum, kind.range.maximum, kind.range.step
        if (low is not None and value < low) or (high is not None and value > high):
            return "is out of its own range"
        if step is not None and is_number(value) and not is_multiple(value, step):
            return "is no multiple of its own step"
    return None


def _as_type(value: object, kind: FieldType) -> object:
    if isinstance(kind, IntegerType) and isinstance(value, float):
        return int(value)
    if isinstance(kind, FloatType) and isinstance(value, int):
        return float(value)
    return value
