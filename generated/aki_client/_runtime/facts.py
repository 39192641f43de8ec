"""What an endpoint's metadata says, freed from how it is said: the form in which two states are compared.

Spellings are one (`min` and `minimum`, `int` and `integer`), order does not count, and what is odd is kept aside
as `rest`; nothing that a hub can send raises. Must not know what a difference means, nor pydantic: it reads live
details in the client, where a failure to read must not become a second failure.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from .formats import normal_name
from .shapes import is_array, is_object

T = TypeVar("T")
Number = int | float

TRANSPORT_PARAMETERS = frozenset({"key", "client_session_auth_key", "wait_for_result"})
MEDIA = ("image", "audio", "video")
MEDIA_FIGURES = (
    "format",
    "color_space",
    "size",
    "sample_rate",
    "sample_bit_depth",
    "audio_bit_rate",
    "channels",
    "duration",
)
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
class MediaLimit:
    """What one figure of a medium may be; values as JSON text, empty where there is no limit."""

    supported: tuple[str, ...] = ()
    minimum: tuple[Number, ...] = ()
    maximum: tuple[Number, ...] = ()
    align: tuple[Number, ...] = ()
    converts: bool = False


MediaLimits = tuple[tuple[str, MediaLimit], ...]
"""Limits by the figure's name, sorted."""


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
    top = _object(document)
    sections = _object(top.get("parameter_description"))
    inputs = {
        name: field_facts(attributes)
        for name, attributes in _object(sections.get("input")).items()
        if name not in TRANSPORT_PARAMETERS
    }
    is_chat = any(f.type == "chat" for f in inputs.values()) or not _CHAT_PARAMETERS.isdisjoint(
        inputs
    )

    def outputs(section: object) -> dict[str, FieldFacts]:
        fields = _object(section).items()
        return {name: _output_facts(name, said, is_chat=is_chat) for name, said in fields}

    version = top.get("version")
    return EndpointFacts(
        title=_text(top.get("title")) or "",
        description=_text(top.get("description")) or "",
        category=_text(top.get("category")),
        version=version if isinstance(version, int) and not isinstance(version, bool) else None,
        input=inputs,
        output=outputs(sections.get("output")),
        progress=outputs(_object(sections.get("progress")).get("OUTPUTS")),
    )


