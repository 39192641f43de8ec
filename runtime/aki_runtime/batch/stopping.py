"""The two ways to stop a batch: begin nothing more, or leave at once."""

from collections.abc import Callable


class Stop:
    """Asked once, no further row is begun and what runs is finished; asked twice, jobs are left on the hub.

    To be used in the thread of the event loop. Jobs that are left are picked up by the next run.

    Attributes:
        is_asked: Whether it was asked.
        is_now: Whether jobs are left on the hub.
        signal: The signal that asked last; None where none did.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.is_asked = False
        self.is_now = False
        self._on_asked: list[Callable[[], None]] = []
        self._on_now: list[Callable[[], None]] = []

    def when(self, asked: Callable[[], None], now: Callable[[], None] | None = None) -> None:
        """Say what is to happen when it is asked for, and when it is to be now."""
        self._on_asked.append(asked)
        if self.is_asked:
            asked()
        if now is not None:
            self._on_now.append(now)
            if self.is_now:
                now()

    def ask(self) -> None:
        """Ask to stop; the second time it is to be now."""
        if self.is_asked:
            self.now()
        self.soon()

    def soon(self) -> None:
        """Begin nothing more."""
        if not self.is_asked:
            self.is_asked = True
            for act in self._on_asked:
                act()

    def now(self) -> None:
        """Leave at once what can be picked up later."""
        self.soon()
        if not self.is_now:
            self.is_now = True
            for act in self._on_now:
                act()
