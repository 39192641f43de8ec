"""How many jobs may be on the hub at a time: more while all goes well, half as many when it refuses.

Pure arithmetic of what was seen and when; nothing here waits. The rule is that of TCP: from a small start the
limit doubles with each round of jobs until the first sign of trouble, then grows by one per round, and is halved
by a refusal, once per round, because all jobs of a round meet the same full queue.
"""

FIRST_LIMIT = 8
"""Jobs at a time to begin with."""

CROWD = 24
"""Places by which the queue may be longer than it was at its shortest before there are fewer jobs at a time."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries at most, while the hub refuses every job."""

_SHORTEST_PAUSE = 0.5
_WINDOW = 64


class Speed:
    """The limit, and the moment before which nothing is to be submitted.

    Args:
        most: Jobs at a time at most.

    Attributes:
        not_before: When the next job may be submitted, on the clock of the calls.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.not_before = 0.0
        self._limit = float(min(FIRST_LIMIT, most))
        self._careful_from = float(most)
        self._last_cut = float("-inf")
        self._refusals = 0
        self._crowded = False
        self._shortest = _Shortest()

    @property
    def limit(self) -> int:
        """Jobs at a time."""
        return max(1, int(self._limit))

    def took(self) -> None:
        """The hub has made a job."""
        self._refusals = 0

    def ended(self) -> None:
        """A job has ended: one more may be tried, unless the queue is long already."""
        if self._crowded:
            return
        step = 1.0 if self._limit < self._careful_from else 1.0 / self._limit
        self._limit = min(self._limit + step, float(self.most))

    def refused(self, begun: float, now: float, chance: float) -> None:
        """The hub has taken no job: queue full, too many requests, or not to be reached.

        Args:
            begun: When that submit began.
            now: When it was refused.
            chance: From 0 to 1, so that many clients do not come back at once.
        """
        if begun < self._last_cut:
            return
        self._cut(0.5, now)
        self._refusals += 1
        pause = min(_SHORTEST_PAUSE * 2.0 ** min(self._refusals - 1, 16), LONGEST_PAUSE)
        self.not_before = max(self.not_before, now + pause * (0.5 + 0.5 * chance))

    def queued(self, position: int, begun: float, now: float) -> None:
        """A new job has found its place in the queue; 0 where it did not have to wait.

        Args:
            position: Its place.
            begun: When its submit began.
            now: When the place became known.
        """
        longer = position - self._shortest.with_value(position)
        self._crowded = longer > CROWD // 2
        if longer > CROWD and begun >= self._last_cut:
            self._cut(0.85, now)

    def _cut(self, factor: float, now: float) -> None:
        self._limit = max(1.0, self._limit * factor)
        self._careful_from = self._limit
        self._last_cut = now


class _Shortest:
    """The smallest of the latest values: of at least one window of them, at most two."""

    def __init__(self) -> None:
        self._before = self._current = float("inf")
        self._count = 0

    def with_value(self, value: float) -> float:
        """Take a value in, and return the smallest."""
        self._current = min(self._current, value)
        self._count += 1
        smallest = min(self._before, self._current)
        if self._count == _WINDOW:
            self._before, self._current, self._count = self._current, float("inf"), 0
        return smallest
