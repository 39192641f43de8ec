"""What a task leaves in the result backend, all of it JSON: outputs, whose media go through a storage, and reports.

It must not know where that is kept, nor how the job is followed.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from ..chat.text import ChatText
from ..chat.tools import ToolCall
from ..errors import MediaError
from ..events import Event, Queued
from ..fields.base import OutputModel, ProgressModel
from ..fields.parameters import wire_names
from ..media.objects import Media
from ..protocol.view import Reading
from ..shapes import is_array, is_object
from .claims import Record

SUBMITTED = "SUBMITTED"
"""The state of a task whose job is on the hub; the meta holds `job_id` and `endpoint`."""

PROGRESS = "PROGRESS"
"""The state of a task whose job was asked after; the meta is that of `progress_meta`."""

MAX_TEXT = 4_000
"""Characters of the text so far that a report holds: its end."""

_MAX_VALUE = 300
_LONGEST_NAME = 64
_PLAIN = re.compile(rf"[a-z0-9_-]{{1,{_LONGEST_NAME}}}")
_OTHER = re.compile(r"[^a-z0-9_-]")


@dataclass(frozen=True)
class Place:
    """Where a medium comes from; the same for each try to store it, so that a second one can replace the first.

    Attributes:
        task_id: The task.
        endpoint: The endpoint's name on the hub.
        output: The name of the output.
        number: Counts the media of one result, from 1.
    """

    task_id: str
    endpoint: str
    output: str
    number: int


Store: TypeAlias = Callable[[Media, Place], Any]
"""Keeps a medium, and returns what stands for it in the task's result: a path, an address, any JSON."""


@dataclass(frozen=True)
class FolderStore:
    """Stores media as files named after their task, and returns their names.

    Attributes:
        folder: Where; it is made where it is missing.
    """

    folder: str | os.PathLike[str]

    def __call__(self, media: Media, place: Place) -> str:
        """Write one file, whole or not at all."""
        target = Path(self.folder) / f"{_file_name(place.task_id)}-{place.number}{media.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        return media.save(target, overwrite=True).name


def _file_name(task_id: str) -> str:
    """Return a name that leads nowhere else and is no other task's, whatever id a caller has chosen."""
    if _PLAIN.fullmatch(task_id):
        return task_id
    # Names that differ in case alone are one file on some disks, so capitals are not plain.
    safe = _OTHER.sub("_", task_id)[:_LONGEST_NAME]
    return f"{safe}.{sha256(task_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def as_fields(output: OutputModel) -> dict[str, Any]:
    """Return an output as the fields that `OutputModel.read` makes it of again, media as data URIs."""
    meta = output.meta
    names = wire_names(type(output))
    outputs = {
        names.get(name, name): _plain(value, Media.data_uri)
        for name, value in _outputs(output).items()
    }
    figures = {
        "ep_version": meta.endpoint_version,
        "total_duration": meta.total_duration,
        "compute_duration": meta.compute_duration,
    }
    known = {name: figure for name, figure in figures.items() if figure is not None}
    return {**meta.extras, **known, **outputs}


def as_result(
    reading: Reading[Any, Any], record: Record, task_id: str, store: Store | None
) -> dict[str, Any]:
    """Return what a task returns: `outputs` and `meta`, all of it JSON.

    Args:
        reading: How the endpoint's answers are read.
        record: Holds the result as `as_fields` returns it, and the job's id.
        task_id: The task.
        store: Keeps the media; None leaves them in the result as data URIs.
    """
    output: OutputModel = reading.output.read(
        record.fields, endpoint=reading.endpoint, job_id=record.job_id
    )
    meta, count = output.meta, 0

    def keep(name: str) -> Callable[[Media], Any]:
        def keep_one(media: Media) -> Any:
            nonlocal count
            count += 1
            if store is None:
                return media.as_it_came()
            try:
                return store(media, Place(task_id, reading.endpoint, name, count))
            except MediaError:
                return None  # the hub sent no medium; nothing that can be kept is lost

        return keep_one

    outputs = {name: _plain(value, keep(name)) for name, value in _outputs(output).items()}
    return {
        "outputs": outputs,
        "meta": {
            "endpoint": reading.endpoint,
            "job_id": record.job_id,
            "endpoint_version": meta.endpoint_version,
            "total_duration": meta.total_duration,
            "compute_duration": meta.compute_duration,
            "extras": dict(meta.extras),
        },
    }


def _outputs(output: OutputModel) -> dict[str, Any]:
    came = {**vars(output), **(output.model_extra or {})}
    return {name: value for name, value in came.items() if name in output.model_fields_set}


def _plain(value: Any, keep: Callable[[Media], Any]) -> Any:
    if isinstance(value, Media):
        return keep(value)
    if isinstance(value, ChatText):
        return str(value) if value.data is None else value.data
    if isinstance(value, ToolCall):
        return {"name": value.name, "arguments": dict(value.arguments)}
    if is_array(value):
        return [_plain(item, keep) for item in value]
    if is_object(value):
        return {name: _plain(item, keep) for name, item in value.items()}
    return value


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
    """Writes reports of one task, at most one in each interval, and none that says what the last one said.

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
        """Report that there is a job."""
        self._write(SUBMITTED, self._identity)

    def progress(self, event: Event[Any]) -> None:
        """Report what happens."""
        meta = progress_meta(event)
        if meta == self._last or time.monotonic() < self._next:
            return
        self._write(PROGRESS, {**self._identity, **meta})
        self._last, self._next = meta, time.monotonic() + self._interval
