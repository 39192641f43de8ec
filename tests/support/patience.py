"""Patience with what other threads and processes bring about: real time, and never longer than is needed."""

import time
from collections.abc import Callable

_PAUSE = 0.01


def soon(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Return whether something becomes so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def until(condition: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    """Wait until something is so; fail where it does not become so."""
    assert soon(condition, seconds), f"it never came to this: {what}"
