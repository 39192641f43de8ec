"""What metadata says of media: limits of their figures, and the encoding they come in.

Owns the attributes of media. Must not know the fields that they belong to.
"""

from dataclasses import dataclass

from ..media.formats import normal_name
from ..shapes import is_array
from .fact_values import Number, Reader, as_array, as_number, as_object, as_text, json_text

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
"""The figures of a medium that a hub may limit."""


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


def media_limits(reader: Reader) -> MediaLimits:
    """Return the limits of a medium."""
    limits: list[tuple[str, MediaLimit]] = []
    for name in MEDIA_FIGURES:
        described = reader.take(name, as_object)
        if described is None:
            continue
        inner = Reader(described)
        limit = _media_limit(name, inner)
        if limit != MediaLimit() and limit != MediaLimit(converts=True):
            limits.append((name, limit))
        if inner.left():
            reader.keep(name, inner.left())
    return tuple(sorted(limits))


def _media_limit(name: str, reader: Reader) -> MediaLimit:
    def figures(value: object) -> tuple[Number, ...] | None:
        values = value if is_array(value) else [value]
        numbers = tuple(n for v in values if (n := as_number(v)) is not None)
        whole = len(numbers) == len(values) == (2 if name == "size" else 1)
        return numbers if whole else None

    supported = reader.take("supported", as_array) or []
    if name == "format":
        supported = [normal_name(value) for value in supported if isinstance(value, str)]
    return MediaLimit(
        supported=tuple(
            sorted(
                {json_text(v) for v in supported if isinstance(v, str) or as_number(v) is not None}
            )
        ),
        minimum=reader.first(("min", "minimum"), figures) or (),
        maximum=reader.first(("max", "maximum"), figures) or (),
        align=reader.take("align", figures) or (),
        converts=reader.flag("auto_convert"),
    )


def chat_support(reader: Reader) -> tuple[tuple[str, MediaLimits], ...]:
    """Return what the messages of a chat may hold, with the limits of each kind."""
    named = reader.take("support", as_array) or []
    found: list[tuple[str, MediaLimits]] = []
    for kind in MEDIA:
        if kind not in [word for word in named if isinstance(word, str)]:
            continue
        inner = Reader(reader.pop(kind))
        found.append((kind, media_limits(inner)))
        if inner.left():
            reader.keep(kind, inner.left())
    return tuple(found)


def media_encoding(reader: Reader) -> tuple[tuple[str, str], ...]:
    """Return the format and colour space that a medium comes in, where they are told."""
    form, colours = reader.take("format", as_text), reader.take("color_space", as_text)
    named = {"color_space": colours, "format": normal_name(form) if form else None}
    return tuple((name, value) for name, value in named.items() if value)
