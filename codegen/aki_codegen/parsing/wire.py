"""What a hub says about an endpoint, read leniently: odd values become None and are told, never raised.

It keeps attributes that it does not know; what they mean is the parser's business.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from aki_runtime.shapes import integer_or_none, is_array, is_object
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

MAX_DEPTH = 64
"""Levels of a details document at most. Real ones have six; printing a value stops at Python's own limit."""

Attributes = dict[str, Any]
"""The attributes of one parameter or output, as the hub words them."""


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _fields_or_none(value: object) -> dict[str, Any] | None:
    return value if is_object(value) else None


def _progress_outputs(value: object) -> dict[str, Any]:
    outputs = value.get("OUTPUTS") if is_object(value) else None
    return outputs if is_object(outputs) else {}


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _children(value: object) -> Iterable[object]:
    if is_object(value):
        return value.values()
    return value if is_array(value) else ()


OptionalText = Annotated[str | None, BeforeValidator(_text_or_none)]
Fields = Annotated[dict[str, Any] | None, BeforeValidator(_fields_or_none)]


class ParameterDescription(BaseModel):
    """The three sections of a details document; a section that is missing or odd is None."""

    model_config = ConfigDict(extra="ignore")

    input: Fields = None
    output: Fields = None
    progress: Annotated[dict[str, Any], BeforeValidator(_progress_outputs)] = Field(
        default_factory=dict[str, Any]
    )


class Details(BaseModel):
    """The details document of one endpoint, without figures that change from second to second."""

    model_config = ConfigDict(extra="ignore")

    title: OptionalText = None
    description: OptionalText = None
    category: OptionalText = None
    version: Annotated[int | None, BeforeValidator(integer_or_none)] = None
    parameter_description: ParameterDescription


def read_details(document: object) -> Details | str:
    """Read a details document; where it is none, say why in one clause."""
    if not is_object(document):
        return f"its details are a {type(document).__name__} instead of an object"
    if not is_object(document.get("parameter_description")):
        return "its details hold no parameter_description"
    if _is_deeper(document, MAX_DEPTH):
        return f"its details are nested deeper than {MAX_DEPTH} levels"
    try:
        return Details.model_validate(document)
    except (ValidationError, RecursionError) as error:
        return f"its details are not understood: {type(error).__name__}"


def is_utf8(text: str) -> bool:
    """Whether a text can be sent: JSON may hold half of a surrogate pair, which has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
