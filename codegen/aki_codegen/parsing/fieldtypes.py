"""From a field's attributes to its type: the one table of type words, and what each attribute means."""

import math
from collections.abc import Callable

from aki_runtime.media.formats import Kind
from aki_runtime.shapes import is_array, is_object

from ..ir import (
    BooleanType,
    ChatType,
    ChoiceType,
    FieldType,
    FloatType,
    IntegerType,
    JsonType,
    MediaListType,
    PromptType,
    Range,
    Scalar,
    TextType,
    UnknownType,
)
from .fieldvalues import Tell, is_number, shown
from .medialimits import media_type
from .wire import Attributes, is_utf8

KINDS: tuple[Kind, ...] = ("image", "audio", "video")
MAX_CHOICES = 10_000
MAX_TEXT_LENGTH = 10**12
SMALLEST_STEP = 1e-12


def field_type(attributes: Attributes, tell: Tell) -> FieldType:
    """Return the type of a field; what is odd about it is told and left out."""
    word = attributes.get("type")
    if word is None:
        return _text(attributes, tell)
    make = _MAKERS.get(word) if isinstance(word, str) else None
    if make is None:
        tell(
            f"its type {shown(word)} is unknown",
            "it takes any JSON value; settle its type in [tool.aki-codegen]",
        )
        return UnknownType(shown(word))
    return make(attributes, tell)


def converts(attributes: Attributes) -> bool:
    """Whether the hub converts a value instead of refusing it."""
    return bool(attributes.get("auto_convert"))


def _text(attributes: Attributes, tell: Tell) -> FieldType:
    length = attributes.get("max_length")
    if length is not None and not (
        is_number(length) and length == int(length) and 0 <= length <= MAX_TEXT_LENGTH
    ):
        tell(f"its max_length {shown(length)} is no length", "the length is not checked")
        length = None
    return TextType(int(length) if length is not None else None, not converts(attributes))


def _integer(attributes: Attributes, tell: Tell) -> FieldType:
    return IntegerType(_range(attributes, tell, whole=True))


def _float(attributes: Attributes, tell: Tell) -> FieldType:
    return FloatType(_range(attributes, tell, whole=False))


def _boolean(attributes: Attributes, tell: Tell) -> FieldType:
    return BooleanType(not converts(attributes))


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
            tell(f"its choice {shown(value)} is no text or number", "the choice is left out")
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

    def described(kind: Kind) -> Attributes:
        limits = attributes.get(kind)
        return limits if is_object(limits) else {}

    return ChatType(
        tuple(media_type(kind, described(kind), tell) for kind in KINDS if kind in named)
    )


def _media(kind: Kind) -> Callable[[Attributes, Tell], FieldType]:
    def make(attributes: Attributes, tell: Tell) -> FieldType:
        return media_type(kind, attributes, tell)

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


TYPE_WORDS = frozenset(_MAKERS)
"""The type words that are understood."""


def _range(attributes: Attributes, tell: Tell, *, whole: bool) -> Range:
    low = _bound(attributes, ("min", "minimum"), tell, whole=whole, rounded=math.ceil)
    high = _bound(attributes, ("max", "maximum"), tell, whole=whole, rounded=math.floor)
    step = _bound(attributes, ("align",), tell, whole=whole, rounded=math.ceil)
    if step is not None and step < SMALLEST_STEP:
        fault = "not above zero" if step <= 0 else "too fine for a float"
        tell(f"its step {shown(step)} is {fault}", "the step is not checked")
        step = None
    if low is not None and high is not None and low > high:
        tell(
            f"its bounds contradict each other ({shown(low)} to {shown(high)})",
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
        tell(f"its {spelling} {shown(value)} is no number", "this bound is not checked")
    return None
