"""An endpoint's parameters as values: what each takes, read from the input model, and how to make a value fit."""

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..errors import closest
from ..media.formats import FORMATS
from ..media.objects import uri_schema
from ..shapes import is_array, is_multiple, is_number, object_or_empty, range_in_words

EXTRA_KEYS = frozenset({"choices", "converted", "kind", "media", "step", "support"})
"""Keys of a field's `json_schema_extra` in which generated models carry rules; JSON Schema has other words."""

_WORDS: dict[object, str] = {str: "text", int: "integer", float: "number", bool: "boolean"}

UNREADABLE = (KeyError, OverflowError, TypeError, ValueError)
"""What reading a value as another type raises where it cannot be read so."""


def _as_truth(value: Any) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    return words[value.lower()] if isinstance(value, str) else bool(value)


def _as_word(text: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return words[text.strip().lower()]


def _as_number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a number of JSON")
    return number


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "integer": int,
    "number": _as_number,
    "boolean": _as_truth,
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of an endpoint.

    Attributes:
        name: Its name in Python.
        wire_name: Its name on the hub.
        type: text, prompt, integer, number, boolean, choice, json, chat, image, audio or video.
        required: Whether a call must give it.
        default: What the hub uses where it is absent; None where the hub names none.
        minimum: Smallest number, inclusive.
        maximum: Largest number, inclusive.
        step: Only multiples of it are taken.
        choices: The values of a choice.
        max_length: Longest text, in characters.
        converts: Whether the hub fits other values instead of refusing them.
        media: Limits of an image, audio or video, as the hub words them: `format`, `size` (pixels), `duration` (s), …
        support: What the messages of a chat may hold beside text, with the limits of each kind.
        description: What the hub says of it; empty where it says nothing.
    """

    name: str
    wire_name: str
    type: str
    required: bool
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    max_length: int | None = None
    converts: bool = False
    media: Mapping[str, Any] = field(default_factory=dict[str, Any])
    support: Mapping[str, Any] = field(default_factory=dict[str, Any])
    description: str = ""

    def fit(self, value: Any) -> Any:
        """Return the nearest value that the hub takes, as its own conversion would make it.

        A value of another type is read as the declared one. Numbers are clamped, then aligned down, or up where that
        falls below the minimum; an unknown choice becomes the default or the first; text is cut. What has no limits,
        or cannot be read, is returned as it is.
        """
        with suppress(*UNREADABLE):
            value = self.as_declared(value)
        if self.choices:
            if value in self.choices:
                return value
            return self.default if self.default is not None else self.choices[0]
        if isinstance(value, str) and self.max_length is not None:
            return value[: self.max_length]
        return self._fit_number(value) if is_number(value) else value

    def parse(self, text: str) -> Any:
        """Read text of a file that knows nothing else, such as CSV: numbers, true and false, choices, JSON.

        Text that cannot be read as the parameter's type is returned as it is, for the check of the call to refuse.
        """
        match self.type:
            case "integer":
                read: Callable[[str], Any] = int
            case "number":
                read = float
            case "boolean":
                read = _as_word
            case "choice":
                read = {str(choice): choice for choice in self.choices}.__getitem__
            case "json" | "chat":
                read = json.loads
            case "image" | "audio" | "video" if text.lstrip().startswith("["):
                read = json.loads
            case _:
                return text
        try:
            return read(text)
        except (KeyError, ValueError, RecursionError):
            return text

    def as_declared(self, value: object) -> Any:
        """Read a value as a hub that converts reads it: "1000" and True are numbers to it.

        Raises:
            KeyError, OverflowError, TypeError, ValueError: It cannot be read; `UNREADABLE` has all of them.
        """
        example: object = (
            self.default if self.default is not None else next(iter(self.choices), None)
        )
        read = _READERS.get(_WORDS.get(type(example), "") if self.type == "choice" else self.type)
        if read is None or not isinstance(value, str | bool | int | float):
            raise TypeError(f"a hub converts no {type(value).__name__} to {self.type}")
        return read(value)

    def nearest(self, value: float) -> tuple[float, ...]:
        """Return the one or two numbers nearest to a value that the hub takes; none beyond what floats can tell."""
        try:
            return self._nearest(value)
        except (OverflowError, ValueError):
            return ()

    def _nearest(self, value: float) -> tuple[float, ...]:
        low, high = self._reachable()
        if low > high:
            return ()
        inside = min(max(value, low), high)
        if self.step is None or inside in (low, high):
            return (self._whole(inside),)
        below = max(math.floor(inside / self.step) * self.step, low)
        above = min(math.ceil(inside / self.step) * self.step, high)
        return tuple(dict.fromkeys((self._whole(below), self._whole(above))))

    def closest_choice(self, value: object) -> Any:
        """Return the choice that a value was probably meant to be, None where none is like it."""
        by_text = {str(choice): choice for choice in self.choices}
        if is_number(value) and all(is_number(choice) for choice in self.choices):
            # Compared, not subtracted: a number may be larger than any float.
            below = [choice for choice in self.choices if choice <= value]
            above = [choice for choice in self.choices if choice > value]
            if not (below and above):
                return max(below, default=min(above, default=None))
            return min((max(below), min(above)), key=lambda choice: abs(choice - value))
        said = _text(value)
        meant = closest(said, by_text)
        folded = {text.casefold(): choice for text, choice in by_text.items()}
        return folded.get(said.casefold()) if meant is None else by_text[meant]

    def describe_range(self) -> str:
        """Say the range in words, as in "128–2048 in multiples of 32"; empty where there is none."""
        return range_in_words(self.minimum, self.maximum, self.step)

    def json_schema(self, shown: dict[str, Any]) -> dict[str, Any]:
        """Return the schema that pydantic shows of it, with the hub's rules in the words of JSON Schema."""
        schema = {name: value for name, value in shown.items() if name not in EXTRA_KEYS}
        kinds = shown.get("anyOf", ())
        said = [self.description]
        if self.converts:
            # A value that the hub fits is valid: its range is for people and agents to read.
            choices = f"one of {', '.join(map(repr, self.choices))}" if self.choices else ""
            said += [choices or self.describe_range(), "the hub fits other values"]
        elif self.step is not None:
            schema["multipleOf"] = self.step
        elif "choices" in shown:
            schema["enum"] = [*self.choices, *([None] if {"type": "null"} in kinds else [])]
        if self.type in FORMATS and self.description:
            said.append(uri_schema(self.type)["description"])
        if self.type == "chat":
            said.append(f"parts hold {', '.join(('text', *self.support))}")
        description = "; ".join(words for words in said if words)
        return {**schema, "description": description} if description else schema

    def _fit_number(self, value: float) -> float:
        fitted = self._whole(value)
        if self.maximum is not None:
            fitted = min(fitted, self.maximum)
        if self.minimum is not None:
            fitted = max(fitted, self.minimum)
        if self.step is not None and not is_multiple(fitted, self.step):
            try:
                below = fitted - fitted % self.step
            except OverflowError:  # no float can hold it, so none is nearer
                return fitted
            lowest = self.minimum
            fitted = below + self.step if lowest is not None and below < lowest else below
        return self._whole(fitted)

    def _reachable(self) -> tuple[float, float]:
        low = self.minimum if self.minimum is not None else -math.inf
        high = self.maximum if self.maximum is not None else math.inf
        if self.step is not None:
            low = math.ceil(low / self.step) * self.step if math.isfinite(low) else low
            high = math.floor(high / self.step) * self.step if math.isfinite(high) else high
        return low, high

    def _whole(self, value: float) -> float:
        whole = self.type == "integer" and isinstance(value, float) and math.isfinite(value)
        return int(value) if whole else value


def _text(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # Python words no number of more than a few thousand digits
        return ""


@cache
def parameters_of(model: type[BaseModel]) -> Mapping[str, Parameter]:
    """Read the parameters of an input model, by their Python names."""
    return MappingProxyType(
        {name: _parameter(name, info) for name, info in model.model_fields.items()}
    )


@cache
def wire_names(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the hub's names of a model's fields, by those in Python; a hub's name may be empty."""
    fields = model.model_fields.items()
    return MappingProxyType(
        {name: name if info.alias is None else info.alias for name, info in fields}
    )


def _parameter(name: str, info: FieldInfo) -> Parameter:
    extra = object_or_empty(info.json_schema_extra)
    rules = {**_constraints(info), **extra, **object_or_empty(extra.get("converted"))}
    word, choices = _type_of(info.annotation, info.metadata)
    declared = rules.get("choices")
    return Parameter(
        name=name,
        wire_name=name if info.alias is None else info.alias,
        type="choice" if declared or choices else "prompt" if extra.get("kind") else word,
        required=info.is_required(),
        default=None if info.is_required() else info.default,
        minimum=rules.get("minimum"),
        maximum=rules.get("maximum"),
        step=rules.get("step"),
        choices=tuple(declared) if is_array(declared) else choices,
        max_length=rules.get("max_length"),
        converts="converted" in extra,
        media=object_or_empty(rules.get("media")),
        support=object_or_empty(rules.get("support")),
        description=info.description or "",
    )


def _constraints(info: FieldInfo) -> dict[str, Any]:
    names = {"ge": "minimum", "le": "maximum", "multiple_of": "step", "max_length": "max_length"}
    return {
        ours: getattr(constraint, theirs)
        for constraint in info.metadata
        for theirs, ours in names.items()
        if getattr(constraint, theirs, None) is not None
    }


def _type_of(annotation: Any, metadata: list[Any]) -> tuple[str, tuple[Any, ...]]:
    for marker in metadata:
        word = getattr(marker, "parameter_type", None)
        if isinstance(word, str):
            return word, ()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "choice", arguments
    if origin is Annotated:
        return _type_of(arguments[0], list(arguments[1:]))
    if origin in (Union, UnionType):
        return _type_of(next(a for a in arguments if a is not NoneType), [])
    if origin is list and arguments:
        return _type_of(arguments[0], [])[0], ()
    return _WORDS.get(annotation, "json"), ()
