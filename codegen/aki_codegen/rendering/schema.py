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
from aki_runtime.fields.types import carried, input_type, limits_of, shown_default
from aki_runtime.metadata import MEDIA, Scalar

from .. import ir
from ..literals import doc_text
from .describe import limits_phrase, type_phrase

Schema: TypeAlias = dict[str, Any]

_OUTPUT_TYPES: dict[str, str] = {
    "chat text": "aki_runtime.chat.text.ChatText",
    "tool calls": "aki_runtime.chat.tools.ToolCalls",
    **{kind: f"aki_runtime.media.objects.{kind.capitalize()}" for kind in MEDIA},
}
_ANY_OUTPUT = "aki_runtime.json_value.JsonOutput"

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


def model_schemas(endpoint: ir.NamedEndpoint) -> list[ModelSchema]:
    """Return the schemas of an endpoint's three models."""
    # A non-empty `error` is an exception, so a result that is read has none.
    # Where a model calls no tool, the hub sends no calls.
    given = [o for o in endpoint.outputs if o.wire_name != "error" and o.type != "tool calls"]
    parts: list[tuple[str, Sequence[ir.Field], Sequence[ir.Field]]] = [
        ("Input", endpoint.inputs, [p for p in endpoint.inputs if p.required]),
        ("Output", endpoint.outputs, given),
        ("Progress", endpoint.progress, []),
    ]
    return [
        ModelSchema(
            f"{endpoint.models}{part}",
            part,
            {each.wire_name: str(each.name) for each in fields},
            _object(
                {each.wire_name: _in_model(each, is_input=part == "Input") for each in fields},
                required=[each.wire_name for each in required],
            ),
        )
        for part, fields, required in parts
    ]


def input_schema(endpoint: ir.NamedEndpoint) -> Schema:
    """Return the schema of an endpoint's inputs as they are sent; the transport's own fields are not among them."""
    schema = _object(
        {p.wire_name: _on_wire(p, is_input=True) for p in endpoint.inputs},
        required=[p.wire_name for p in endpoint.inputs if p.required],
        additionalProperties=False,
    )
    # Raw prompt text and a conversation exclude each other.
    prompts, chats = (
        [p.wire_name for p in endpoint.inputs if p.type == kind] for kind in ("prompt", "chat")
    )
    text: Schema = {"type": "string"}
    both = [
        {"required": [*pair], "properties": dict.fromkeys(pair, text)}
        for pair in product(prompts, chats)
    ]
    return {**schema, "not": {"anyOf": both}} if both else schema


def output_schema(outputs: Iterable[ir.Field]) -> Schema:
    """Return the schema of outputs or progress; a worker may leave any of them out, and add others."""
    received = {o.wire_name: _on_wire(o, is_input=False) for o in outputs}
    return _object(received, additionalProperties=True)


def _object(properties: Schema, **rest: Any) -> Schema:
    return {"type": "object", "properties": properties, **rest}


def _in_model(field: ir.Field, *, is_input: bool) -> Schema:
    found = _incoming(field) if is_input else _outgoing(field)
    schema = {**found.common, **found.model, **_about(field, is_input=is_input)}
    # None is as good as absent.
    return {**schema, "nullable": True} if is_input and not field.required else schema


def _on_wire(field: ir.Field, *, is_input: bool) -> Schema:
    found = _incoming(field) if is_input else _outgoing(field)
    schema = {**found.common, **found.wire, **_about(field, is_input=is_input)}
    noted = _with_note(schema, found.note)
    return noted if is_input and field.required else _nullable(noted)


def _about(field: ir.Field, *, is_input: bool) -> Schema:
    default = shown_default(field) if is_input else None
    text = doc_text(field.description)
    return {
        **({"default": default} if default is not None else {}),
        **({"description": text} if text else {}),
    }


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


_PLAIN = {"prompt": "string", "text": "string"} | {
    word: word for word in ("boolean", "integer", "number")
}
"""The types that JSON Schema has."""


def _incoming(field: ir.Field) -> FieldSchema:
    if field.medium is not None:
        medium = _media_input(field)
        return _list_of(medium) if field.is_list else medium
    match field.type:
        case "boolean" | "integer" | "number" | "text":
            return _plain(field)
        case "prompt":
            return FieldSchema({"type": "string"}, model=carried(field))
        case "choice":
            return _choice(field)
        case "chat":
            return _chat(field)
        case "json":
            return _runtime(input_type(field), *_as_text(field, True))
        case _:
            return _runtime(input_type(field), {}, type_phrase(field))


def _outgoing(field: ir.Field) -> FieldSchema:
    if field.medium is not None:
        medium = _media_output(field.medium)
        return _list_of(medium) if field.is_list else medium
    if field.type in _PLAIN:
        return FieldSchema({"type": _PLAIN[field.type]})
    match field.type:
        case "choice":
            return FieldSchema(_open_choice(field.choices))
        case "chat text":
            spoken = _object({"thinking": {"type": "string"}, "content": {"type": "string"}})
            note = "What the model said; an object where chat_output_format is json"
            wire = {"anyOf": [{"type": "string"}, spoken]}
            return _runtime(_OUTPUT_TYPES[field.type], wire, note)
        case "tool calls":
            text: Schema = {"type": "string", "contentMediaType": "application/json"}
            calls: Schema = {"type": "array", "items": {"type": "object"}}
            note = f"{type_phrase(field)}, usually as JSON text"
            wire = {"anyOf": [text, calls]}
            return _runtime(_OUTPUT_TYPES[field.type], wire, note, default=[])
        case _:
            return _runtime(_ANY_OUTPUT, {}, "Any JSON value; many hubs send it as JSON text")


