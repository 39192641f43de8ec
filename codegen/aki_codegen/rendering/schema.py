"""From the IR to JSON Schema, by one table of types. Every key comes from here, none from a hub.

datamodel-code-generator obeys what a schema says, imports included, so it is never shown a document that
came from outside.
"""

from typing import Any

from ..ir import (
    BooleanType,
    ChatTextType,
    ChatType,
    ChoiceType,
    Endpoint,
    FieldType,
    FloatType,
    IntegerType,
    JsonType,
    Limit,
    MediaListType,
    MediaType,
    Output,
    Parameter,
    PromptType,
    Range,
    Scalar,
    TextType,
    ToolCallsType,
    ToolsType,
    UnknownType,
)
from ..literals import doc_text

Schema = dict[str, Any]

EXTRA_KEYS = frozenset({"choices", "converted", "kind", "media", "step", "support"})
"""Our own keys, which the generated models carry in `json_schema_extra`; the runtime reads them."""

RUNTIME_TYPES = {
    "Audio": "media.objects",
    "AudioInput": "media.inputs",
    "ChatContext": "chat.messages",
    "ChatText": "chat.text",
    "Image": "media.objects",
    "ImageInput": "media.inputs",
    "Json": "json_value",
    "JsonOutput": "json_value",
    "RawJson": "json_value",
    "ToolCalls": "chat.tools",
    "Tools": "chat.tools",
    "Video": "media.objects",
    "VideoInput": "media.inputs",
}
"""The runtime's types that fields of generated models may have, and the module of the runtime where each lives."""


def endpoint_schema(endpoint: Endpoint) -> Schema:
    """Return the schema of an endpoint's three models, under the names that the models will have."""
    table = _TypeTable()
    inputs = {p.wire_name: table.parameter(p) for p in endpoint.inputs}
    required = [p.wire_name for p in endpoint.inputs if p.required]
    return {
        "$defs": {
            f"{endpoint.models}Input": _object(inputs, required),
            f"{endpoint.models}Output": table.outputs(endpoint.outputs),
            f"{endpoint.models}Progress": table.progress(endpoint.progress),
        }
    }


_STANDARD_RULES = {"max_length": "maxLength"}
_JSON_INPUTS: dict[type[FieldType], str] = {
    JsonType: "Json",
    ToolCallsType: "Json",
    ToolsType: "Tools",
    UnknownType: "RawJson",
}


class _TypeTable:
    """Types as schemas; the types that JSON Schema does not have are those of the runtime."""

    def parameter(self, parameter: Parameter) -> Schema:
        schema = self._incoming(parameter.type)
        if parameter.default is not None and _can_be_shown(parameter.type):
            schema["default"] = parameter.default.value
        return _described(schema, parameter.description)

    def outputs(self, outputs: tuple[Output, ...]) -> Schema:
        fields = {o.wire_name: _described(self._outgoing(o.type), o.description) for o in outputs}
        # A non-empty `error` is an exception, so a result that is read has none.
        # Where a model calls no tool, the hub sends no calls.
        required = [
            o.wire_name
            for o in outputs
            if o.wire_name != "error" and not isinstance(o.type, ToolCallsType)
        ]
        return _object(fields, required)

    def progress(self, outputs: tuple[Output, ...]) -> Schema:
        return _object({**self.outputs(outputs)["properties"]}, [])

    def _incoming(self, kind: FieldType) -> Schema:
        match kind:
            case TextType(max_length, enforced):
                length = {"max_length": max_length} if max_length is not None else {}
                return _ruled({"type": "string"}, length, enforced=enforced)
            case IntegerType(limits):
                return _ruled({"type": "integer"}, _bounds(limits), enforced=limits.enforced)
            case FloatType(limits):
                return _ruled({"type": "number"}, _bounds(limits), enforced=limits.enforced)
            case BooleanType(enforced):
                return _ruled({"type": "boolean"}, {}, enforced=enforced)
            case ChoiceType():
                return _choice(kind)
            case ChatTextType():
                return {"type": "string"}
            case PromptType():
                return {"type": "string", "kind": "text_context"}
            case ChatType(media):
                support = {medium.kind: _media_limits(medium) for medium in media}
                return self._runtime("ChatContext") | ({"support": support} if support else {})
            case MediaType(medium):
                schema = self._runtime(f"{medium.capitalize()}Input")
                return schema | ({"media": _media_limits(kind)} if kind.limits else {})
            case MediaListType(medium):
                return self._list_of(f"{medium.capitalize()}Input")
            case JsonType() | ToolCallsType() | ToolsType() | UnknownType():
                return self._runtime(_JSON_INPUTS[type(kind)])

    def _outgoing(self, kind: FieldType) -> Schema:
        match kind:
            case IntegerType():
                return {"type": "integer"}
            case FloatType():
                return {"type": "number"}
            case BooleanType():
                return {"type": "boolean"}
            case ChoiceType(choices):
                return _open_choice(choices)
            case ChatTextType():
                return self._runtime("ChatText")
            case ToolCallsType():
                return self._runtime("ToolCalls") | {"default": []}
            case JsonType() | UnknownType() | ChatType() | ToolsType():
                return self._runtime("JsonOutput")
            case MediaType(medium):
                return self._runtime(medium.capitalize())
            case MediaListType(medium):
                return self._list_of(medium.capitalize())
            case TextType() | PromptType():
                return {"type": "string"}

    def _runtime(self, name: str) -> Schema:
        path = f"aki_runtime.{RUNTIME_TYPES[name]}.{name}"
        return {"type": "string", "x-python-type": path}

    def _list_of(self, name: str) -> Schema:
        return {"type": "array", "items": self._runtime(name)}


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required}


