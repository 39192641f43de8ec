"""From a medium's attributes to its limits: format, colours, size, rates, duration."""

import re

from aki_runtime.media.formats import Kind, normal_name
from aki_runtime.shapes import is_array, is_object

from ..ir import Limit, MediaType, Scalar
from .fieldvalues import Tell, is_number, shown
from .wire import Attributes, is_utf8

LIMITED = (
    "format",
    "color_space",
    "size",
    "sample_rate",
    "sample_bit_depth",
    "audio_bit_rate",
    "channels",
    "duration",
)
"""The figures of a medium that a hub may limit: pixels, Hz, bit, bit/s, count, seconds."""


_FORMAT = re.compile(r"[a-z0-9][a-z0-9.+-]{0,40}", re.ASCII)


def media_type(kind: Kind, attributes: Attributes, tell: Tell) -> MediaType:
    """Return the type of a media parameter; what is odd about a limit is told and left out."""
    limits: list[tuple[str, Limit]] = []
    for name in LIMITED:
        described = attributes.get(name)
        if is_object(described):
            limits.append((name, _limit(name, described, tell)))
    return MediaType(kind, tuple(limit for limit in limits if limit[1] != Limit()))


def _limit(name: str, described: Attributes, tell: Tell) -> Limit:
    return Limit(
        supported=_supported(name, described.get("supported"), tell),
        minimum=_figures(name, described, ("min", "minimum"), tell),
        maximum=_figures(name, described, ("max", "maximum"), tell),
        align=_figures(name, described, ("align",), tell),
        enforced=not described.get("auto_convert"),
    )


def _supported(name: str, values: object, tell: Tell) -> tuple[Scalar, ...]:
    usable = [value for value in values if _is_usable(value)] if is_array(values) else []
    if name == "format":
        named = [normal_name(value) for value in usable if isinstance(value, str)]
        usable = [value for value in named if _FORMAT.fullmatch(value)]
        for value in sorted({*named} - {*usable}):
            # The client says the formats where it refuses one, and no medium is of this one.
            tell(f"its format {shown(value)} is no name of a format", "the format is left out")
    return tuple(dict.fromkeys(usable))


def _is_usable(value: object) -> bool:
    return is_utf8(value) if isinstance(value, str) else is_number(value)


def _figures(
    name: str, described: Attributes, spellings: tuple[str, ...], tell: Tell
) -> tuple[float, ...]:
    for spelling in spellings:
        value = described.get(spelling)
        if value is None:
            continue
        values = value if is_array(value) else [value]
        wanted = 2 if name == "size" else 1
        numbers = tuple(number for number in values if is_number(number))
        if len(values) == wanted == len(numbers):
            return numbers
        tell(f"its {spelling} of {name} {shown(value)} is no figure", "this limit is not checked")
    return ()