def fingerprint(document: object) -> str:
    """Return the SHA-256 of what a details document says; equal just where a comparison finds no change."""
    said = json.dumps(asdict(endpoint_facts(document)), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def field_facts(attributes: object) -> FieldFacts:
    """Read the attributes of one field; attributes that are no object say nothing, which means text."""
    reader = _Reader(_object(attributes))
    kind = _type(reader)
    found: dict[str, Any] = {"description": reader.take("description", _text) or ""}
    if kind == "choice":
        found["choices"] = _choices(reader)
        kind = kind if found["choices"] else "text"
    elif kind == "text":
        found["max_length"] = reader.take("max_length", _length)
    elif kind in ("integer", "number"):
        found |= _range(reader, whole=kind == "integer")
    elif kind == "chat":
        found["support"] = _support(reader)
    elif kind in MEDIA:
        found["media"] = _media_limits(reader)
    if kind.removesuffix("_list") in MEDIA:
        found["encoding"] = _encoding(reader)
    converts, required = reader.flag("auto_convert"), reader.flag("required")
    facts = FieldFacts(type=kind, converts=converts and kind in CONVERTIBLE, **found)
    default = _usable_default(reader.pop("default"), facts)
    # The hub refuses the absence of a choice for which it knows no stand-in.
    required = required or (kind == "choice" and default is None and not facts.converts)
    return FieldFacts(
        **{
            **vars(facts),
            "required": required,
            "default": None if required else default,
            "rest": reader.rest(),
        }
    )


def json_text(value: object) -> str:
    """Return a value as JSON text that is the same for the same value: keys sorted, 8.0 as 8."""
    try:
        return json.dumps(_plain(value), sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        # Nested deeper than Python follows: that there is something is all that can be told.
        return json.dumps(type(value).__name__)


def is_multiple(value: Number, step: Number) -> bool:
    """Whether a number is a multiple of a step, as far as floats can tell."""
    try:
        quotient = value / step
    except OverflowError:
        return value % step == 0
    return not math.isfinite(quotient) or abs(quotient - round(quotient)) <= 1e-9


class _Reader:
    """The attributes of a field, each of which is taken once; null is the same as absent."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._left = {name: value for name, value in attributes.items() if value is not None}

    def take(self, name: str, read: Callable[[object], T | None]) -> T | None:
        """Return what an attribute says; one that says nothing usable is left."""
        value = read(self._left.get(name))
        if value is not None:
            del self._left[name]
        return value

    def first(self, names: tuple[str, ...], read: Callable[[object], T | None]) -> T | None:
        """Return what the first of some spellings says."""
        return next((value for name in names if (value := self.take(name, read)) is not None), None)

    def flag(self, name: str) -> bool:
        """Return whether an attribute is true."""
        return self.take(name, lambda value: value if isinstance(value, bool) else None) is True

    def pop(self, name: str) -> object:
        """Return an attribute, which is thereby dealt with."""
        return self._left.pop(name, None)

    def keep(self, name: str, value: object) -> None:
        """Put back what is left of an attribute."""
        self._left[name] = value

    def rest(self) -> tuple[tuple[str, str], ...]:
        """Return what nobody took."""
        return tuple(sorted((name, json_text(value)) for name, value in self._left.items()))

    def left(self) -> dict[str, Any]:
        """Return what nobody took, as it came."""
        return self._left


def _output_facts(name: str, attributes: object, *, is_chat: bool) -> FieldFacts:
    facts = field_facts(attributes)
    # These two come as text or as JSON, whatever is declared, and are read the same.
    role = {"tool_calls": "tool calls", "text": "chat text" if is_chat else "text"}.get(name)
    if role is None or facts.type not in ("json", "text"):
        return facts
    return FieldFacts(**{**vars(facts), "type": role})


def _type(reader: _Reader) -> str:
    word = reader.pop("type")
    if word is None:
        return "text"
    known = _TYPES.get(word) if isinstance(word, str) else None
    return known or json_text(word)


def _choices(reader: _Reader) -> tuple[str, ...]:
    values = reader.take("supported", lambda value: value if is_array(value) else None) or []
    usable = [v for v in values if isinstance(v, str | bool) or _number(v) is not None]
    if not usable or len(values) > _MAX_CHOICES:
        reader.keep("supported", values)
        return ()
    return tuple(sorted({json_text(value) for value in usable}))


def _range(reader: _Reader, *, whole: bool) -> dict[str, Any]:
    def bound(names: tuple[str, ...], rounded: Callable[[Number], int]) -> Number | None:
        value = reader.first(names, _number)
        return rounded(value) if whole and value is not None else value

    low = bound(("minimum", "min"), math.ceil)
    high = bound(("maximum", "max"), math.floor)
    step = bound(("align",), math.ceil)
    if low is not None and high is not None and low > high:
        low = high = None
    if step is not None and (step < _SMALLEST_STEP or (whole and step == 1)):
        step = None
    return {"minimum": low, "maximum": high, "step": step}


def _support(reader: _Reader) -> tuple[tuple[str, MediaLimits], ...]:
    named = reader.take("support", lambda value: value if is_array(value) else None) or []
    found: list[tuple[str, MediaLimits]] = []
    for kind in MEDIA:
        if kind not in [word for word in named if isinstance(word, str)]:
            continue
        inner = _Reader(_object(reader.pop(kind)))
        found.append((kind, _media_limits(inner)))
        if inner.left():
            reader.keep(kind, inner.left())
    return tuple(found)


def _media_limits(reader: _Reader) -> MediaLimits:
    limits: list[tuple[str, MediaLimit]] = []
    for name in MEDIA_FIGURES:
        described = reader.take(name, lambda value: value if is_object(value) else None)
        if described is None:
            continue
        inner = _Reader(described)
        limit = _media_limit(name, inner)
        if limit != MediaLimit() and limit != MediaLimit(converts=True):
            limits.append((name, limit))
        if inner.left():
            reader.keep(name, inner.left())
    return tuple(sorted(limits))


def _media_limit(name: str, reader: _Reader) -> MediaLimit:
    def figures(value: object) -> tuple[Number, ...] | None:
        values = value if is_array(value) else [value]
        numbers = tuple(n for v in values if (n := _number(v)) is not None)
        whole = len(numbers) == len(values) == (2 if name == "size" else 1)
        return numbers if whole else None

    supported = reader.take("supported", lambda value: value if is_array(value) else None) or []
    if name == "format":
        supported = [normal_name(value) for value in supported if isinstance(value, str)]
    return MediaLimit(
        supported=tuple(
            sorted(
                {json_text(v) for v in supported if isinstance(v, str) or _number(v) is not None}
            )
        ),
        minimum=reader.first(("minimum", "min"), figures) or (),
        maximum=reader.first(("maximum", "max"), figures) or (),
        align=reader.take("align", figures) or (),
        converts=reader.flag("auto_convert"),
    )


def _encoding(reader: _Reader) -> tuple[tuple[str, str], ...]:
    form, colours = reader.take("format", _text), reader.take("color_space", _text)
    named = {"color_space": colours, "format": normal_name(form) if form else None}
    return tuple((name, value) for name, value in named.items() if value)


def _usable_default(value: object, facts: FieldFacts) -> str | None:
    """Return the default as JSON text; None where there is none, or one that the hub would itself refuse."""
    text = json_text(value)
    match facts.type:
        case "text" | "prompt":
            length = facts.max_length if not facts.converts else None
            fits = isinstance(value, str) and (length is None or len(value) <= length)
        case "integer" | "number":
            fits = _fits_range(_number(value), facts)
        case "boolean":
            fits = isinstance(value, bool)
        case "choice":
            fits = text in facts.choices
        case _:
            is_medium = facts.type.removesuffix("_list") in MEDIA
            fits = not is_medium and value is not None and value != ""
    return text if fits else None


def _fits_range(number: Number | None, facts: FieldFacts) -> bool:
    if number is None or (facts.type == "integer" and not isinstance(number, int)):
        return False
    low, high, step = facts.minimum, facts.maximum, facts.step
    inside = (low is None or number >= low) and (high is None or number <= high)
    return facts.converts or (inside and (step is None or is_multiple(number, step)))


def _number(value: object) -> Number | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) if isinstance(value, float) else abs(value) >= 10**300:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _length(value: object) -> int | None:
    number = _number(value)
    return number if isinstance(number, int) and 0 <= number <= 10**12 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _object(value: object) -> Mapping[str, Any]:
    return value if is_object(value) else {}


def _plain(value: object) -> object:
    if is_object(value):
        return {name: _plain(inner) for name, inner in value.items()}
    if is_array(value):
        return [_plain(inner) for inner in value]
    number = _number(value)
    return value if number is None else number
