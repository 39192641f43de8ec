"""Keeps Ctrl-C and other signals away from a request whose answer can not be had again.

They reach the main thread alone, between any two of its steps. For the length of one request the process's own handlers
are called at once, as ever, but what they raise is kept until the request is over. A second signal, or the end of the
patience after the first, breaks the request off.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_Handler = Callable[[int, FrameType | None], object]
# Ctrl-C, the end of a service, a closed terminal, an alarm, and what Celery sends when a task's time is over;
# Windows lacks some.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1")
    if hasattr(signal, name)
]


_ending = threading.RLock()
"""Held while a shield ends, so that no signal of its own comes after it."""


class ShieldedInterruptError(BaseException):
    """A signal came during shielded work, which was carried through.

    Attributes:
        outcome: What the work returned.
        reason: What the process's own handler raised.
    """

    def __init__(self, outcome: Any, reason: BaseException) -> None:
        super().__init__()
        self.outcome = outcome
        self.reason = reason


def shielded(work: Callable[[], T], patience: float) -> T:
    """Carry work through, whatever a signal says.

    Args:
        work: What to do.
        patience: Seconds that it may go on after the first signal.

    Raises:
        ShieldedInterruptError: A handler raised meanwhile, and here is the outcome.
        BaseException: What the handler raised, where there is no outcome: the work failed, or was broken off.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    shield = _Shield(patience)
    shield.raise_()
    try:
        outcome = work()
    except BaseException:
        shield.lower()
        # A failure matters no more to a caller who is told to stop.
        if shield.reason is not None:
            raise shield.reason from None
        raise
    shield.lower()
    if shield.reason is not None:
        raise ShieldedInterruptError(outcome, shield.reason)
    return outcome


class _Shield:
    """Stands in for the handlers of the process.

    Attributes:
        reason: What one of them raised; None where none did.
    """

    def __init__(self, patience: float) -> None:
        self.reason: BaseException | None = None
        self._patience = patience
        self._handlers: dict[int, _Handler] = {}
        self._holds = True
        self._is_over = False
        self._timer: threading.Timer | None = None

    def raise_(self) -> None:
        """Set the handlers aside; signals that are ignored, or that end the process, are let alone."""
        hear = self._hear
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, hear)

    def lower(self) -> None:
        """Put the handlers back."""
        with _ending:
            self._holds = False
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._is_over and self.reason is not None:
            raise self.reason
        try:
            self._handlers[number](number, frame)
        except BaseException as reason:
            if self.reason is not None and self._holds:
                raise
            self.reason = reason
            self._timer = threading.Timer(self._patience, self._break_off, (number,))
            self._timer.daemon = True
            self._timer.start()

    def _break_off(self, number: int) -> None:
        with _ending:
            if self._holds and hasattr(signal, "pthread_kill"):
                self._is_over = True
                signal.pthread_kill(threading.main_thread().ident or 0, number)