def _runtime(path: str, wire: Schema, note: str, **keys: Any) -> FieldSchema:
    """Return the schema of a type that JSON Schema does not have: a model takes that of the runtime."""
    return FieldSchema({}, wire, {"type": "string", "x-python-type": path, **keys}, note)


def _list_of(item: FieldSchema) -> FieldSchema:
    wire = _with_note(item.wire, item.note)
    return FieldSchema({"type": "array"}, {"items": wire}, {"items": item.model})


def _converted(schema: Schema, field: ir.Field) -> FieldSchema:
    """Return the schema of a type whose values the hub converts: its rules are shown and not enforced."""
    rules = carried(field)
    return FieldSchema(schema, {}, rules, type_phrase(field) if rules["converted"] else "")


def _plain(field: ir.Field) -> FieldSchema:
    word = _PLAIN[field.type]
    if field.converts:
        return _converted({"type": word}, field)
    rules = limits_of(field)
    step = rules.pop("step", None)
    if "max_length" in rules:
        rules["maxLength"] = rules.pop("max_length")
    bounded = {"type": word, **rules}
    if step is None:
        return FieldSchema(bounded)
    if Decimal(str(step)) != Decimal(step):
        # To tools that divide floats, 0.3 is not a multiple of 0.1: only people learn of such a step.
        return FieldSchema(bounded, {}, carried(field), type_phrase(field))
    checked = {} if (step, word) == (1, "integer") else {"multipleOf": step}
    return FieldSchema(bounded, checked, carried(field))


def _choice(field: ir.Field) -> FieldSchema:
    choices = list(field.choices)
    if not all(map(_has_literal, choices)):
        # The runtime's models check the choices.
        schema = _with_floats(choices)
        if field.converts:
            return _converted(schema, field)
        # Not an enum on the wire: many tools know enums of texts and of whole numbers only.
        constants: Schema = {"anyOf": [{"const": choice} for choice in choices]}
        return FieldSchema({}, constants, {**schema, "choices": choices})
    if not field.converts:
        return FieldSchema({"enum": choices})
    return _converted(_open_choice(field.choices), field)


def _has_literal(choice: object) -> bool:
    """Whether a type can name a choice: there is none for a float, and mypy knows integers of 64 bits."""
    return isinstance(choice, str | bool) or (isinstance(choice, int) and abs(choice) < 2**63)


def _with_floats(choices: list[Scalar]) -> Schema:
    words = [choice for choice in choices if isinstance(choice, str | bool)]
    number: Schema = {"type": "number"}
    return {"anyOf": [{"enum": words}, number]} if words else number


def _open_choice(choices: tuple[Scalar, ...]) -> Schema:
    """Let through what a hub may add later, too."""
    words = ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"))
    kinds = [{"type": word} for of, word in words if any(type(choice) is of for choice in choices)]
    named = [choice for choice in choices if _has_literal(choice)]
    return {"anyOf": [*([{"enum": named}] if named else []), *kinds]}


def _chat(field: ir.Field) -> FieldSchema:
    parts: Schema = {"text": {"type": "string"}}
    parts |= {kind: {"type": "string", "pattern": DATA_URI} for kind in field.support}
    part = _object(parts, additionalProperties=False, minProperties=1, maxProperties=1)
    content = {"anyOf": [{"type": "string"}, {"type": "array", "items": part}]}
    message = _object(
        {"role": {"enum": list(ROLES)}, "content": content}, required=["role", "content"]
    )
    limits = "".join(
        f"; {kind}: {limits_phrase(limits).removeprefix('; ')}"
        for kind, limits in field.support.items()
        if limits
    )
    wire, note = _as_text(field, {"type": "array", "items": message}, limits)
    return _runtime(input_type(field), wire, note, **carried(field))


def _as_text(field: ir.Field, document: object, limits: str = "") -> tuple[Schema, str]:
    wire = {"type": "string", "contentMediaType": "application/json", "contentSchema": document}
    return wire, f"{type_phrase(field)}{limits}. Sent as JSON text within the JSON body"


def _media_input(field: ir.Field) -> FieldSchema:
    phrase = limits_phrase(field.media)
    note = f"A data URI, `data:KIND/FORMAT;base64,BYTES`. The hub looks at the bytes{phrase}"
    wire = {"type": "string", "pattern": DATA_URI}
    return _runtime(input_type(field), wire, note, **carried(field))


def _media_output(kind: str) -> FieldSchema:
    note = "A data URI with the format in capitals, or plain base64 without a header"
    return _runtime(_OUTPUT_TYPES[kind], {"type": "string", "pattern": _MEDIA_OUTPUT}, note)
