"""From the schema of the generated models to JSON Schema of what travels: data URIs, JSON as text, null for absent.

`schema` decides what a field takes; this module only says how that looks on the wire. What JSON Schema cannot
check (the bytes of a medium, the document within a text) is said in words and in the `content…` keywords.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

from aki_runtime.chat.messages import ROLES

from ..ir import ChatType, Endpoint, FieldType, MediaType, Output, Parameter, PromptType
from ..rendering.describe import limits_phrase, type_phrase
from ..rendering.schema import Schema, endpoint_schema

DATA_URI = r"^data:[^,]*;base64,[A-Za-z0-9+/]+={0,2}$"
"""The server looks at the bytes, not at the header, so that any header passes."""

_MEDIA_OUTPUT = r"^(data:[^,]*;base64,)?[A-Za-z0-9+/]*={0,2}$"
_MARK = "x-python-type"
_OUR_KEYS = frozenset({_MARK, "converted", "kind", "media", "support", "choices", "step"})
_ANY_JSON = {"contentMediaType": "application/json", "contentSchema": True}


def input_schema(endpoint: Endpoint) -> Schema:
    """Return the schema of an endpoint's inputs as they are sent; the transport's own fields are not among them."""
    model = _model(endpoint, "Input")
    properties = {
        p.wire_name: _parameter(model["properties"][p.wire_name], p) for p in endpoint.inputs
    }
    schema = {**model, "properties": properties, "additionalProperties": False}
    excluded = [_both_given(*pair) for pair in _exclusive(endpoint)]
    return {**schema, "not": {"anyOf": excluded}} if excluded else schema


def output_schema(endpoint: Endpoint) -> Schema:
    """Return the schema of an endpoint's outputs; a worker may leave any of them out, and add others."""
    return _outputs(_model(endpoint, "Output"), endpoint.outputs)


def progress_schema(endpoint: Endpoint) -> Schema:
    """Return the schema of what an endpoint tells of a running job."""
    return _outputs(_model(endpoint, "Progress"), endpoint.progress)


def _model(endpoint: Endpoint, part: str) -> Schema:
    model: Schema = endpoint_schema(endpoint)["$defs"][f"{endpoint.models}{part}"]
    return model


def _parameter(schema: Schema, parameter: Parameter) -> Schema:
    sent = _sent(schema, parameter.type)
    return sent if parameter.required else _nullable(sent)


def _sent(schema: Schema, kind: FieldType) -> Schema:
    if schema.get("type") == "array":
        return {**schema, "items": _runtime_type(schema["items"], kind)}
    if _MARK in schema:
        return _runtime_type(schema, kind)
    kept = {key: value for key, value in schema.items() if key not in _OUR_KEYS}
    step = schema.get("step")
    is_exact = step is None or Decimal(str(step)) == Decimal(step)
    if step is not None and is_exact and (step, schema.get("type")) != (1, "integer"):
        kept["multipleOf"] = step
    if "choices" in schema:
        # Not an enum: many tools know enums of texts and of whole numbers only.
        choices = [{"const": choice} for choice in schema["choices"]]
        kept = {"anyOf": choices, **_without(kept, "type", "anyOf")}
    # To tools that divide floats, 0.3 is no multiple of 0.1: such a step is told to people alone.
    is_told = schema.get("converted") or not is_exact
    return _with_note(kept, type_phrase(kind)) if is_told else kept


def _runtime_type(schema: Schema, kind: FieldType) -> Schema:
    _, _, name = schema[_MARK].rpartition(".")
    meant, note = _RUNTIME_TYPES[name](kind)
    kept = {key: value for key, value in schema.items() if key not in {*_OUR_KEYS, "type"}}
    return _with_note({**meant, **kept}, note)


def _outputs(model: Schema, outputs: tuple[Output, ...]) -> Schema:
    properties = {o.wire_name: _received(model["properties"][o.wire_name], o) for o in outputs}
    return {**_without(model, "required"), "properties": properties, "additionalProperties": True}


def _received(schema: Schema, output: Output) -> Schema:
    return _nullable(_without(_sent(schema, output.type), "default"))


