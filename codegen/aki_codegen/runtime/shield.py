"""Keeps Ctrl-C away from a request whose answer can not be had again: it is heard at once and acted on afterwards.

Only the main thread hears Ctrl-C. There the handler of the process is set aside for the length of one request; a second
Ctrl-C, or the end of the patience after the first, breaks the request off.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_Handler = Callable[[int, FrameType | None], object]


class ShieldedInterruptError(BaseException):
    """Ctrl-C was pressed during shielded work, which was carried through.

    Attributes:
        outcome: What the work returned.
        reason: What the process's own handler raised.
    """

    def __init__(self, outcome: Any, reason: BaseException) -> None:
        super().__init__()
        self.outcome = outcome
        self.reason = reason


def shielded(work: Callable[[], T], patience: float) -> T:
    """Carry work through, whatever Ctrl-C says.

    Args:
        work: What to do.
        patience: Seconds that it may go on after Ctrl-C.

    Raises:
        ShieldedInterruptError: Ctrl-C was pressed, and here is the outcome.
        KeyboardInterrupt: Ctrl-C was pressed, and there is none; or what the process's own handler raises.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        return work()
    shield = _Shield(patience)
    signal.signal(signal.SIGINT, shield.hear)
    try:
        outcome = work()
    except BaseException:
        if shield.is_struck:
            # The work was broken off, or its failure matters no more.
            shield.lift(handler)
        raise
    finally:
        shield.drop()
        signal.signal(signal.SIGINT, handler)
    if shield.is_struck:
        try:
            shield.lift(handler)
        except BaseException as reason:
            interruption = ShieldedInterruptError(outcome, reason)
        else:
            return outcome
        raise interruption
    return outcome


class _Shield:
    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._lock = threading.RLock()
        self._holds = True
        self._frame: FrameType | None = None
        self._timer: threading.Timer | None = None
        self.is_struck = False

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Stand in for the process's own handler."""
        if self.is_struck and self._holds:
            raise KeyboardInterrupt
        self.is_struck, self._frame = True, frame
        self._timer = threading.Timer(self._patience, self._strike_again)
        self._timer.daemon = True
        self._timer.start()

    def drop(self) -> None:
        """End it: what strikes from here on is too late to break anything off."""
        with self._lock:
            self._holds = False
        if self._timer is not None:
            self._timer.cancel()

    def lift(self, handler: _Handler) -> None:
        """Let the process's own handler act."""
        handler(signal.SIGINT, self._frame)

    def _strike_again(self) -> None:
        with self._lock:
            if self._holds and hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
