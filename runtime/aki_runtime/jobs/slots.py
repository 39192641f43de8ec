"""What is known of each job that is in use in this process, once, and whose turn it is to ask.

Two readers of one job that did not know of each other would poll it side by side, and only one of them would
get its result. So handles, streams and copies of them share one state and one turn.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from ..models.base import OutputModel
from ..protocol.state import JobState
from ..protocol.view import JobView, Out, Prog, Reading

Turn = TypeVar("Turn")


class JobSlot(Generic[Turn]):
    """One job in use: what is known of it, and the turn to ask."""

    def __init__(self, state: JobState, turn: Turn) -> None:
        self.state = state
        self.turn = turn
        self._views: dict[type[OutputModel], JobView[Any, Any]] = {}

    def view(self, reading: Reading[Prog, Out]) -> JobView[Prog, Out]:
        """Return the job as it is read in one way; all who read it so share the outputs."""
        view: JobView[Prog, Out] = self._views.setdefault(
            reading.output, JobView(self.state, reading)
        )
        return view


class JobSlots(Generic[Turn]):
    """The jobs in use, forgotten with their last reader.

    Args:
        make_turn: Makes the lock that readers take in turn.
    """

    def __init__(self, make_turn: Callable[[], Turn]) -> None:
        self._make_turn = make_turn
        self._slots: WeakValueDictionary[tuple[str, str, str], JobSlot[Turn]]
        self._slots = WeakValueDictionary()
        self._lock = threading.Lock()

    def of(self, server: str, state: JobState) -> JobSlot[Turn]:
        """Return the slot of a job: the one in use, or a new one for this state."""
        key = (server, state.endpoint, state.job_id)
        with self._lock:
            slot = self._slots.get(key)
            if slot is None:
                slot = self._slots[key] = JobSlot(state, self._make_turn())
            return slot

    def forget(self) -> None:
        """Begin anew, as if no job were in use."""
        self._slots = WeakValueDictionary()
        self._lock = threading.Lock()


async def take_turn(turn: asyncio.Lock, seconds: float | None) -> bool:
    """Wait for a turn, and say whether it came in time; what `acquire(timeout=…)` is to threads."""
    try:
        async with asyncio.timeout(seconds):
            await turn.acquire()
    except TimeoutError:
        return False
    return True


SYNC_SLOTS = JobSlots(threading.Lock)
ASYNC_SLOTS = JobSlots(asyncio.Lock)

if hasattr(os, "register_at_fork"):
    # A thread that held a lock here is not there in a forked process, and could not give it back.
    os.register_at_fork(after_in_child=SYNC_SLOTS.forget)
    os.register_at_fork(after_in_child=ASYNC_SLOTS.forget)
