"""What a parameter is in Python: its type, and what its input model carries for the checks of the runtime.

The generator writes it as source, `from_metadata` makes a model of it at once.
"""

from typing import Any

from ..metadata import MEDIA, FieldMetadata, limits_as_json

INPUT_TYPES: dict[str, str] = {
    **{"text": "builtins.str", "prompt": "builtins.str", "boolean": "builtins.bool"},
    **{"integer": "builtins.int", "number": "builtins.float"},
    "chat": "aki_runtime.chat.messages.ChatContext",
    "json": "aki_runtime.json_value.Json",
    **{kind: f"aki_runtime.media.inputs.{kind.capitalize()}Input" for kind in MEDIA},
}
"""Where the type of a parameter, or of its items, lives, by the type word of its metadata; a choice has none."""

_PLAIN = frozenset({"text", "prompt", "boolean", "integer", "number", "choice"})
TOOLS = "aki_runtime.chat.tools.Tools"
ANY_JSON = "aki_runtime.json_value.RawJson"


def input_type(field: FieldMetadata) -> str:
    """Return where the type of a parameter, or of its items, lives; a type that is unknown takes any JSON value."""
    if field.is_tools:
        return TOOLS
    return INPUT_TYPES.get(field.medium or field.type, ANY_JSON)


def shown_default(field: FieldMetadata) -> Any:
    """Return the default that a model shows; None where there is none, or it is not a plain value."""
    return field.default if field.type in _PLAIN else None


def limits_of(field: FieldMetadata) -> dict[str, Any]:
    """Return the limits of a number or text, by the names of `Parameter`."""
    named = ("minimum", "maximum", "step", "max_length")
    return {name: value for name in named if (value := getattr(field, name)) is not None}


def carried(field: FieldMetadata) -> dict[str, Any]:
    """Return what the field of an input model carries as `json_schema_extra`, which `parameters_of` reads."""
    if field.type == "prompt":
        return {"kind": "text_context"}
    if field.medium is not None:
        is_limited = field.media and not field.is_list
        return {"media": limits_as_json(field.media)} if is_limited else {}
    if field.type == "chat":
        support = {kind: limits_as_json(each) for kind, each in field.support.items()}
        return {"support": support} if support else {}
    if field.converts:
        return {
            "converted": {"choices": list(field.choices)} if field.choices else limits_of(field)
        }
    return {"step": field.step} if field.step is not None else {}
