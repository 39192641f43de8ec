"""From the IR to JSON Schema, by one table of types: what travels, and what a model has instead.

What JSON Schema cannot check (the bytes of a medium, the document within a text) is said in words and in the
`content…` keywords. Every key comes from here, none from a hub: datamodel-code-generator obeys what a schema says,
imports included, so it is never shown a document that came from outside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Any, TypeAlias

from aki_runtime.chat.messages import ROLES

from .. import ir
from ..literals import doc_text
from .describe import limits_phrase, type_phrase

Schema: TypeAlias = dict[str, Any]

EXTRA_KEYS = frozenset({"choices", "converted", "kind", "media", "step", "support"})
"""Our own keys, which the generated models carry in `json_schema_extra`; the runtime reads them."""

RUNTIME_TYPES = {
    name: module
    for module, names in {
        "chat.messages": "ChatContext",
        "chat.text": "ChatText",
        "chat.tools": "ToolCalls Tools",
        "json_value": "Json JsonOutput RawJson",
        "media.inputs": "AudioInput ImageInput VideoInput",
        "media.objects": "Audio Image Video",
    }.items()
    for name in names.split()
}
"""The runtime's types that fields of generated models may have, and the module of the runtime where each lives."""

DATA_URI = r"^data:[^,]*;base64,[A-Za-z0-9+/]+={0,2}$"
"""The server looks at the bytes, not at the header, so that any header passes."""

_MEDIA_OUTPUT = r"^(data:[^,]*;base64,)?[A-Za-z0-9+/]*={0,2}$"
_NULL: Schema = {"type": "null"}


@dataclass(frozen=True)
class FieldSchema:
    """The schema of a field.

    Attributes:
        common: What is the same on the wire and in a model.
        wire: What is added for the wire.
        model: What is added for a model: our own keys, or the type of the runtime that it has.
        note: What the schema of the wire cannot check, in words.
    """

    common: Schema
    wire: Schema = field(default_factory=Schema)
    model: Schema = field(default_factory=Schema)
    note: str = ""


@dataclass(frozen=True)
class ModelSchema:
    """A model that is to be generated.

    Attributes:
        name: The name of its class.
        part: What of an endpoint it is: "Input", "Output" or "Progress".
        fields: The names of its fields in Python, by the hub's.
        schema: What it is to be.
    """

    name: str
    part: str
    fields: dict[str, str]
    schema: Schema


def model_schemas(endpoint: ir.Endpoint) -> list[ModelSchema]:
    """Return the schemas of an endpoint's three models."""
    # A non-empty `error` is an exception, so a result that is read has none.
    # Where a model calls no tool, the hub sends no calls.
    given = [
        o.wire_name
        for o in endpoint.outputs
        if o.wire_name != "error" and not isinstance(o.type, ir.ToolCallsType)
    ]
    parts: list[tuple[str, Sequence[ir.Parameter | ir.Output], list[str]]] = [
        ("Input", endpoint.inputs, [p.wire_name for p in endpoint.inputs if p.required]),
        ("Output", endpoint.outputs, given),
        ("Progress", endpoint.progress, []),
    ]
    return [
        ModelSchema(
            f"{endpoint.models}{part}",
            part,
            {each.wire_name: str(each.name) for each in fields},
            _object({each.wire_name: _in_model(each) for each in fields}, required=required),
        )
        for part, fields, required in parts
    ]


def input_schema(endpoint: ir.Endpoint) -> Schema:
    """Return the schema of an endpoint's inputs as they are sent; the transport's own fields are not among them."""
    schema = _object(
        {p.wire_name: _on_wire(p) for p in endpoint.inputs},
        required=[p.wire_name for p in endpoint.inputs if p.required],
        additionalProperties=False,
    )
    # Raw prompt text and a conversation exclude each other.
    prompts, chats = (
        [p.wire_name for p in endpoint.inputs if isinstance(p.type, kind)]
        for kind in (ir.PromptType, ir.ChatType)
    )
    text: Schema = {"type": "string"}
    both = [
        {"required": [*pair], "properties": dict.fromkeys(pair, text)}
        for pair in product(prompts, chats)
    ]
    return {**schema, "not": {"anyOf": both}} if both else schema


def output_schema(outputs: Iterable[ir.Output]) -> Schema:
    """Return the schema of outputs or progress; a worker may leave any of them out, and add others."""
    return _object({o.wire_name: _on_wire(o) for o in outputs}, additionalProperties=True)


def _object(properties: Schema, **rest: Any) -> Schema:
    return {"type": "object", "properties": properties, **rest}


def _in_model(each: ir.Parameter | ir.Output) -> Schema:
    if isinstance(each, ir.Output):
        found = _outgoing(each.type)
        return {**found.common, **found.model, **_about(each)}
    found = _incoming(each.type)
    schema = {**found.common, **found.model, **_about(each)}
    # None is as good as absent.
    return schema if each.required else {**schema, "nullable": True}


