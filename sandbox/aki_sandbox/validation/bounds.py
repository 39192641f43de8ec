"""Bounds and alignment of a number, and the words that sentences of refusal share.

Owns the order in which bounds are applied: maximum, minimum, alignment. Serves plain parameters and the numeric
attributes of media alike, so it must not know which of them it is checking.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from aki_sandbox.jsontypes import Json

Refuse: TypeAlias = Callable[[str], None]

_LONGEST_STRING_SHOWN = 100


def auto_convert_hint(name: str) -> str:
    """Return the advice to the server's owner that follows a refused value."""
    return (
        f"Set auto_convert = true for {name} in the [INPUT] section of the endpoint config file "
        "to avoid this error.\n"
    )


def shortened(value: Json) -> Json:
    """Cut every long string in a value, so that no sentence repeats a whole picture."""
    if isinstance(value, str) and len(value) > _LONGEST_STRING_SHOWN:
        return value[:_LONGEST_STRING_SHOWN] + "..."
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return value


def check_number(
    name: str,
    attributes: Mapping[str, Json],
    value: float,
    refuse: Refuse,
    *,
    forgets_zero_bounds: bool = False,
) -> float:
    """Return the number as the worker gets it, refusing one outside its declaration.

    Bounds are inclusive. With `auto_convert` the number is moved to the nearest bound, then down
    to a multiple of `align`, or up where down would fall below the minimum.
    """
    auto_convert = bool(attributes.get("auto_convert"))
    highest = _bound(attributes, "max", "maximum", forgets_zero_bounds)
    lowest = _bound(attributes, "min", "minimum", forgets_zero_bounds)
    for limit, word, outside in (
        (highest, "high", highest is not None and value > highest),
        (lowest, "low", lowest is not None and value < lowest),
    ):
        if not outside or limit is None:
            continue
        if auto_convert:
            value = limit
        else:
            refuse(
                f"Parameter {name} = {value} is too {word}. "
                f"{'Max' if word == 'high' else 'Min'} supported value for {name} on this "
                f"endpoint is {limit}!\n\n" + auto_convert_hint(name)
            )
    return _aligned(name, attributes.get("align"), lowest, value, refuse, auto_convert)


def _bound(
    attributes: Mapping[str, Json], short: str, long: str, forgets_zero: bool
) -> float | None:
    bound = attributes.get(short)
    if bound is None or (forgets_zero and not bound):
        bound = attributes.get(long)
    return bound if isinstance(bound, int | float) else None


def _is_multiple(value: float, align: float) -> bool:
    # Floats hold neither 0.3 nor 0.1, and their remainder is 0.09999999999999998.
    off = value % align
    return min(abs(off), abs(align - off)) <= (abs(align) * 1e-9 if isinstance(off, float) else 0)


def _aligned(
    name: str, align: Json, lowest: float | None, value: float, refuse: Refuse, auto_convert: bool
) -> float:
    if not isinstance(align, int | float) or not align or _is_multiple(value, align):
        return value
    if not auto_convert:
        refuse(
            f"Parameter {name} = {value} is not a multiple of {align}, and only multiples are taken.\n\n"
            + auto_convert_hint(name)
        )
        return value
    below = value - value % align
    return below + align if lowest is not None and below < lowest else below
