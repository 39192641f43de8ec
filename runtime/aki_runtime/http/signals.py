"""Signals heard by others for a while. Only the main thread hears any; elsewhere nothing is changed."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | signal.Handlers


@contextmanager
def handling(handler: Handler, *names: str) -> Generator[None]:
    """Let a handler hear signals, as far as this system has them. What is ignored stays so."""
    before: dict[int, Handler] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
            found = signal.getsignal(number)
            if (
                callable(found) or found is signal.SIG_DFL
            ):  # what Python did not set cannot be set again
                before[number] = found
                signal.signal(number, handler)
    try:
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)


@contextmanager
def defer_signals(*names: str) -> Generator[None]:
    """Let signals come only when the block is done."""
    came: list[int] = []
    try:
        with handling(lambda number, _: came.append(number), *names):
            yield
    finally:
        for number in came:
            signal.raise_signal(number)
