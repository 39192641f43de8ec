"""From a field's attributes to its type: the one table of type words, and what each attribute means."""

import math
from collections.abc import Callable
from typing import TypeGuard

from .ir import (
    BooleanType,
    ChatType,
    ChoiceType,
    FieldType,
    FloatType,
    IntegerType,
    JsonType,
    MediaListType,
    MediaType,
    PromptType,
    Range,
    Scalar,
    TextType,
    UnknownType,
)
from .runtime.formats import Kind, normal_name
from .runtime.shapes import is_array, is_object
from .wire import Attributes, is_utf8

Tell = Callable[[str, str], None]
"""Takes what is wrong with a field, and the remedy."""

KINDS: tuple[Kind, ...] = ("image", "audio", "video")
MAX_CHOICES = 10_000
MAX_TEXT_LENGTH = 10**12


def field_type(attributes: Attributes, tell: Tell) -> FieldType:
    """Return the type of a field; what is odd about it is told and left out."""
    word = attributes.get("type")
    if word is None:
        return _text(attributes, tell)
    make = _MAKERS.get(word) if isinstance(word, str) else None
    if make is None:
        tell(
            f"its type {_shown(word)} is unknown",
            "it takes any JSON value; update the generator or override the type",
        )
        return UnknownType(_shown(word))
    return make(attributes, tell)


def converts(attributes: Attributes) -> bool:
    """Whether the hub converts a value instead of refusing it."""
    return attributes.get("auto_convert") is True


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number (`true` is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 10**300 and math.isfinite(value)


def _text(attributes: Attributes, tell: Tell) -> FieldType:
    length = attributes.get("max_length")
    if length is not None and not (
        is_number(length) and length == int(length) and 0 <= length <= MAX_TEXT_LENGTH
    ):
        tell(f"its max_length {_shown(length)} is no length", "the length is not checked")
        length = None
    return TextType(int(length) if length is not None else None, not converts(attributes))


def _integer(attributes: Attributes, tell: Tell) -> FieldType:
    return IntegerType(_range(attributes, tell, whole=True))


def _float(attributes: Attributes, tell: Tell) -> FieldType:
    return FloatType(_range(attributes, tell, whole=False))


def _boolean(attributes: Attributes, tell: Tell) -> FieldType:
    return BooleanType()


def _json(attributes: Attributes, tell: Tell) -> FieldType:
    return JsonType()


def _prompt(attributes: Attributes, tell: Tell) -> FieldType:
    return PromptType()


def _selection(attributes: Attributes, tell: Tell) -> FieldType:
    supported = attributes.get("supported")
    values = supported if is_array(supported) else []
    choices: dict[tuple[str, Scalar], Scalar] = {}
    for value in values[:MAX_CHOICES]:
        if (
            (isinstance(value, str) and is_utf8(value))
            or isinstance(value, bool)
            or is_number(value)
        ):
            choices.setdefault((type(value).__name__, value), value)
        else:
            tell(f"its choice {_shown(value)} is no text or number", "the choice is left out")
    if not choices or len(values) > MAX_CHOICES:
        tell(
            f"it is a selection with {len(values):,} choices in `supported`",
            "it takes any text; the hub decides",
        )
        return TextType()
    return ChoiceType(tuple(choices.values()), not converts(attributes))


def _chat(attributes: Attributes, tell: Tell) -> FieldType:
    support = attributes.get("support")
    named = [word for word in support if isinstance(word, str)] if is_array(support) else []
    return ChatType(tuple(kind for kind in KINDS if kind in named))


def _media(kind: Kind) -> Callable[[Attributes, Tell], FieldType]:
    def make(attributes: Attributes, tell: Tell) -> FieldType:
        described = attributes.get("format")
        supported = described.get("supported") if is_object(described) else None
        names = supported if is_array(supported) else []
        return MediaType(kind, tuple(normal_name(name) for name in names if isinstance(name, str)))

    return make


def _media_list(kind: Kind) -> Callable[[Attributes, Tell], FieldType]:
    def make(attributes: Attributes, tell: Tell) -> FieldType:
        return MediaListType(kind)

    return make


_MAKERS: dict[str, Callable[[Attributes, Tell], FieldType]] = {
    "string": _text,
    "str": _text,
    "integer": _integer,
    "int": _integer,
    "float": _float,
    "bool": _boolean,
    "boolean": _boolean,
    "selection": _selection,
    "json": _json,
    "chat_context": _chat,
    "text_context": _prompt,
    **{kind: _media(kind) for kind in KINDS},
    **{f"{kind}_list": _media_list(kind) for kind in KINDS},
}


def _range(attributes: Attributes, tell: Tell, *, whole: bool) -> Range:
    low = _bound(attributes, ("minimum", "min"), tell, whole=whole, rounded=math.ceil)
    high = _bound(attributes, ("maximum", "max"), tell, whole=whole, rounded=math.floor)
    step = _bound(attributes, ("align",), tell, whole=whole, rounded=math.ceil)
    if step is not None and step <= 0:
        tell(f"its step {_shown(step)} is not above zero", "the step is not checked")
        step = None
    if low is not None and high is not None and low > high:
        tell(
            f"its bounds contradict each other ({_shown(low)} to {_shown(high)})",
            "the bounds are not checked",
        )
        low = high = None
    return Range(low, high, step, not converts(attributes))


def _bound(
    attributes: Attributes,
    spellings: tuple[str, ...],
    tell: Tell,
    *,
    whole: bool,
    rounded: Callable[[float], int],
) -> float | None:
    for spelling in spellings:
        value = attributes.get(spelling)
        if value is None:
            continue
        if is_number(value):
            return rounded(value) if whole else float(value)
        tell(f"its {spelling} {_shown(value)} is no number", "this bound is not checked")
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
