"""Open connections that nobody uses, the one used last on top. It opens and closes nothing.

Each lane is one connection with a pool of its own. A pool of many connections looks through all of them for every
request, so that a thousand requests at a time would mostly wait for that search.
"""

from collections import deque
from typing import Generic, TypeVar

Lane = TypeVar("Lane")

IDLE_SECONDS = 5.0
"""Seconds after which an idle connection is closed, as in httpx."""


class IdleLanes(Generic[Lane]):
    """The idle lanes of one client. It may be shared by threads."""

    def __init__(self) -> None:
        self._idle: deque[tuple[Lane, float]] = deque()

    def take(self) -> Lane | None:
        """Return the lane that was used last, None where all are in use."""
        try:
            return self._idle.pop()[0]
        except IndexError:
            return None

    def give(self, lane: Lane, now: float) -> Lane | None:
        """Take a lane back, and return one that has been idle too long, to be closed."""
        self._idle.append((lane, now))
        try:
            oldest, since = self._idle.popleft()
        except IndexError:  # another thread was faster
            return None
        if now - since > IDLE_SECONDS:
            return oldest
        self._idle.appendleft((oldest, since))
        return None

    def take_all(self) -> list[Lane]:
        """Return all idle lanes, to be closed."""
        taken: list[Lane] = []
        while (lane := self.take()) is not None:
            taken.append(lane)
        return taken
