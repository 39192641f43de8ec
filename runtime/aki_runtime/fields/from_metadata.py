"""An input model made of metadata alone, for who must judge a call without importing the generated package.

It carries what a generated model carries, in the same keys; the checks and their sentences are those of `InputModel`.
"""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from ..metadata import FieldMetadata
from .base import InputModel
from .types import carried, input_type, limits_of, shown_default

_CHECKS = {"minimum": "ge", "maximum": "le", "max_length": "max_length"}


def input_model(
    name: str, fields: Mapping[str, FieldMetadata], names: Mapping[str, str]
) -> type[InputModel]:
    """Make the input model of an endpoint.

    Args:
        name: What it is called.
        fields: The endpoint's parameters, by their names on the hub.
        names: Their names in Python, by those on the hub; a parameter without one is left out.
    """
    known = [field for wire, field in fields.items() if wire in names]
    made: dict[str, Any] = {
        names[field.wire_name]: _field(field)
        # As in generated code, those that every call must name come first.
        for field in sorted(known, key=lambda field: not field.required)
    }
    return create_model(name, __base__=InputModel, **made)


def _field(field: FieldMetadata) -> tuple[Any, Any]:
    # What the hub converts is not checked.
    limited = {} if field.converts else limits_of(field)
    info = Field(
        alias=field.wire_name,
        description=field.description or None,
        json_schema_extra=carried(field) or None,
        **{_CHECKS[name]: value for name, value in limited.items() if name in _CHECKS},
    )
    annotation = _annotation(field)
    if field.required:
        return Annotated[annotation, info], ...
    return Annotated[annotation | None, info], shown_default(field)


def _annotation(field: FieldMetadata) -> Any:
    if field.type == "choice":
        return Literal[field.choices]
    found = resolve_name(input_type(field))
    return list[found] if field.is_list else found  # type: ignore[valid-type]
