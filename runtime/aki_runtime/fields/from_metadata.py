"""An input model made of metadata alone, for who must judge a call without importing the generated package.

It carries what a generated model carries, in the same keys; the checks and their sentences are those of `InputModel`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from ..chat.messages import ChatContext
from ..chat.tools import Tools
from ..json_value import Json, RawJson
from ..media.inputs import AudioInput, ImageInput, VideoInput
from ..metadata import FieldMetadata, limits_as_json
from .base import InputModel

_TYPES: dict[str, Any] = {
    "text": str,
    "prompt": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "chat": ChatContext,
    "json": Json,
    "image": ImageInput,
    "audio": AudioInput,
    "video": VideoInput,
}
_SHOWN_DEFAULTS = frozenset({"text", "prompt", "integer", "number", "boolean", "choice"})


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
    checks, extra = _rules(field)
    info = Field(
        alias=field.wire_name,
        description=field.description or None,
        json_schema_extra=extra or None,
        **checks,
    )
    annotation = _annotation(field)
    if field.required:
        return Annotated[annotation, info], ...
    is_shown = field.type in _SHOWN_DEFAULTS
    return Annotated[annotation | None, info], field.default if is_shown else None


def _annotation(field: FieldMetadata) -> Any:
    if field.medium is not None:
        made = _TYPES[field.medium]
        return list[made] if field.is_list else made  # type: ignore[valid-type]
    if field.type == "choice":
        return Literal[field.choices]
    if field.type == "json" and field.wire_name == "tools":
        return Tools
    return _TYPES.get(field.type, RawJson)


def _rules(field: FieldMetadata) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what pydantic checks itself, and what the model carries for the runtime's own checks."""
    if field.type == "prompt":
        return {}, {"kind": "text_context"}
    if field.medium is not None:
        is_limited = bool(field.media) and not field.is_list
        return {}, {"media": limits_as_json(field.media)} if is_limited else {}
    if field.type == "chat":
        support = {kind: limits_as_json(limits) for kind, limits in field.support.items()}
        return {}, {"support": support} if support else {}
    rules = {
        name: value
        for name in ("minimum", "maximum", "step", "max_length")
        if (value := getattr(field, name)) is not None
    }
    if field.converts:
        return {}, {"converted": {"choices": list(field.choices)} if field.choices else rules}
    extra = {"step": rules.pop("step")} if "step" in rules else {}
    checks = {"minimum": "ge", "maximum": "le", "max_length": "max_length"}
    return {checks[name]: value for name, value in rules.items()}, extra
