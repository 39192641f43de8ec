"""SIGTERM and a closed terminal, made to end a command the way Ctrl-C does: as an exception that cancels the job."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end."""


@contextmanager
def signals_as_exceptions() -> Generator[None, None, None]:
    """Let signals that end the process run through what has to be done before; those that are ignored stay so."""
    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    taken = [n for n in numbers if n is not None and signal.getsignal(n) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise TerminatedError
