"""Keeps the claim on a task while the delivery that took it lives: a thread that renews it and nothing else."""

import logging
import threading
import time
from uuid import uuid4

from .claims import Claims, Record
from .failures import SteppedBackError

_log = logging.getLogger("aki_client")


class Lease:
    """One delivery's hold on a task.

    Args:
        claims: Where it is kept.
        task_id: The task.
        seconds: How long the hold lasts after the last renewal; it is renewed three times as often.
    """

    def __init__(self, claims: Claims, task_id: str, seconds: float) -> None:
        self._claims = claims
        self._task_id = task_id
        self._seconds = seconds
        self._owner = uuid4().hex
        self._until = 0.0
        self._over = threading.Event()

    def take(self) -> Record | None:
        """Take the task and return what is noted of it; None while another delivery holds it."""
        began = time.monotonic()
        record = self._claims.take(self._task_id, self._owner, self._seconds)
        if record is not None:
            self._until = began + self._seconds
            threading.Thread(target=self._renew, name="aki-lease", daemon=True).start()
        return record

    @property
    def is_held(self) -> bool:
        """Whether nobody else can have taken the task."""
        return time.monotonic() < self._until

    def note(self, record: Record) -> None:
        """Note how far the task has come.

        Raises:
            SteppedBackError: Another delivery has taken the task over.
        """
        if not self._claims.note(self._task_id, self._owner, record):
            self._until = 0.0
            raise SteppedBackError

    def close(self) -> None:
        """Let go of the task."""
        if not self._over.is_set():
            self._over.set()
            self._claims.release(self._task_id, self._owner)

    def _renew(self) -> None:
        while not self._over.wait(self._seconds / 3):
            began = time.monotonic()
            try:
                held = self._claims.renew(self._task_id, self._owner, self._seconds)
            except Exception as error:  # whatever keeps it, the hold ends by itself
                _log.warning("the hold on a task could not be renewed: %s", type(error).__name__)
                continue
            self._until = began + self._seconds if held else 0.0
            if not held:
                return
