"""What a running task tells of itself: events of a job as small JSON, written only when there is news."""

import time
from collections.abc import Callable
from typing import Any

from ..chat.text import ChatText
from ..events import Event, Queued
from ..models.base import ProgressModel

SUBMITTED = "SUBMITTED"
"""The state of a task whose job is on the hub; the meta holds `job_id` and `endpoint`."""

PROGRESS = "PROGRESS"
"""The state of a task whose job was asked after; the meta is that of `progress_meta`."""

MAX_TEXT = 4_000
"""Characters of the text so far that a report holds: its end."""

_MAX_VALUE = 300


def progress_meta(event: Event[Any]) -> dict[str, Any]:
    """Return an event as JSON: state, queue position, estimate (s), progress, and the text and figures so far.

    Progress is 0 to 100 for images, and the number of tokens for text. Media are left out.
    """
    if isinstance(event, Queued):
        return {
            "state": "queued",
            "queue_position": event.position,
            "estimate": event.estimate,
            "progress": 0.0,
        }
    progress: ProgressModel = event.data
    data: dict[str, Any] = {**vars(progress), **(progress.model_extra or {})}
    meta: dict[str, Any] = {
        "state": event.state,
        "queue_position": 0,
        "estimate": event.estimate,
        "progress": event.progress,
        "data": {
            name: value for name, value in data.items() if name != "text" and _is_small(value)
        },
    }
    text = data.get("text")
    if isinstance(text, str | ChatText):
        meta["text"] = str(text)[-MAX_TEXT:]
        meta["text_length"] = len(text)
    return meta


def _is_small(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_VALUE
    return isinstance(value, bool | int | float)


class Reporter:
    """Writes reports of one task, at most one each so many seconds, and none that says what the last one said.

    Args:
        write: Writes a state and its meta.
        identity: What every report holds.
        interval: Seconds.
    """

    def __init__(
        self,
        write: Callable[[str, dict[str, Any]], None],
        identity: dict[str, Any],
        interval: float,
    ) -> None:
        self._write = write
        self._identity = identity
        self._interval = interval
        self._last: dict[str, Any] = {}
        self._next = 0.0

    def submitted(self) -> None:
        """Tell that there is a job."""
        self._write(SUBMITTED, self._identity)

    def progress(self, event: Event[Any]) -> None:
        """Tell what happens."""
        meta = progress_meta(event)
        if meta == self._last or time.monotonic() < self._next:
            return
        self._write(PROGRESS, {**self._identity, **meta})
        self._last, self._next = meta, time.monotonic() + self._interval