def _on_wire(each: ir.Parameter | ir.Output) -> Schema:
    found = _outgoing(each.type) if isinstance(each, ir.Output) else _incoming(each.type)
    schema = _with_note({**found.common, **found.wire, **_about(each)}, found.note)
    is_required = isinstance(each, ir.Parameter) and each.required
    return schema if is_required else _nullable(schema)


def _about(each: ir.Parameter | ir.Output) -> Schema:
    about: Schema = {}
    default = each.default if isinstance(each, ir.Parameter) else None
    if default is not None and (type(each.type) in _PLAIN or isinstance(each.type, ir.ChoiceType)):
        about["default"] = default.value
    text = doc_text(each.description)
    return {**about, "description": text} if text else about


def _with_note(schema: Schema, note: str) -> Schema:
    said = str(schema.get("description", "")).rstrip(".")
    return {**schema, "description": f"{said}. {note}." if said else f"{note}."} if note else schema


def _nullable(schema: Schema) -> Schema:
    """Let null through: on the wire it means absent."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], _NULL]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]} if "type" in schema else schema


_PLAIN: dict[type[ir.FieldType], str] = {
    ir.BooleanType: "boolean",
    ir.FloatType: "number",
    ir.IntegerType: "integer",
    ir.PromptType: "string",
    ir.TextType: "string",
}
"""The types that JSON Schema has."""


def _incoming(kind: ir.FieldType) -> FieldSchema:
    match kind:
        case ir.TextType():
            return _text(kind)
        case ir.BooleanType(enforced):
            boolean: Schema = {"type": "boolean"}
            return FieldSchema(boolean) if enforced else _converted(boolean, {}, kind)
        case ir.IntegerType(limits) | ir.FloatType(limits):
            return _number(_PLAIN[type(kind)], limits, kind)
        case ir.PromptType() | ir.ChatTextType():
            kept = {"kind": "text_context"} if isinstance(kind, ir.PromptType) else {}
            return FieldSchema({"type": "string"}, model=kept)
        case ir.ChoiceType():
            return _choice(kind)
        case ir.ChatType(media):
            return _chat(kind, media)
        case ir.MediaType():
            return _media_input(kind)
        case ir.MediaListType():
            return _list_of(_media_input(kind))
        case ir.JsonType() | ir.ToolCallsType() | ir.ToolsType():
            name = "Tools" if isinstance(kind, ir.ToolsType) else "Json"
            return _runtime(name, *_as_text(kind, True))
        case ir.UnknownType():
            return _runtime("RawJson", {}, type_phrase(kind))


def _outgoing(kind: ir.FieldType) -> FieldSchema:
    match kind:
        case ir.TextType() | ir.PromptType() | ir.IntegerType() | ir.FloatType() | ir.BooleanType():
            return FieldSchema({"type": _PLAIN[type(kind)]})
        case ir.ChoiceType(choices):
            return FieldSchema(_open_choice(choices))
        case ir.ChatTextType():
            spoken = _object({"thinking": {"type": "string"}, "content": {"type": "string"}})
            note = "What the model said; an object where chat_output_format is json"
            return _runtime("ChatText", {"anyOf": [{"type": "string"}, spoken]}, note)
        case ir.ToolCallsType():
            text: Schema = {"type": "string", "contentMediaType": "application/json"}
            calls: Schema = {"type": "array", "items": {"type": "object"}}
            note = f"{type_phrase(kind)}, usually as JSON text"
            return _runtime("ToolCalls", {"anyOf": [text, calls]}, note, default=[])
        case ir.JsonType() | ir.UnknownType() | ir.ChatType() | ir.ToolsType():
            return _runtime("JsonOutput", {}, "Any JSON value; many hubs send it as JSON text")
        case ir.MediaType(medium):
            return _media_output(medium.capitalize())
        case ir.MediaListType(medium):
            return _list_of(_media_output(medium.capitalize()))


def _runtime(name: str, wire: Schema, note: str, **keys: Any) -> FieldSchema:
    """Return the schema of a type that JSON Schema does not have: a model takes that of the runtime."""
    path = f"aki_runtime.{RUNTIME_TYPES[name]}.{name}"
    return FieldSchema({}, wire, {"type": "string", "x-python-type": path, **keys}, note)


def _list_of(item: FieldSchema) -> FieldSchema:
    wire = _with_note(item.wire, item.note)
    return FieldSchema({"type": "array"}, {"items": wire}, {"items": item.model})


def _converted(schema: Schema, rules: Schema, kind: ir.FieldType) -> FieldSchema:
    """Return the schema of a type whose values the hub converts: its rules are shown and not enforced."""
    return FieldSchema(schema, {}, {"converted": rules}, type_phrase(kind) if rules else "")


def _text(kind: ir.TextType) -> FieldSchema:
    length = {} if kind.max_length is None else {"max_length": kind.max_length}
    if not kind.enforced:
        return _converted({"type": "string"}, length, kind)
    return FieldSchema({"type": "string", **({"maxLength": kind.max_length} if length else {})})


def _number(word: str, limits: ir.Range, kind: ir.FieldType) -> FieldSchema:
    named = {"minimum": limits.minimum, "maximum": limits.maximum, "step": limits.step}
    rules = {name: value for name, value in named.items() if value is not None}
    if not limits.enforced:
        return _converted({"type": word}, rules, kind)
    step = rules.pop("step", None)
    bounded = {"type": word, **rules}
    if step is None:
        return FieldSchema(bounded)
    if Decimal(str(step)) != Decimal(step):
        # To tools that divide floats, 0.3 is not a multiple of 0.1: only people learn of such a step.
        return FieldSchema(bounded, {}, {"step": step}, type_phrase(kind))
    checked = {} if (step, word) == (1, "integer") else {"multipleOf": step}
    return FieldSchema(bounded, checked, {"step": step})


def _choice(kind: ir.ChoiceType) -> FieldSchema:
    choices = list(kind.choices)
    if not all(map(_has_literal, choices)):
        # The runtime's models check the choices.
        schema = _with_floats(choices)
        if not kind.enforced:
            return _converted(schema, {"choices": choices}, kind)
        # Not an enum on the wire: many tools know enums of texts and of whole numbers only.
        constants: Schema = {"anyOf": [{"const": choice} for choice in choices]}
        return FieldSchema({}, constants, {**schema, "choices": choices})
    if kind.enforced:
        return FieldSchema({"enum": choices})
    return _converted(_open_choice(kind.choices), {"choices": choices}, kind)


def _has_literal(choice: object) -> bool:
    """Whether a type can name a choice: there is none for a float, and mypy knows integers of 64 bits."""
    return isinstance(choice, str | bool) or (isinstance(choice, int) and abs(choice) < 2**63)


def _with_floats(choices: list[ir.Scalar]) -> Schema:
    words = [choice for choice in choices if isinstance(choice, str | bool)]
    number: Schema = {"type": "number"}
    return {"anyOf": [{"enum": words}, number]} if words else number


def _open_choice(choices: tuple[ir.Scalar, ...]) -> Schema:
    """Let through what a hub may add later, too."""
    words = ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"))
    kinds = [{"type": word} for of, word in words if any(type(choice) is of for choice in choices)]
    named = [choice for choice in choices if _has_literal(choice)]
    return {"anyOf": [*([{"enum": named}] if named else []), *kinds]}


def _chat(kind: ir.FieldType, media: Sequence[ir.MediaType]) -> FieldSchema:
    parts: Schema = {"text": {"type": "string"}}
    parts |= {m.kind: {"type": "string", "pattern": DATA_URI} for m in media}
    part = _object(parts, additionalProperties=False, minProperties=1, maxProperties=1)
    content = {"anyOf": [{"type": "string"}, {"type": "array", "items": part}]}
    message = _object(
        {"role": {"enum": list(ROLES)}, "content": content}, required=["role", "content"]
    )
    limits = "".join(
        f"; {m.kind}: {limits_phrase(m).removeprefix('; ')}" for m in media if m.limits
    )
    support = {medium.kind: _media_limits(medium) for medium in media}
    wire, note = _as_text(kind, {"type": "array", "items": message}, limits)
    return _runtime("ChatContext", wire, note, **({"support": support} if support else {}))


def _as_text(kind: ir.FieldType, document: object, limits: str = "") -> tuple[Schema, str]:
    wire = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": document,
    }
    return wire, f"{type_phrase(kind)}{limits}. Sent as JSON text within the JSON body"


def _media_input(kind: ir.MediaType | ir.MediaListType) -> FieldSchema:
    phrase, keys = "", {}
    if isinstance(kind, ir.MediaType) and kind.limits:
        phrase, keys = limits_phrase(kind), {"media": _media_limits(kind)}
    note = f"A data URI, `data:KIND/FORMAT;base64,BYTES`. The hub looks at the bytes{phrase}"
    wire = {"type": "string", "pattern": DATA_URI}
    return _runtime(f"{kind.kind.capitalize()}Input", wire, note, **keys)


def _media_output(name: str) -> FieldSchema:
    note = "A data URI with the format in capitals, or plain base64 without a header"
    return _runtime(name, {"type": "string", "pattern": _MEDIA_OUTPUT}, note)


def _media_limits(kind: ir.MediaType) -> Schema:
    return {name: _limit(limit) for name, limit in kind.limits}


def _limit(limit: ir.Limit) -> Schema:
    said = {
        "supported": list(limit.supported),
        "minimum": list(limit.minimum),
        "maximum": list(limit.maximum),
        "align": list(limit.align),
        "converted": not limit.enforced,
    }
    return {name: value for name, value in said.items() if value}
