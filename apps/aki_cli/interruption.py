"""SIGTERM and a closed terminal, made to end a command the way Ctrl-C does: as an exception that cancels the job."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NoReturn


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end."""


@contextmanager
def signals_as_exceptions(end: type[BaseException] = TerminatedError) -> Generator[None]:
    """Let signals that end the process run through what has to be done before; those that are ignored stay so."""
    before: dict[int, Any] = {}

    def terminate(number: int, _: object) -> NoReturn:
        raise end(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, n) for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)):
            if (found := signal.getsignal(number)) not in (signal.SIG_IGN, None):
                before[number] = found
                signal.signal(number, terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
