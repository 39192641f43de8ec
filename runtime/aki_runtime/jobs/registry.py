"""What is known of each job that is in use in this process, once, and whose turn it is to ask.

Two readers of one job that did not know of each other would poll it side by side, and only one of them would
get its result. So handles, streams and copies of them, sync and async, share one state and one turn.
"""

import asyncio
import math
import os
import threading
from collections import deque
from concurrent.futures import Future
from weakref import WeakValueDictionary

from ..protocol.job import JobState


class SharedTurn:
    """A lock that threads wait for, and tasks of any event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[Future[None]] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for the turn, and return whether it came in time."""
        waiter = self._ask()
        if waiter is None:
            return True
        try:
            waiter.result(None if math.isinf(seconds) else seconds)
        except TimeoutError:
            return not waiter.cancel()
        except BaseException:
            self._decline(waiter)
            raise
        return True

    async def take_async(self, seconds: float) -> bool:
        """Wait for the turn in a task, and return whether it came in time."""
        waiter = self._ask()
        if waiter is None:
            return True
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                await asyncio.wrap_future(waiter)
        except TimeoutError:
            return not waiter.cancel()
        except BaseException:
            self._decline(waiter)
            raise
        return True

    def release(self) -> None:
        """Let the one who has waited longest have it."""
        with self._lock:
            while self._waiting:
                waiter = self._waiting.popleft()
                if waiter.set_running_or_notify_cancel():
                    break
            else:
                self._is_taken = False
                return
        waiter.set_result(None)

    def _ask(self) -> Future[None] | None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return None
            waiter: Future[None] = Future()
            self._waiting.append(waiter)
            return waiter

    def _decline(self, waiter: Future[None]) -> None:
        if not waiter.cancel():
            self.release()  # it came amid the interruption


class JobRegistry:
    """The jobs in use, forgotten with their last reader."""

    def __init__(self) -> None:
        self.forget()

    def of(self, server: str, state: JobState) -> JobState:
        """Return what is known of a job: where it is in use, that of its readers instead of this one."""
        key = (server, state.endpoint, state.job_id)
        with self._lock:
            known = self._jobs.get(key)
            if known is None:
                state.turn = SharedTurn()
                self._jobs[key] = known = state
            return known

    def forget(self) -> None:
        """Begin anew, as if no job were in use."""
        self._jobs: WeakValueDictionary[tuple[str, str, str], JobState] = WeakValueDictionary()
        self._lock = threading.Lock()


JOBS = JobRegistry()

if hasattr(os, "register_at_fork"):
    # A thread that held a lock here is not there in a forked process, and could not give it back.
    os.register_at_fork(after_in_child=JOBS.forget)
