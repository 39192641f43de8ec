"""The one reading of a details document: what each type word and attribute of a hub means.

Total and tolerant: nothing that a hub can send raises; what is odd is left out and becomes a `MetadataProblem`. The
sandbox hub has a reading of its own, because tests hold this one against it.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, TypeGuard, TypeVar

from ..media.formats import Kind, normal_name
from ..shapes import integer_or_none, is_array, is_multiple, is_object
from .values import (
    MEDIA,
    EndpointMetadata,
    FieldMetadata,
    MediaLimit,
    MediaLimits,
    MetadataProblem,
    Scalar,
)

TYPES: dict[str, str] = {
    **{"string": "text", "str": "text", "text_context": "prompt", "chat_context": "chat"},
    **{"integer": "integer", "int": "integer", "float": "number"},
    **{"bool": "boolean", "boolean": "boolean", "selection": "choice", "json": "json"},
    **dict(zip(MEDIA, MEDIA, strict=True)),
    **{f"{kind}_list": f"{kind}_list" for kind in MEDIA},
}
"""The type words that hubs use, and the type that each means."""

CONVERTIBLE = frozenset({"text", "integer", "number", "boolean", "choice"})
"""Types whose values the hub converts where `auto_convert` says so."""

TRANSPORT_PARAMETERS = frozenset({"key", "client_session_auth_key", "wait_for_result"})
"""Parameters that the client itself sets; no user sees them."""

CHAT_PARAMETERS = frozenset({"chat_context", "chat_output_format", "prompt_input"})
"""Parameters that only a chat endpoint has."""

MEDIA_FIGURES = (
    *("format", "color_space", "size", "sample_rate"),
    *("sample_bit_depth", "audio_bit_rate", "channels", "duration"),
)
"""The figures of a medium that a hub may limit: pixels, Hz, bit, bit/s, count, seconds."""

MAX_CHOICES = 10_000
MAX_DEPTH = 64
"""Levels of a details document at most. Real ones have six; printing a value stops at Python's own limit."""

MAX_FIELDS = 1_000
"""Fields of one section at most: a model takes a millisecond for each to be made, and again to be imported."""

MAX_TEXT_LENGTH = 10**12
SMALLEST_STEP = 1e-12

_FORMAT = re.compile(r"[a-z0-9][a-z0-9.+-]{0,40}", re.ASCII)
_MIN, _MAX = ("min", "minimum"), ("max", "maximum")
_T = TypeVar("_T")
_Tell = Callable[[str, str], None]


def read_metadata(document: object) -> EndpointMetadata:
    """Read a details document, whatever it is."""
    top = _object(document)
    described = _object(top.get("parameter_description"))
    problems: list[MetadataProblem] = []
    said = {name: described.get(name) for name in ("input", "output")}
    inputs = {
        name: _field(name, attributes, _told(problems, name), is_input=True)
        for name, attributes in _section("input", said["input"], problems)
        if name not in TRANSPORT_PARAMETERS
    }
    is_chat = any(f.type == "chat" for f in inputs.values()) or bool(
        CHAT_PARAMETERS & inputs.keys()
    )

    def outputs(section: str, fields: object) -> dict[str, FieldMetadata]:
        return {
            name: _by_role(_field(name, attributes, _told(problems, name)), is_chat=is_chat)
            for name, attributes in _section(section, fields, problems)
        }

    category = top.get("category")
    return EndpointMetadata(
        title=_text(top.get("title")),
        description=_text(top.get("description")),
        category=category if isinstance(category, str) else None,
        version=integer_or_none(top.get("version")),
        inputs=inputs,
        outputs=outputs("output", said["output"]),
        progress=outputs("progress", _object(_object(described.get("progress")).get("OUTPUTS"))),
        unreadable=_unreadable(document),
        missing=tuple(name for name, fields in said.items() if not is_object(fields)),
        problems=tuple(problems),
    )