def _nullable(schema: Schema) -> Schema:
    """Let null through: on the wire it means absent."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]} if "type" in schema else schema


def _exclusive(endpoint: Endpoint) -> list[tuple[str, str]]:
    """Return which parameters exclude each other: raw prompt text and a conversation."""
    prompts, chats = (
        [p.wire_name for p in endpoint.inputs if isinstance(p.type, kind)]
        for kind in (PromptType, ChatType)
    )
    return list(product(prompts, chats))


def _both_given(first: str, second: str) -> Schema:
    return {
        "required": [first, second],
        "properties": {first: {"type": "string"}, second: {"type": "string"}},
    }


def _chat(kind: FieldType) -> tuple[Schema, str]:
    media = kind.media if isinstance(kind, ChatType) else ()
    parts: dict[str, Schema] = {"text": {"type": "string"}}
    parts |= {m.kind: {"type": "string", "pattern": DATA_URI} for m in media}
    part = {
        "type": "object",
        "properties": parts,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    message = {
        "type": "object",
        "properties": {
            "role": {"enum": list(ROLES)},
            "content": {"anyOf": [{"type": "string"}, {"type": "array", "items": part}]},
        },
        "required": ["role", "content"],
    }
    schema = {"type": "array", "items": message}
    limits = "".join(
        f"; {m.kind}: {limits_phrase(m).removeprefix('; ')}" for m in media if m.limits
    )
    return (
        {"type": "string", "contentMediaType": "application/json", "contentSchema": schema},
        f"{type_phrase(kind)}{limits}. Sent as JSON text within the JSON body",
    )


def _json_text(kind: FieldType) -> tuple[Schema, str]:
    return {"type": "string", **_ANY_JSON}, (
        f"{type_phrase(kind)}. Sent as JSON text within the JSON body"
    )


def _raw(kind: FieldType) -> tuple[Schema, str]:
    return {}, type_phrase(kind)


def _json_or_text(kind: FieldType) -> tuple[Schema, str]:
    return {}, "Any JSON value; many hubs send it as JSON text"


def _tool_calls(kind: FieldType) -> tuple[Schema, str]:
    texts: Schema = {"type": "string", "contentMediaType": "application/json"}
    calls: Schema = {"type": "array", "items": {"type": "object"}}
    return {"anyOf": [texts, calls]}, f"{type_phrase(kind)}, usually as JSON text"


def _chat_text(kind: FieldType) -> tuple[Schema, str]:
    spoken: Schema = {
        "type": "object",
        "properties": {"thinking": {"type": "string"}, "content": {"type": "string"}},
    }
    return {"anyOf": [{"type": "string"}, spoken]}, (
        "What the model said; an object where chat_output_format is json"
    )


def _media_input(kind: FieldType) -> tuple[Schema, str]:
    limits = limits_phrase(kind) if isinstance(kind, MediaType) else ""
    return {"type": "string", "pattern": DATA_URI}, (
        f"A data URI, `data:KIND/FORMAT;base64,BYTES`. The hub looks at the bytes{limits}"
    )


def _media_output(kind: FieldType) -> tuple[Schema, str]:
    return {"type": "string", "pattern": _MEDIA_OUTPUT}, (
        "A data URI with the format in capitals, or plain base64 without a header"
    )


_MEDIA = ("Image", "Audio", "Video")
_RUNTIME_TYPES: Mapping[str, Callable[[FieldType], tuple[Schema, str]]] = {
    "ChatContext": _chat,
    "ChatText": _chat_text,
    "Json": _json_text,
    "JsonOutput": _json_or_text,
    "RawJson": _raw,
    "ToolCalls": _tool_calls,
    "Tools": _json_text,
    **{f"{medium}Input": _media_input for medium in _MEDIA},
    **dict.fromkeys(_MEDIA, _media_output),
}


def _with_note(schema: Schema, note: str) -> Schema:
    said = str(schema.get("description", "")).rstrip(".")
    return {**schema, "description": f"{said}. {note}." if said else f"{note}."}


def _without(schema: Mapping[str, Any], *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}
