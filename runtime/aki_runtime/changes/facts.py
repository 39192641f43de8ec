"""What an endpoint's metadata says, freed from how it is said: the form in which two states are compared.

Spellings are one (`min` and `minimum`, `int` and `integer`), order does not count, and what is odd is kept aside
as `rest`; nothing that a hub can send raises. Must not know what a difference means, nor pydantic: it reads live
details in the client, where a failure to read must not become a second failure.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..shapes import is_multiple
from .fact_media import MEDIA, MediaLimits, chat_support, media_encoding, media_limits
from .fact_values import (
    Number,
    Reader,
    as_array,
    as_length,
    as_number,
    as_text,
    json_text,
    object_or_empty,
)

TRANSPORT_PARAMETERS = frozenset({"key", "client_session_auth_key", "wait_for_result"})
CONVERTIBLE = frozenset({"text", "integer", "number", "boolean", "choice"})
"""Types whose values the hub converts where `auto_convert` says so."""

_TYPES = {
    **{"string": "text", "str": "text", "text_context": "prompt", "chat_context": "chat"},
    **{"integer": "integer", "int": "integer", "float": "number"},
    **{"bool": "boolean", "boolean": "boolean", "selection": "choice", "json": "json"},
    **{kind: kind for kind in MEDIA},
    **{f"{kind}_list": f"{kind}_list" for kind in MEDIA},
}
_CHAT_PARAMETERS = frozenset({"chat_context", "chat_output_format", "prompt_input"})
_MAX_CHOICES = 10_000
_SMALLEST_STEP = 1e-12


@dataclass(frozen=True)
class FieldFacts:
    """What is said of one parameter, output or progress field.

    Attributes:
        type: text, prompt, integer, number, boolean, choice, json, chat, chat text, tool calls, image, image_list, …
            or the hub's own word in quotes where nobody has met it.
        required: Whether a call must give it, in fact: a choice that nothing stands in for is required too.
        default: What the hub uses in its absence, as JSON text.
        converts: Whether the hub fits other values instead of refusing them.
        choices: The values of a choice as JSON text, each once, sorted.
        media: Limits of a medium.
        support: What the messages of a chat may hold, with the limits of each.
        encoding: Format and colour space that a medium comes in.
        rest: Attributes that the client does not go by, as JSON text.
    """

    type: str = "text"
    required: bool = False
    default: str | None = None
    converts: bool = False
    minimum: Number | None = None
    maximum: Number | None = None
    step: Number | None = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    media: MediaLimits = ()
    support: tuple[tuple[str, MediaLimits], ...] = ()
    encoding: tuple[tuple[str, str], ...] = ()
    description: str = ""
    rest: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class EndpointFacts:
    """What is said of one endpoint, without figures that change from second to second."""

    title: str = ""
    description: str = ""
    category: str | None = None
    version: int | None = None
    input: Mapping[str, FieldFacts] = field(default_factory=dict[str, FieldFacts])
    output: Mapping[str, FieldFacts] = field(default_factory=dict[str, FieldFacts])
    progress: Mapping[str, FieldFacts] = field(default_factory=dict[str, FieldFacts])


def endpoint_facts(document: object) -> EndpointFacts:
    """Read a details document; what is none has no facts."""
    top = object_or_empty(document)
    sections = object_or_empty(top.get("parameter_description"))
    inputs = {
        name: field_facts(attributes)
        for name, attributes in object_or_empty(sections.get("input")).items()
        if name not in TRANSPORT_PARAMETERS
    }
    is_chat = any(f.type == "chat" for f in inputs.values()) or not _CHAT_PARAMETERS.isdisjoint(
        inputs
    )

    def outputs(section: object) -> dict[str, FieldFacts]:
        fields = object_or_empty(section).items()
        return {name: _output_facts(name, said, is_chat=is_chat) for name, said in fields}

    version = top.get("version")
    return EndpointFacts(
        title=as_text(top.get("title")) or "",
        description=as_text(top.get("description")) or "",
        category=as_text(top.get("category")),
        version=version if isinstance(version, int) and not isinstance(version, bool) else None,
        input=inputs,
        output=outputs(sections.get("output")),
        progress=outputs(object_or_empty(sections.get("progress")).get("OUTPUTS")),
    )


def fingerprint(document: object) -> str:
    """Return the SHA-256 of what a details document says; equal just where a comparison finds no change."""
    # As `asdict` would have it, without copying what is in it.
    said = json.dumps(endpoint_facts(document), default=vars, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def field_facts(attributes: object) -> FieldFacts:
    """Read the attributes of one field; attributes that are no object say nothing, which means text."""
    reader = Reader(attributes)
    kind = _type(reader)
    found: dict[str, Any] = {"description": reader.take("description", as_text) or ""}
    if kind == "choice":
        found["choices"] = _choices(reader)
        kind = kind if found["choices"] else "text"
    elif kind == "text":
        found["max_length"] = reader.take("max_length", as_length)
    elif kind in ("integer", "number"):
        found |= _range(reader, whole=kind == "integer")
    elif kind == "chat":
        found["support"] = chat_support(reader)
    elif kind in MEDIA:
        found["media"] = media_limits(reader)
    if kind.removesuffix("_list") in MEDIA:
        found["encoding"] = media_encoding(reader)
    converts, required = reader.flag("auto_convert"), reader.flag("required")
    facts = FieldFacts(type=kind, converts=converts and kind in CONVERTIBLE, **found)
    given = reader.pop("default")
    default = _usable_default(given, facts)
    # The hub refuses the absence of a choice for which it knows no stand-in, and of what has a default that it refuses.
    refused = given is not None and kind in CONVERTIBLE and not _is_cut(given, kind)
    required = required or (
        default is None and not facts.converts and (kind == "choice" or refused)
    )
    return replace(
        facts,
        required=required,
        default=None if required else default,
        rest=reader.rest(),
    )


def _is_cut(value: object, kind: str) -> bool:
    """Whether the hub takes a value for a number though it is none of this kind."""
    return (isinstance(value, bool) and kind == "number") or (
        isinstance(value, bool | float) and kind == "integer"
    )


def fits(value: object, facts: FieldFacts) -> bool:
    """Whether a field takes a value, as far as the value itself tells; of media nothing is known."""
    match facts.type:
        case "text" | "prompt":
            length = facts.max_length if not facts.converts else None
            return isinstance(value, str) and (length is None or len(value) <= length)
        case "integer" | "number":
            return _fits_range(as_number(value), facts)
        case "boolean":
            return isinstance(value, bool)
        case "choice":
            return json_text(value) in facts.choices
        case _:
            is_medium = facts.type.removesuffix("_list") in MEDIA
            return not is_medium and value is not None and value != ""


def _output_facts(name: str, attributes: object, *, is_chat: bool) -> FieldFacts:
    facts = field_facts(attributes)
    # These two come as text or as JSON, whatever is declared, and are read the same.
    if facts.type not in ("json", "text"):
        return facts
    if name == "tool_calls":
        return replace(facts, type="tool calls")
    return replace(facts, type="chat text") if name == "text" and is_chat else facts


def _type(reader: Reader) -> str:
    word = reader.pop("type")
    if word is None:
        return "text"
    known = _TYPES.get(word) if isinstance(word, str) else None
    return known or json_text(word)


def _choices(reader: Reader) -> tuple[str, ...]:
    values = reader.take("supported", as_array) or []
    usable = [v for v in values if isinstance(v, str | bool) or as_number(v) is not None]
    if not usable or len(values) > _MAX_CHOICES:
        reader.keep("supported", values)
        return ()
    return tuple(sorted({json_text(value) for value in usable}))


def _range(reader: Reader, *, whole: bool) -> dict[str, Any]:
    def bound(names: tuple[str, ...], rounded: Callable[[Number], int]) -> Number | None:
        value = reader.first(names, as_number)
        return rounded(value) if whole and value is not None else value

    low = bound(("min", "minimum"), math.ceil)
    high = bound(("max", "maximum"), math.floor)
    step = bound(("align",), math.ceil)
    if low is not None and high is not None and low > high:
        low = high = None
    if step is not None and (step < _SMALLEST_STEP or (whole and step == 1)):
        step = None
    return {"minimum": low, "maximum": high, "step": step}


def _usable_default(value: object, facts: FieldFacts) -> str | None:
    """Return the default as JSON text; None where there is none, or one that the hub would itself refuse."""
    return json_text(value) if fits(value, facts) else None


def _fits_range(figure: Number | None, facts: FieldFacts) -> bool:
    if figure is None or (facts.type == "integer" and not isinstance(figure, int)):
        return False
    low, high, step = facts.minimum, facts.maximum, facts.step
    inside = (low is None or figure >= low) and (high is None or figure <= high)
    return facts.converts or (inside and (step is None or is_multiple(figure, step)))
