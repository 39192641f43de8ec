"""Where rows wait for their turn: as many may pass as the speed allows, those that were refused first."""

import asyncio
import random
from collections.abc import Callable

from .speed import Speed


class Gate:
    """Lets rows pass; each that has entered has to leave.

    Args:
        speed: How many may be inside, and from when on.
        now: The clock.

    Attributes:
        inside: How many are.
    """

    def __init__(self, speed: Speed, now: Callable[[], float]) -> None:
        self.inside = 0
        self._speed = speed
        self._now = now
        self._refused = 0
        self._closed = False
        self._changed = asyncio.Event()

    async def enter(self) -> bool:
        """Wait for a turn behind all that were refused; false where the gate is closed."""
        return await self._enter(lambda: self._refused == 0)

    async def enter_again(self, begun: float) -> bool:
        """Wait for another turn after a refusal; false where the gate is closed. Who asked has to leave all the same.

        Args:
            begun: When the submit began that was refused.
        """
        self._speed.refused(begun, self._now(), random.random())  # noqa: S311 - spreads clients, hides nothing
        self.leave()
        self._refused += 1
        has_entered = False
        try:
            has_entered = await self._enter(lambda: True)
        finally:
            self._refused -= 1
            self.inside += not has_entered
            self._wake()
        return has_entered

    def leave(self) -> None:
        """Make room for another one."""
        self.inside -= 1
        self._wake()

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True
        self._wake()

    async def _enter(self, is_my_turn: Callable[[], bool]) -> bool:
        while not self._closed:
            pause = self._speed.not_before - self._now()
            if pause <= 0 and self.inside < self._speed.limit and is_my_turn():
                self.inside += 1
                return True
            await self._news(pause if pause > 0 else None)
        return False

    async def _news(self, seconds: float | None) -> None:
        changed = self._changed
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
