"""From the IR to JSON Schema, by one table of types. Every key comes from here, none from a hub.

datamodel-code-generator obeys what a schema says, imports included, so it is never shown a document that
came from outside.
"""

from typing import Any

from .ir import (
    BooleanType,
    ChatTextType,
    ChatType,
    ChoiceType,
    Endpoint,
    FieldType,
    FloatType,
    IntegerType,
    JsonType,
    MediaListType,
    MediaType,
    Output,
    Parameter,
    PromptType,
    Range,
    TextType,
    ToolCallsType,
    ToolsType,
    UnknownType,
)
from .literals import doc_text

Schema = dict[str, Any]

EXTRA_KEYS = frozenset({"choices", "converted", "kind", "step"})
"""Our own keys, which the generated models carry in `json_schema_extra`; the runtime reads them."""


def endpoint_schema(endpoint: Endpoint, package: str) -> Schema:
    """Return the schema of an endpoint's three models, under the names that the models will have."""
    table = _TypeTable(package)
    inputs = {p.wire_name: table.parameter(p) for p in endpoint.inputs}
    required = [p.wire_name for p in endpoint.inputs if p.required]
    return {
        "$defs": {
            f"{endpoint.models}Input": _object(inputs, required),
            f"{endpoint.models}Output": table.outputs(endpoint.outputs),
            f"{endpoint.models}Progress": table.progress(endpoint.progress),
        }
    }


class _TypeTable:
    """Types as schemas; the types that JSON Schema does not have are those of the runtime."""

    def __init__(self, package: str) -> None:
        self._package = package

    def parameter(self, parameter: Parameter) -> Schema:
        schema = self._incoming(parameter.type)
        if parameter.default is not None and _can_be_shown(parameter.type):
            schema["default"] = parameter.default.value
        return _described(schema, parameter.description)

    def outputs(self, outputs: tuple[Output, ...]) -> Schema:
        fields = {o.wire_name: _described(self._outgoing(o.type), o.description) for o in outputs}
        # A non-empty `error` is an exception, so a result that is read has none.
        required = [o.wire_name for o in outputs if o.wire_name != "error"]
        return _object(fields, required)

    def progress(self, outputs: tuple[Output, ...]) -> Schema:
        return _object({**self.outputs(outputs)["properties"]}, [])

    def _incoming(self, kind: FieldType) -> Schema:
        match kind:
            case TextType(max_length, enforced):
                limits = {"maxLength": max_length} if max_length is not None and enforced else {}
                return {"type": "string", **limits}
            case IntegerType(limits):
                return {"type": "integer", **_limits(limits)}
            case FloatType(limits):
                return {"type": "number", **_limits(limits)}
            case BooleanType():
                return {"type": "boolean"}
            case ChoiceType():
                return _choice(kind)
            case ToolsType():
                return self._runtime("tools.Tools")
            case JsonType() | ToolCallsType():
                return self._runtime("json_value.Json")
            case UnknownType():
                return self._runtime("json_value.RawJson")
            case ChatTextType():
                return {"type": "string"}
            case ChatType():
                return self._runtime("chat.ChatContext")
            case PromptType():
                return {"type": "string", "kind": "text_context"}
            case MediaType(medium):
                return self._runtime(f"media_input.{medium.capitalize()}Input")
            case MediaListType(medium):
                return self._list_of(f"media_input.{medium.capitalize()}Input")

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
                return self._runtime("chat_text.ChatText")
            case ToolCallsType():
                return self._runtime("tools.ToolCalls")
            case JsonType() | UnknownType() | ChatType() | ToolsType():
                return self._runtime("json_value.JsonOutput")
            case MediaType(medium):
                return self._runtime(f"media.{medium.capitalize()}")
            case MediaListType(medium):
                return self._list_of(f"media.{medium.capitalize()}")
            case TextType() | PromptType():
                return {"type": "string"}

    def _runtime(self, path: str) -> Schema:
        return {"type": "string", "x-python-type": f"{self._package}._runtime.{path}"}

    def _list_of(self, path: str) -> Schema:
        return {"type": "array", "items": self._runtime(path)}


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required}


def _described(schema: Schema, description: str) -> Schema:
    text = doc_text(description)
    return {**schema, "description": text} if text else schema


def _can_be_shown(kind: FieldType) -> bool:
    return isinstance(
        kind, TextType | PromptType | IntegerType | FloatType | BooleanType | ChoiceType
    )


def _limits(limits: Range) -> Schema:
    named = {"minimum": limits.minimum, "maximum": limits.maximum, "step": limits.step}
    known = {name: value for name, value in named.items() if value is not None}
    if not known or limits.enforced:
        return known
    return {"converted": known}


def _choice(kind: ChoiceType) -> Schema:
    choices = list(kind.choices)
    if any(isinstance(choice, float) for choice in choices):
        # There is no literal for a float; the runtime's models check the choices.
        rule = {"choices": choices} if kind.enforced else {"converted": {"choices": choices}}
        return {"type": "number", **rule}
    return {"enum": choices} if kind.enforced else _open_choice(kind.choices)


def _open_choice(choices: tuple[object, ...]) -> Schema:
    kinds: list[Schema] = []
    if any(isinstance(choice, float) for choice in choices):
        return {"type": "number"}
    for of_type, word in ((str, "string"), (bool, "boolean"), (int, "integer")):
        if any(type(choice) is of_type for choice in choices):
            kinds.append({"type": word})
    return {"anyOf": [{"enum": list(choices)}, *kinds]}
