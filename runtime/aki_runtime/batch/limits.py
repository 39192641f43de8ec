"""How many jobs may be on the hub at a time, and how long it may stay out of reach.

The limit follows the rule of TCP: from a small start it doubles with each round of jobs until the first sign of
trouble, then grows by one per round, and is halved by a refusal, once per round, because all jobs of a round meet the
same full queue.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import AkiError, ConfigurationError, ConnectionFailedError
from ..http.clients import MAX_CONNECTIONS
from .errors import BatchStoppedError

FIRST_LIMIT = 8
"""Jobs at a time to start with."""

CROWD = 24
"""Places by which the queue may be longer than it was at its shortest before there are fewer jobs at a time."""

LONGEST_PAUSE = 30.0
"""Longest pause in seconds between two tries, while the hub refuses every job."""

_SHORTEST_PAUSE = 0.5
"""The first of these pauses, in seconds; each refusal doubles it."""

OUTAGE_SAID_AFTER = 3.0
"""Seconds out of reach after which a notice says so."""

_WINDOW = 64
"""Positions in one window; the shortest queue of this window and of the one before counts."""


def require_concurrency(concurrency: int) -> None:
    """Refuse a number of jobs at a time for which a client has no connections.

    Raises:
        ConfigurationError: It is out of range.
    """
    if not 1 <= concurrency <= MAX_CONNECTIONS:
        raise ConfigurationError(
            f"concurrency={concurrency} is out of range; it is 1 to {MAX_CONNECTIONS}"
        )


class ConcurrencyLimiter:
    """Gives out slots for jobs, as many as the hub bears. Whoever has acquired a slot has to release it.

    Args:
        most: Largest number of jobs at a time.
        now: The clock, in seconds.
        chance: Returns 0 to 1 for each pause, so that many clients do not come back at once.

    Attributes:
        active: Slots that are taken.
        is_closed: Whether no further slot is given out.
        not_before: When the next slot may be given, on the clock.
    """

    def __init__(
        self,
        most: int,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.active = 0
        self.not_before = 0.0
        self._most = most
        self._now = now
        self._chance = chance
        self._limit = float(min(FIRST_LIMIT, most))
        self._careful_from = float(most)
        self._last_cut = float("-inf")
        self._refusals = 0
        self._is_crowded = False
        # The smallest position of this window and of the one before: a queue that was once short counts for a while.
        self._shortest = self._shortest_before = float("inf")
        self._positions = 0
        self._waiting_again = 0
        self.is_closed = False
        self._changed = asyncio.Event()

    @property
    def limit(self) -> int:
        """Slots that may be taken at a time."""
        return max(1, int(self._limit))

    async def acquire(self, *, is_new: bool = True) -> bool:
        """Wait for a slot; false where the limiter is closed.

        Args:
            is_new: Whether it is for a newcomer, who waits behind all that were refused.
        """
        while not self.is_closed:
            pause = self.not_before - self._now()
            has_turn = not (is_new and self._waiting_again)
            if pause <= 0 and self.active < self.limit and has_turn:
                self.active += 1
                return True
            changed = self._changed
            try:
                async with asyncio.timeout(pause if pause > 0 else None):
                    await changed.wait()
            except TimeoutError:
                continue
        return False

    async def acquire_again(self, started: float) -> bool:
        """Give the slot back after a refusal and wait for another one; false where the limiter is closed.

        The caller holds a slot afterwards in any case, and has to release it.

        Args:
            started: When the submit started that was refused.
        """
        self.on_refused(started)
        self.release()
        # While one of these waits no newcomer gets a slot: its row may have been refused by a full queue just now.
        self._waiting_again += 1
        has_slot = False
        try:
            has_slot = await self.acquire(is_new=False)
        finally:
            self._waiting_again -= 1
            self.active += not has_slot
            self._wake()
        return has_slot

    def release(self) -> None:
        """Give a slot back."""
        self.active -= 1
        self._wake()

    def close(self) -> None:
        """Give out no further slot."""
        self.is_closed = True
        self._wake()

    def on_accepted(self) -> None:
        """Take note that the hub has made a job."""
        self._refusals = 0

    def on_finished(self) -> None:
        """Take note that a job has ended: one more may be tried, unless the queue is long already."""
        if not self._is_crowded:
            step = 1.0 if self._limit < self._careful_from else 1.0 / self._limit
            self._limit = min(self._limit + step, float(self._most))

    def on_refused(self, started: float) -> None:
        """Take note that the hub took no job: queue full, too many requests, or out of reach.

        Args:
            started: When the submit started that was refused.
        """
        if started < self._last_cut:
            return  # the same full queue has cut the limit already
        self._cut(0.5)
        self._refusals += 1
        pause = min(_SHORTEST_PAUSE * 2.0 ** min(self._refusals - 1, 16), LONGEST_PAUSE)
        self.not_before = max(self.not_before, self._now() + pause * (0.5 + 0.5 * self._chance()))

    def on_queued(self, position: int, started: float) -> None:
        """Take note of the first position of a job in the queue; 0 where it did not have to wait.

        Args:
            position: Its position.
            started: When its submit started.
        """
        self._shortest = min(self._shortest, position)
        longer = position - min(self._shortest, self._shortest_before)
        self._positions += 1
        if self._positions == _WINDOW:
            self._shortest_before, self._shortest = self._shortest, float("inf")
            self._positions = 0
        self._is_crowded = longer > CROWD // 2
        if longer > CROWD and started >= self._last_cut:
            self._cut(0.85)

    def _cut(self, factor: float) -> None:
        self._limit = max(1.0, self._limit * factor)
        self._careful_from = self._limit
        self._last_cut = self._now()

    def _wake(self) -> None:
        # All who wait look again, and wait for the next event where it is not their turn.
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(kw_only=True)
class OutageTimer:
    """Measures how long the hub is out of reach.

    Attributes:
        seconds: How long it may be.
        endpoint: The endpoint's name.
        resume: What resumes the run, such as "the same command".
        on_notice: Called with a sentence, once in an outage that lasts.
    """

    seconds: float = field(kw_only=False)
    endpoint: str
    resume: str
    on_notice: Callable[[str], object] | None = None
    _since: float | None = field(default=None, init=False)
    _is_said: bool = field(default=False, init=False)

    def record_success(self) -> None:
        """Take note that the hub has answered."""
        self._since = None
        self._is_said = False

    def record_failure(self, reason: AkiError) -> None:
        """Take note of a refusal, which is an answer too, or of a failed connection.

        Raises:
            BatchStoppedError: The hub has been out of reach for too long.
        """
        if not isinstance(reason, ConnectionFailedError):
            # "Queue full" for hours is a hub that works.
            self.record_success()
            return
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since >= self.seconds:
            raise BatchStoppedError(
                f"the hub has not been reached for {self.seconds:.0f} s ({reason.message}); "
                f"{self.resume} goes on from here",
                endpoint=self.endpoint,
            )
        if now - self._since > OUTAGE_SAID_AFTER and not self._is_said:
            self._is_said = True
            if self.on_notice is not None:
                self.on_notice(f"{reason.message}; it is tried again for {self.seconds:.0f} s")
