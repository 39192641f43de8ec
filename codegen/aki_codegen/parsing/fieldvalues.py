"""What values of attributes are, and how they are shown in a problem. Helpers of the readers of attributes."""

import math
from collections.abc import Callable
from typing import TypeGuard

from ..literals import visible

Tell = Callable[[str, str], None]
"""Takes what is wrong with a field, and the remedy."""


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number of a size that a float can hold (`true` is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 10**300 and math.isfinite(value)


def shown(value: object) -> str:
    """Show a value in a problem, not too long."""
    text = visible(repr(value))
    return text if len(text) <= 60 else f"{text[:59]}…"
