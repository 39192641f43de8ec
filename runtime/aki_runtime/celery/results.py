"""Outputs as JSON: media go through the caller's storage, everything else is kept as it is."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..chat.text import ChatText
from ..chat.tools import ToolCall
from ..errors import MediaError
from ..media.objects import Media
from ..models.base import OutputModel
from ..protocol.view import Reading
from ..shapes import is_array, is_object
from .claims import Record


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
        # A caller may choose a task's id; it must not lead anywhere else.
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in place.task_id)
        target = Path(self.folder) / f"{safe}-{place.number}{media.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.write_bytes(media.bytes)
        draft.replace(target)
        return target.name


def as_fields(output: OutputModel) -> dict[str, Any]:
    """Return an output as the fields that `OutputModel.read` makes it of again, media as data URIs."""
    meta = output.meta
    names = {name: info.alias or name for name, info in type(output).model_fields.items()}
    outputs = {
        names.get(name, name): _plain(value, Media.data_uri)
        for name, value in _outputs(output).items()
    }
    figures = {
        "ep_version": meta.endpoint_version,
        "total_duration": meta.total_duration,
        "compute_duration": meta.compute_duration,
    }
    told = {name: figure for name, figure in figures.items() if figure is not None}
    return {**meta.extras, **told, **outputs}


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
