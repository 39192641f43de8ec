"""Media of a field or of a chat's messages: their limits and encoding, read and in words.

An attribute of media is read, and said, here alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..media.formats import Kind, normal_name
from ..shapes import is_array, is_object, is_utf8, range_in_words
from .attributes import (
    MAXIMUM,
    MINIMUM,
    Attributes,
    Scalar,
    array_or_none,
    is_finite_number,
    normal_number,
    shown,
    text_or_none,
)

MEDIA: tuple[Kind, ...] = ("image", "audio", "video")
MEDIA_FIGURES = (
    *("format", "color_space", "size", "sample_rate"),
    *("sample_bit_depth", "audio_bit_rate", "channels", "duration"),
)
"""The figures of a medium that a hub may limit: pixels, Hz, bit, bit/s, count, seconds."""

_FORMAT = re.compile(r"[a-z0-9][a-z0-9.+-]{0,40}", re.ASCII)
_UNITS = {
    "size": " pixels",
    "sample_rate": " Hz",
    "sample_bit_depth": " bit",
    "audio_bit_rate": " bit/s",
    "duration": " s",
}


@dataclass(frozen=True)
class MediaLimit:
    """What a medium's format, size, duration or another of its figures may be.

    Attributes:
        supported: The values that are taken; empty where any is.
        minimum: Smallest value, inclusive; a pair (width, height) in pixels for `size`.
        maximum: Largest value, inclusive.
        align: Only multiples of it are taken.
        converts: Whether the hub converts other media instead of refusing them.
    """

    supported: tuple[Scalar, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    align: tuple[float, ...] = ()
    converts: bool = False


MediaLimits: TypeAlias = Mapping[str, MediaLimit]
"""Limits by the figure that they limit."""


def read_support(attributes: Attributes) -> dict[Kind, MediaLimits]:
    """Read what the messages of a chat may hold beside text, with the limits of each kind."""
    named = attributes.take("support", array_or_none) or []
    support: dict[Kind, MediaLimits] = {}
    for kind in MEDIA:
        if kind not in named:
            continue
        inner = Attributes(attributes.pop(kind), attributes.report)
        support[kind] = read_limits(inner)
        if inner.left:
            attributes.left[kind] = inner.left
    return support


def read_limits(attributes: Attributes) -> dict[str, MediaLimit]:
    """Read the limits of a medium."""
    limits: dict[str, MediaLimit] = {}
    for name in MEDIA_FIGURES:
        if not is_object(attributes.left.get(name)):
            continue
        inner = Attributes(attributes.pop(name), attributes.report, f" of {name}")
        limit = _read_limit(name, inner)
        if limit != MediaLimit():
            limits[name] = limit
        if inner.left:
            attributes.left[name] = inner.left
    return limits


def read_encoding(attributes: Attributes) -> dict[str, str]:
    """Read the format and colour space that a medium comes in."""
    colours = attributes.take("color_space", text_or_none)
    named = attributes.take("format", text_or_none)
    said = {"color_space": colours, "format": normal_name(named) if named else None}
    return {name: value for name, value in said.items() if value}


def limits_in_words(limits: MediaLimits, clean: Callable[[str], str]) -> str:
    """Say what the figures of a medium may be, each clause behind a semicolon; empty where nothing limits them."""
    clauses: dict[bool, list[str]] = {False: [], True: []}
    for name, limit in limits.items():
        clauses[limit.converts] += filter(None, [_limit_in_words(name, limit, clean)])
    fixed, fitted = ", ".join(clauses[False]), ", ".join(clauses[True])
    said = (fixed, f"{fitted} (the hub converts others)" if fitted else "")
    return "".join(f"; {clause}" for clause in said if clause)


def limits_as_json(limits: MediaLimits) -> dict[str, dict[str, Any]]:
    """Return limits as input models carry them: plain JSON values, those that say nothing left out."""

    def plain(limit: MediaLimit) -> dict[str, Any]:
        figures = {n: list(v) for n, v in vars(limit).items() if v and n != "converts"}
        return {**figures, "converted": True} if limit.converts else figures

    return {name: plain(limit) for name, limit in limits.items()}


def _read_limit(name: str, attributes: Attributes) -> MediaLimit:
    def figures(value: object) -> tuple[float, ...] | None:
        values = value if is_array(value) else [value]
        numbers = tuple(normal_number(number) for number in values if is_finite_number(number))
        whole = len(values) == len(numbers) == (2 if name == "size" else 1)
        return numbers if whole else None

    def bound(names: tuple[str, ...]) -> tuple[float, ...]:
        remedy = "this limit is not checked"
        return attributes.first(names, figures, "is not a figure", remedy) or ()

    given = attributes.take("supported", array_or_none) or []
    usable = [v for v in given if (is_utf8(v) if isinstance(v, str) else is_finite_number(v))]
    if name == "format":
        named = [normal_name(value) for value in usable if isinstance(value, str)]
        usable = [value for value in named if _FORMAT.fullmatch(value)]
        for value in sorted({*named} - {*usable}):
            # The client says the formats where it refuses one, and no medium is of this one.
            what = f"its format {shown(value)} is not the name of a format"
            attributes.report(what, "the format is left out")
    return MediaLimit(
        supported=tuple(dict.fromkeys(usable)),
        minimum=bound(MINIMUM),
        maximum=bound(MAXIMUM),
        align=bound(("align",)),
        converts=bool(attributes.pop("auto_convert")),
    )


def _limit_in_words(name: str, limit: MediaLimit, clean: Callable[[str], str]) -> str:
    taken = _either([clean(str(value)) for value in limit.supported])
    between = range_in_words(_figure(limit.minimum), _figure(limit.maximum))
    said = ", ".join(filter(None, (taken, between)))
    return f"{name.replace('_', ' ')} {said}{_UNITS.get(name, '')}" if said else ""


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _figure(values: tuple[float, ...]) -> str | None:
    return " by ".join(f"{value:.10g}" for value in values) or None