def takes(field: FieldMetadata, value: object) -> bool:
    """Whether a field takes a value as it is, as far as the value itself tells; of media nothing is known."""
    return _of_type(value, field) is not None and _objection(value, field) is None


def json_text(value: object) -> str:
    """Return a value as JSON text that is the same for the same value: keys sorted, 8.0 as 8."""
    try:
        return json.dumps(_plain(value), sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        # Nested deeper than Python follows: that there is something is all that can be told.
        return json.dumps(type(value).__name__)


def is_finite_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number of a size that a float can hold (`true` is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 10**300 and math.isfinite(value)


def normal_number(value: float) -> float:
    """Return a number as the integer that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_utf8(text: str) -> bool:
    """Whether a text can be sent: JSON may hold half of a surrogate pair, which has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: object) -> str:
    """Show a value as Python writes it, which no terminal obeys, and not too long."""
    try:
        text = repr(value[:120] if isinstance(value, str) else value)
    except (RecursionError, ValueError):  # too deep, or a number of more digits than Python words
        text = f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= 60 else f"{text[:59]}…"


def _plain(value: object) -> object:
    if is_object(value):
        return {name: _plain(inner) for name, inner in value.items()}
    if is_array(value):
        return [_plain(inner) for inner in value]
    return normal_number(value) if is_finite_number(value) else value


def _object(value: object) -> Mapping[str, Any]:
    return value if is_object(value) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _unreadable(document: object) -> str:
    if not is_object(document):
        return f"its details are a {type(document).__name__} instead of an object"
    if not is_object(document.get("parameter_description")):
        return "its details hold no parameter_description"
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
    return f"its details are nested deeper than {MAX_DEPTH} levels" if level else ""


def _children(value: object) -> Iterable[object]:
    if is_object(value):
        return value.values()
    return value if is_array(value) else ()


def _told(problems: list[MetadataProblem], name: str) -> _Tell:
    return lambda what, remedy: problems.append(MetadataProblem(name, what, remedy))


def _section(
    section: str, fields: object, problems: list[MetadataProblem]
) -> Iterable[tuple[str, object]]:
    tell = _told(problems, f"({section})")
    if not is_object(fields):
        tell(f"the section {section!r} is missing", "it is taken as empty")
        return
    if len(fields) > MAX_FIELDS:
        tell(
            f"the section {section!r} holds {len(fields):,} fields",
            f"those after the first {MAX_FIELDS:,} are left out",
        )
    for name, attributes in islice(fields.items(), MAX_FIELDS):
        if not is_utf8(name):
            problems.append(MetadataProblem(shown(name), "its name is no text", "it is left out"))
            continue
        if not is_object(attributes):
            _told(problems, name)("its attributes are no object", "it is taken as text")
        yield name, attributes


class _Attributes:
    """Attributes, each of which is taken once; null is the same as absent, and what nobody takes is left."""

    def __init__(self, given: object, tell: _Tell, place: str = "") -> None:
        self.left = {n: value for n, value in _object(given).items() if value is not None}
        self.tell = tell
        self._place = place

    def pop(self, name: str) -> Any:
        """Return an attribute, which is thereby dealt with."""
        return self.left.pop(name, None)

    def take(self, name: str, read: Callable[[object], _T | None]) -> _T | None:
        """Return what an attribute says; one that says nothing usable is left."""
        value = read(self.left[name]) if name in self.left else None
        if value is not None:
            del self.left[name]
        return value

    def first(
        self, names: tuple[str, ...], read: Callable[[object], _T | None], fault: str, remedy: str
    ) -> _T | None:
        """Return what the first usable of some spellings says; one that is none is told."""
        for name in names:
            value = self.take(name, read)
            if value is not None:
                return value
            if name in self.left:
                self.tell(f"its {name}{self._place} {shown(self.left[name])} {fault}", remedy)
        return None


def _field(wire_name: str, said: object, tell: _Tell, *, is_input: bool = False) -> FieldMetadata:
    attributes = _Attributes(said, tell)
    word = attributes.pop("type")
    kind = "text" if word is None else TYPES.get(word) if isinstance(word, str) else None
    if kind is None:
        kind = json_text(word)
        remedy = "it takes any JSON value; settle its type in [tool.aki-codegen]"
        tell(f"its type {shown(word)} is unknown", remedy)
    found: dict[str, Any] = {"description": attributes.take("description", _only_text) or ""}
    if kind == "choice":
        found["choices"] = _choices(attributes)
        kind = kind if found["choices"] else "text"
    elif kind == "text":
        found["max_length"] = attributes.first(
            ("max_length",), _length, "is no length", "the length is not checked"
        )
    elif kind in ("integer", "number"):
        found |= _range(attributes, whole=kind == "integer")
    elif kind == "chat":
        found["support"] = _support(attributes)
    elif kind in MEDIA:
        found["media"] = _limits(attributes)
    if kind.removesuffix("_list") in MEDIA:
        found["encoding"] = _encoding(attributes)
    fits, required = bool(attributes.pop("auto_convert")), bool(attributes.pop("required"))
    read = FieldMetadata(wire_name, kind, converts=fits and kind in CONVERTIBLE, **found)
    given = attributes.pop("default")
    refused = not fits and _is_refused(given, read)
    default = _default(given, read, tell if is_input else _ignored, fits=fits, refused=refused)
    # The hub refuses the absence of a choice for which it knows no stand-in.
    required |= refused or (kind == "choice" and default is None and not read.converts)
    return replace(
        read,
        required=required,
        default=None if required else default,
        default_refused=refused,
        rest={name: json_text(value) for name, value in sorted(attributes.left.items())},
    )


def _by_role(output: FieldMetadata, *, is_chat: bool) -> FieldMetadata:
    # These two come as text or as JSON, whatever is declared.
    if output.type not in ("json", "text"):
        return output
    if output.wire_name == "tool_calls":
        return replace(output, type="tool calls")
    return replace(output, type="chat text") if output.wire_name == "text" and is_chat else output


def _ignored(what: str, remedy: str) -> None:
    """Tell nobody: what is wrong with the default of an output is nobody's business."""


def _only_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _only_array(value: object) -> list[Any] | None:
    return value if is_array(value) else None


def _only_number(value: object) -> float | None:
    return value if is_finite_number(value) else None


def _length(value: object) -> int | None:
    fits = is_finite_number(value) and value == int(value) and 0 <= value <= MAX_TEXT_LENGTH
    return int(value) if fits and is_finite_number(value) else None


def _choices(attributes: _Attributes) -> tuple[Scalar, ...]:
    given = attributes.left.get("supported")
    values = given if is_array(given) else []
    choices: dict[tuple[str, Scalar], Scalar] = {}
    for value in values[:MAX_CHOICES]:
        if (
            (isinstance(value, str) and is_utf8(value))
            or isinstance(value, bool)
            or is_finite_number(value)
        ):
            choices.setdefault((type(value).__name__, value), value)
        else:
            what = f"its choice {shown(value)} is no text or number"
            attributes.tell(what, "the choice is left out")
    if choices and len(values) <= MAX_CHOICES:
        attributes.pop("supported")
        return tuple(choices.values())
    attributes.tell(
        f"it is a selection with {len(values):,} choices in `supported`",
        "it takes any text; the hub decides",
    )
    return ()


def _range(attributes: _Attributes, *, whole: bool) -> dict[str, float | None]:
    def bound(names: tuple[str, ...], rounded: Callable[[float], int]) -> float | None:
        value = attributes.first(names, _only_number, "is no number", "this bound is not checked")
        return value if value is None else rounded(value) if whole else float(value)

    low, high = bound(_MIN, math.ceil), bound(_MAX, math.floor)
    step = bound(("align",), math.ceil)
    if step is not None and step < SMALLEST_STEP:
        fault = "not above zero" if step <= 0 else "too fine for a float"
        attributes.tell(f"its step {shown(step)} is {fault}", "the step is not checked")
        step = None
    if low is not None and high is not None and low > high:
        what = f"its bounds contradict each other ({shown(low)} to {shown(high)})"
        attributes.tell(what, "the bounds are not checked")
        low = high = None
    return {"minimum": low, "maximum": high, "step": step}


def _support(attributes: _Attributes) -> dict[Kind, MediaLimits]:
    named = attributes.take("support", _only_array) or []
    support: dict[Kind, MediaLimits] = {}
    for kind in MEDIA:
        if kind not in named:
            continue
        inner = _Attributes(attributes.pop(kind), attributes.tell)
        support[kind] = _limits(inner)
        if inner.left:
            attributes.left[kind] = inner.left
    return support


def _limits(attributes: _Attributes) -> dict[str, MediaLimit]:
    limits: dict[str, MediaLimit] = {}
    for name in MEDIA_FIGURES:
        if not is_object(attributes.left.get(name)):
            continue
        inner = _Attributes(attributes.pop(name), attributes.tell, f" of {name}")
        limit = _limit(name, inner)
        if limit != MediaLimit():
            limits[name] = limit
        if inner.left:
            attributes.left[name] = inner.left
    return limits


def _limit(name: str, attributes: _Attributes) -> MediaLimit:
    def figures(value: object) -> tuple[float, ...] | None:
        values = value if is_array(value) else [value]
        numbers = tuple(normal_number(number) for number in values if is_finite_number(number))
        whole = len(values) == len(numbers) == (2 if name == "size" else 1)
        return numbers if whole else None

    def bound(names: tuple[str, ...]) -> tuple[float, ...]:
        remedy = "this limit is not checked"
        return attributes.first(names, figures, "is no figure", remedy) or ()

    given = attributes.take("supported", _only_array) or []
    usable = [v for v in given if (is_utf8(v) if isinstance(v, str) else is_finite_number(v))]
    if name == "format":
        named = [normal_name(value) for value in usable if isinstance(value, str)]
        usable = [value for value in named if _FORMAT.fullmatch(value)]
        for value in sorted({*named} - {*usable}):
            # The client says the formats where it refuses one, and no medium is of this one.
            what = f"its format {shown(value)} is no name of a format"
            attributes.tell(what, "the format is left out")
    return MediaLimit(
        supported=tuple(dict.fromkeys(usable)),
        minimum=bound(_MIN),
        maximum=bound(_MAX),
        align=bound(("align",)),
        converts=bool(attributes.pop("auto_convert")),
    )


def _encoding(attributes: _Attributes) -> dict[str, str]:
    colours = attributes.take("color_space", _only_text)
    named = attributes.take("format", _only_text)
    said = {"color_space": colours, "format": normal_name(named) if named else None}
    return {name: value for name, value in said.items() if value}


def _default(
    value: object, kind: FieldMetadata, tell: _Tell, *, fits: bool, refused: bool
) -> object:
    """Return the default; one that the hub would refuse itself is told and left out."""
    if value is None or (value == "" and kind.type in ("json", "chat", *MEDIA)):
        return None
    objection = None if fits else _objection(value, kind)
    usable = _of_type(value, kind) if objection is None else None
    if usable is None:
        mismatch = "is none of its choices" if kind.type == "choice" else "is of another type"
        remedy = "the default is not shown"
        if refused:
            remedy += "; the hub refuses a call without it, so that it is required"
        worded = value if isinstance(value, str) else shown(value)
        tell(f"its default {shown(worded)} {objection or mismatch}", remedy)
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
            return "is no multiple of its own step"
    return None


def _of_type(value: object, kind: FieldMetadata) -> object:
    """Return a default in the type of its field, None where it is of another one."""
    if kind.medium is not None:
        return None
    match kind.type:
        case "text" | "prompt":
            return _only_text(value)
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
