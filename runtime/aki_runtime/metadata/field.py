"""One parameter, output or progress field: what each type word and attribute of a hub means, and that in words.

An attribute of a field is named, read, and said, here alone. It must not know where its words are shown: part of them
are a hub's, and whoever shows them makes those harmless.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..media.formats import Kind
from ..shapes import is_multiple, is_utf8, range_in_words
from .attributes import (
    MAXIMUM,
    MINIMUM,
    Attributes,
    Report,
    Scalar,
    array_or_none,
    is_finite_number,
    json_text,
    shown,
    text_or_none,
)
from .media import (
    MEDIA,
    MediaLimits,
    limits_in_words,
    read_encoding,
    read_limits,
    read_support,
)

TYPES: dict[str, str] = {
    **{"string": "text", "str": "text", "text_context": "prompt", "chat_context": "chat"},
    **{"integer": "integer", "int": "integer", "float": "number"},
    **{"bool": "boolean", "boolean": "boolean", "selection": "choice", "json": "json"},
    **dict(zip(MEDIA, MEDIA, strict=True)),
    **{f"{kind}_list": f"{kind}_list" for kind in MEDIA},
}
"""The type words that hubs use, and the type that each means."""

_MEDIUM: dict[str, Kind] = {f"{kind}{more}": kind for kind in MEDIA for more in ("", "_list")}

CONVERTIBLE = frozenset({"text", "integer", "number", "boolean", "choice"})
"""Types whose values the hub converts where `auto_convert` says so."""

MAX_CHOICES = 10_000
MAX_TEXT_LENGTH = 10**12
SMALLEST_STEP = 1e-12
MAX_SHOWN_CHOICES = 20

_NOTHING: Mapping[Any, Any] = {}
"""What a field has where the hub says nothing: one for all, since a hub has many fields."""

_KINDS = {
    "text": "Text",
    "prompt": "Raw prompt text, instead of a conversation",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "True or false",
    "choice": "One of",
    "json": "Any JSON value",
    "chat": "Messages of a conversation, the last one the user's",
    "chat text": "Text, with its thinking and content apart",
    "tool calls": "Calls that the model asks for",
    "image": "An image",
    "audio": "Audio",
    "video": "A video",
}


@dataclass(frozen=True)
class FieldMetadata:
    """What a hub says of one parameter, output or progress field; equal where the same is said.

    Attributes:
        wire_name: Its name on the hub.
        type: text, prompt, integer, number, boolean, choice, json, chat, chat text, tool calls, image, audio, video,
            image_list, …; the hub's own word as JSON text where it is unknown.
        required: Whether the hub refuses a call without it, whatever else is declared.
        default: What the hub uses in its absence; None where there is none that the hub takes.
        default_refused: Whether the hub has a default that it refuses itself.
        converts: Whether the hub fits other values instead of refusing them; limits are then only shown.
        minimum: Smallest number, inclusive.
        maximum: Largest number, inclusive.
        step: Only multiples of it are taken.
        max_length: Longest text, in characters.
        choices: The values of a choice, each once, as the hub orders them.
        media: Limits of a medium.
        support: What the messages of a chat may hold beside text, with the limits of each kind.
        encoding: The format and colour space that a medium comes in.
        description: What the hub says about it.
        rest: Attributes that mean nothing to the client, as JSON text.
    """

    wire_name: str = field(compare=False)
    type: str = "text"
    required: bool = False
    default: Any = None
    default_refused: bool = field(default=False, compare=False)
    converts: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    max_length: int | None = None
    choices: tuple[Scalar, ...] = ()
    media: MediaLimits = field(default_factory=lambda: _NOTHING)
    support: Mapping[Kind, MediaLimits] = field(default_factory=lambda: _NOTHING)
    encoding: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    description: str = ""
    rest: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def medium(self) -> Kind | None:
        """The kind of medium that it is, or that its items are; None for anything else."""
        return _MEDIUM.get(self.type)

    @property
    def is_list(self) -> bool:
        """Whether it holds several media."""
        return self.medium not in (None, self.type)

    @property
    def is_tools(self) -> bool:
        """Whether it takes the tools that a chat model may call."""
        return self.type == "json" and self.wire_name == "tools"


def read_field(
    wire_name: str, said: object, report: Report, *, is_input: bool = False
) -> FieldMetadata:
    """Read a field; what is odd about it is reported and left out."""
    attributes = Attributes(said, report)
    word = attributes.pop("type")
    kind = "text" if word is None else TYPES.get(word) if isinstance(word, str) else None
    if kind is None:
        kind = json_text(word)
        remedy = "it takes any JSON value; settle its type in [tool.aki-codegen]"
        report(f"its type {shown(word)} is unknown", remedy)
    found: dict[str, Any] = {"description": attributes.take("description", text_or_none) or ""}
    if kind == "choice":
        found["choices"] = _choices(attributes)
        kind = kind if found["choices"] else "text"
    elif kind == "text":
        found["max_length"] = attributes.first(
            ("max_length",), _length, "is not a length", "the length is not checked"
        )
    elif kind in ("integer", "number"):
        found |= _range(attributes, whole=kind == "integer")
    elif kind == "chat":
        found["support"] = read_support(attributes)
    elif kind in MEDIA:
        found["media"] = read_limits(attributes)
    if kind in _MEDIUM:
        found["encoding"] = read_encoding(attributes)
    fits, required = bool(attributes.pop("auto_convert")), bool(attributes.pop("required"))
    given = attributes.pop("default")
    read = FieldMetadata(
        wire_name,
        kind,
        required,
        converts=fits and kind in CONVERTIBLE,
        rest={n: json_text(value) for n, value in sorted(attributes.left.items())} or _NOTHING,
        **found,
    )
    if given is None and kind != "choice":
        return read
    refused = not fits and _is_refused(given, read)
    default = _default(given, read, report if is_input else _ignored, fits=fits, refused=refused)
    # The hub refuses the absence of a choice for which it knows no stand-in.
    required |= refused or (kind == "choice" and default is None and not read.converts)
    return replace(
        read,
        required=required,
        default=None if required else default,
        default_refused=refused,
    )


def takes(field: FieldMetadata, value: object) -> bool:
    """Whether a field takes a value as it is, as far as the value itself tells; of media nothing is known."""
    return _of_type(value, field) is not None and _objection(value, field) is None


def field_in_words(
    field: FieldMetadata,
    clean: Callable[[str], str],
    *,
    kinds: Mapping[str, str] | None = None,
    quoted: bool = False,
) -> str:
    """Say what values a field takes, as in "Whole number, 128–2048 in multiples of 32".

    Args:
        field: The field.
        clean: Makes text of a hub harmless.
        kinds: Other words for some types.
        quoted: Whether choices that are text stand in quotes.
    """
    words = {**_KINDS, **(kinds or {})}
    if field.medium is not None:
        kind = words[field.medium]
        if field.is_list:
            return f"A list, each item {kind[0].lower()}{kind[1:]}"
        return kind + limits_in_words(field.media, clean)
    if field.type not in words:
        return f"Any JSON value; the hub calls its type {clean(shown(json.loads(field.type)))}"
    if field.type == "choice":
        first = field.choices[:MAX_SHOWN_CHOICES]
        texts = [f'"{c}"' if quoted and isinstance(c, str) else str(c) for c in first]
        more = len(field.choices) - MAX_SHOWN_CHOICES
        listed = ", ".join(clean(text) or '""' for text in texts)
        limits = f" {listed}" + (f" and {more:,} more" if more > 0 else "")
    elif field.type == "chat":
        limits = f"; messages may hold {', '.join(field.support)}" if field.support else ""
    elif field.type == "text" and field.max_length is not None:
        limits = f" of at most {field.max_length:,} characters"
    else:
        range_ = range_in_words(field.minimum, field.maximum, field.step)
        limits = f", {range_}" if range_ else ""
    fits = "; the hub fits other values" if field.converts and limits else ""
    return words[field.type] + limits + fits


def _only_number(value: object) -> float | None:
    return value if is_finite_number(value) else None


def _length(value: object) -> int | None:
    fits = is_finite_number(value) and value == int(value) and 0 <= value <= MAX_TEXT_LENGTH
    return int(value) if fits and is_finite_number(value) else None


def _choices(attributes: Attributes) -> tuple[Scalar, ...]:
    values: list[Any] = array_or_none(attributes.left.get("supported")) or []
    choices: dict[tuple[str, Scalar], Scalar] = {}
    for value in values[:MAX_CHOICES]:
        if (
            (isinstance(value, str) and is_utf8(value))
            or isinstance(value, bool)
            or is_finite_number(value)
        ):
            choices.setdefault((type(value).__name__, value), value)
        else:
            what = f"its choice {shown(value)} is not text or a number"
            attributes.report(what, "the choice is left out")
    if choices and len(values) <= MAX_CHOICES:
        attributes.pop("supported")
        return tuple(choices.values())
    attributes.report(
        f"it is a selection with {len(values):,} choices in `supported`",
        "it takes any text; the hub decides",
    )
    return ()


def _range(attributes: Attributes, *, whole: bool) -> dict[str, float | None]:
    def bound(names: tuple[str, ...], rounded: Callable[[float], int]) -> float | None:
        value = attributes.first(
            names, _only_number, "is not a number", "this bound is not checked"
        )
        return value if value is None else rounded(value) if whole else float(value)

    low, high = bound(MINIMUM, math.ceil), bound(MAXIMUM, math.floor)
    step = bound(("align",), math.ceil)
    if step is not None and step < SMALLEST_STEP:
        fault = "not above zero" if step <= 0 else "too fine for a float"
        attributes.report(f"its step {shown(step)} is {fault}", "the step is not checked")
        step = None
    if low is not None and high is not None and low > high:
        what = f"its bounds contradict each other ({shown(low)} to {shown(high)})"
        attributes.report(what, "the bounds are not checked")
        low = high = None
    return {"minimum": low, "maximum": high, "step": step}


def _default(
    value: object, kind: FieldMetadata, report: Report, *, fits: bool, refused: bool
) -> object:
    """Return the default; one that the hub would refuse itself is reported and left out."""
    if value is None or (value == "" and kind.type in ("json", "chat", *MEDIA)):
        return None
    objection = None if fits else _objection(value, kind)
    usable = _of_type(value, kind) if objection is None else None
    if usable is None:
        mismatch = "is not one of its choices" if kind.type == "choice" else "is of another type"
        remedy = "the default is not shown"
        if refused:
            remedy += "; the hub refuses a call without it, so that it is required"
        worded = value if isinstance(value, str) else shown(value)
        report(f"its default {shown(worded)} {objection or mismatch}", remedy)
    return usable


def _is_refused(value: object, kind: FieldMetadata) -> bool:
    """Whether the hub refuses its own default, which it checks like any value: every call must give one then."""
    if value is None:
        return False
    match kind.type:
        case "text" | "prompt":
            return not isinstance(value, str) or _objection(value, kind) is not None
        case "integer" | "number":
            # The hub takes true and false for numbers.
            return not isinstance(value, int | float) or _objection(value, kind) is not None
        case "boolean":
            return not isinstance(value, bool)
        case "choice":
            return value not in kind.choices
        case _:
            return False


def _objection(value: object, kind: FieldMetadata) -> str | None:
    """Say why the hub would refuse a default of the right type."""
    if kind.type == "text" and isinstance(value, str):
        is_longer = kind.max_length is not None and len(value) > kind.max_length
        return "is longer than max_length" if is_longer else None
    if kind.type in ("integer", "number") and isinstance(value, int | float):
        # The hub cuts the fraction of what has to be a whole number.
        number = int(value) if kind.type == "integer" and is_finite_number(value) else value
        low, high = kind.minimum, kind.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            return "is out of its own range"
        if kind.step is not None and is_finite_number(value) and not is_multiple(number, kind.step):
            return "is not a multiple of its own step"
    return None


def _of_type(value: object, kind: FieldMetadata) -> object:
    """Return a default in the type of its field, None where it is of another one."""
    if kind.medium is not None:
        return None
    match kind.type:
        case "text" | "prompt":
            return text_or_none(value)
        case "integer":
            return int(value) if is_finite_number(value) and value == int(value) else None
        case "number":
            return float(value) if is_finite_number(value) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "choice":
            # In JSON 1 and 1.0 are the same, and `true` is neither; to Python all three are equal.
            wanted = json_text(value)
            same = [choice for choice in kind.choices if json_text(choice) == wanted]
            return next((c for c in same if type(c) is type(value)), next(iter(same), None))
        case _:
            return value


def _ignored(what: str, remedy: str) -> None:
    """Report nothing: nobody is concerned by what is wrong with the default of an output."""
