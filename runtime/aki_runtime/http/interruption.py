"""Work that an interruption of its caller must not cut short, and signals that are handled or deferred for a while.

The outcome of such work, as the answer to a submit, cannot be had again, so it runs in another thread. What comes from
outside strikes the caller alone, which only waits: a signal's handler that raises, a time limit that a task queue
raises in the caller's thread, a `gevent.Timeout`.
"""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from queue import SimpleQueue
from threading import Lock
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | signal.Handlers


class _Worker:
    """A thread that works for another one, and ends with it; a new one for each request would cost twice as much."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        _thread.start_new_thread(_serve, (self.inbox,))

    def __del__(self) -> None:
        self.inbox.put(None)


def _serve(inbox: "SimpleQueue[Callable[[], None] | None]") -> None:
    while work := inbox.get():
        work()
        del work  # or it would be kept until there is more


_own = threading.local()

if hasattr(os, "register_at_fork"):
    # A forked process has no thread but the one that forked.
    os.register_at_fork(after_in_child=lambda: _own.__dict__.clear())


def carry_through(work: Callable[[], object], seconds: float) -> None:
    """Do some work to its end, and raise what it raises.

    Args:
        work: What to do.
        seconds: How long it may go on after the caller was interrupted; a second interruption ends the wait at once.

    Raises:
        BaseException: What interrupted the caller; the work may have come to its end meanwhile.
    """
    if sys.is_finalizing():  # other threads have stopped for good
        work()
        return
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

    own: dict[str, _Worker] = _own.__dict__
    try:
        try:
            worker = own.pop("worker", None) or _Worker()
            worker.inbox.put(carry)
        except RuntimeError:
            carry()  # no more threads: the interpreter ends, or there are too many
            worker = None
        # On Windows, only a wait with an end lets handlers of signals run.
        while not ended.acquire(timeout=1.0):
            pass
        if worker is not None:
            own["worker"] = worker
    except BaseException:
        with suppress(BaseException):
            # What has not started never will.
            if not outcomes and not claimed.acquire(blocking=False):
                ended.acquire(timeout=seconds)
        raise
    failure = outcomes.pop()
    if failure is not None:
        try:
            raise failure
        finally:
            del failure  # or the exception would lead to this frame, and the frame to it


@contextmanager
def handling(handler: Handler, *names: str) -> Generator[None]:
    """Let a handler hear signals, as far as this system has them. What is ignored stays so.

    Only the main thread hears any; elsewhere nothing is changed.
    """
    before: dict[int, Handler] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
            found = signal.getsignal(number)
            # What Python did not set cannot be set again.
            if callable(found) or found is signal.SIG_DFL:
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
