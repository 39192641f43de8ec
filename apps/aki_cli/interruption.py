"""SIGTERM and a closed terminal, made to end a command the way Ctrl-C does: as an exception that cancels the job."""

import signal
from types import FrameType
from typing import NoReturn


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end."""


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise TerminatedError


def listen() -> None:
    """Let signals that end the process run through what has to be done before."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminate)
