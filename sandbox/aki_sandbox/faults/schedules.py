"""Which requests in a row of them are struck: by count, or by lot.

Owns the arithmetic. A schedule is a pure function of the place in the row, so the same plan strikes
the same places every time. Must not know what is counted.
"""

import hashlib
from collections.abc import Callable
from typing import TypeAlias

Schedule: TypeAlias = Callable[[int], bool]
"""Says of the n-th request, from 1, whether it is struck."""

_DIGEST_BYTES = 8


def scripted(nth: int, times: int | None, every: int) -> Schedule:
    """Strike from the n-th request on each so-many-th, a number of times.

    Args:
        nth: The first one struck, from 1.
        times: How many are struck; None for no end.
        every: From one that is struck to the next.

    Raises:
        ValueError: A number is below 1.
    """
    if nth < 1 or every < 1 or (times is not None and times < 1):
        raise ValueError("nth, times and every count from 1.")

    def strikes(place: int) -> bool:
        turn, off = divmod(place - nth, every)
        return turn >= 0 and not off and (times is None or turn < times)

    return strikes


def drawn(rate: float, seed: int) -> Schedule:
    """Strike a part of the requests, drawn by lot.

    Args:
        rate: How many, from 0 (none) to 1 (all).
        seed: Decides which.

    Raises:
        ValueError: The rate is no number from 0 to 1.
    """
    if not 0 <= rate <= 1:
        raise ValueError("A rate is a number from 0 to 1.")

    def strikes(place: int) -> bool:
        lot = hashlib.blake2b(f"{seed} {place}".encode(), digest_size=_DIGEST_BYTES).digest()
        return int.from_bytes(lot, "big") < rate * (1 << 8 * _DIGEST_BYTES)

    return strikes
