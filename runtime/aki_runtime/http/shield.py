"""Carries a request through whose answer cannot be had again, whatever interrupts its caller.

The request runs in a thread of its own. What comes from outside strikes the caller alone, which only waits: a signal's
handler that raises, a time limit that a task queue raises in the caller's thread, a `gevent.Timeout`.
"""

import _thread
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from threading import Lock


def carry_through(work: Callable[[], object], seconds: float) -> None:
    """Do some work to its end, and raise what it raises.

    Args:
        work: What to do.
        seconds: How long it may go on after the caller was interrupted; a second interruption ends the wait at once.

    Raises:
        BaseException: What interrupted the caller; the work may have come to its end meanwhile.
    """
    claimed, ended = Lock(), Lock()
    ended.acquire()
    context = copy_context()
    outcomes: list[BaseException | None] = []

    def carry() -> None:
        if not claimed.acquire(blocking=False):
            return
        try:
            context.run(work)
        except BaseException as failure:
            outcomes.append(failure)
        else:
            outcomes.append(None)
        ended.release()

    try:
        try:
            _thread.start_new_thread(carry, ())
        except RuntimeError:
            carry()  # no more threads: the interpreter ends, or there are too many
        # On Windows, only a wait with an end lets handlers of signals run.
        while not ended.acquire(timeout=1.0):
            pass
    except BaseException:
        with suppress(BaseException):
            if not outcomes:
                ended.acquire(timeout=seconds)
        raise
    failure = outcomes.pop()
    if failure is not None:
        try:
            raise failure
        finally:
            del failure  # or the exception would lead to this frame, and the frame to it