def _described(schema: Schema, description: str) -> Schema:
    text = doc_text(description)
    return {**schema, "description": text} if text else schema


def _can_be_shown(kind: FieldType) -> bool:
    return isinstance(
        kind, TextType | PromptType | IntegerType | FloatType | BooleanType | ChoiceType
    )


def _bounds(limits: Range) -> Schema:
    named = {"minimum": limits.minimum, "maximum": limits.maximum, "step": limits.step}
    return {name: value for name, value in named.items() if value is not None}


def _ruled(schema: Schema, rules: Schema, *, enforced: bool) -> Schema:
    """Add the rules of a type; where the hub converts values, they are shown and not enforced."""
    if not enforced:
        return {**schema, "converted": rules}
    renamed = {_STANDARD_RULES.get(name, name): value for name, value in rules.items()}
    return {**schema, **renamed}


def _choice(kind: ChoiceType) -> Schema:
    choices = list(kind.choices)
    if not all(map(_has_literal, choices)):
        # The runtime's models check the choices.
        return _ruled(_with_floats(choices), {"choices": choices}, enforced=kind.enforced)
    if kind.enforced:
        return {"enum": choices}
    return {**_open_choice(kind.choices), "converted": {"choices": choices}}


def _has_literal(choice: object) -> bool:
    """Whether a type can name a choice: there is none for a float, and mypy knows integers of 64 bits."""
    return isinstance(choice, str | bool) or (isinstance(choice, int) and abs(choice) < 2**63)


def _with_floats(choices: list[Scalar]) -> Schema:
    words = [choice for choice in choices if isinstance(choice, str | bool)]
    number: Schema = {"type": "number"}
    return {"anyOf": [{"enum": words}, number]} if words else number


def _media_limits(kind: MediaType) -> Schema:
    return {name: _limit(limit) for name, limit in kind.limits}


def _limit(limit: Limit) -> Schema:
    said = {
        "supported": list(limit.supported),
        "minimum": list(limit.minimum),
        "maximum": list(limit.maximum),
        "align": list(limit.align),
        "converted": not limit.enforced,
    }
    return {name: value for name, value in said.items() if value}


def _open_choice(choices: tuple[object, ...]) -> Schema:
    kinds: list[Schema] = []
    words = ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"))
    for of_type, word in words:
        if any(type(choice) is of_type for choice in choices):
            kinds.append({"type": word})
    named = [choice for choice in choices if _has_literal(choice)]
    return {"anyOf": [*([{"enum": named}] if named else []), *kinds]}
