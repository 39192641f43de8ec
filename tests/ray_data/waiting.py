"""Waiting for what another process or thread brings about."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    """Wait for what another process or thread brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.05)
