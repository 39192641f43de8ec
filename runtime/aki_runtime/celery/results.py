"""What a task leaves in the result backend, all of it JSON: outputs, whose media a storage keeps, reports and failures.

It must not know where that is kept, nor how the job is followed.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import AkiError, InvalidParametersError, MediaError
from ..events import Event, Queued
from ..fields.base import OutputModel, came, plain_fields, whole
from ..media.objects import Media
from ..protocol.certainty import RESULT_LOST, UNCERTAIN

SUBMITTED = "SUBMITTED"
"""The state of a task whose job is on the hub; the meta holds `job_id` and `endpoint`."""

PROGRESS = "PROGRESS"
"""The state of a task whose job was asked after; the meta is that of `progress_meta`."""

_MAX_TEXT = 4_000
_MAX_VALUE = 300
_DECIDE = (
    "decide yourself by sending a new task, or let endpoint_task(resubmit_uncertain=True) decide"
)


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
        name = place.task_id
        # An id of the caller's own leads nowhere else, and to the file of no other task: names that differ in case
        # alone are one file on some disks, so capitals are not plain.
        if not re.fullmatch(r"[a-z0-9_-]{1,64}", name):
            digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            name = f"{re.sub(r'[^a-z0-9_-]', '_', name)[:64]}.{digest}"
        target = Path(self.folder) / f"{name}-{place.number}{media.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        return media.save(target, overwrite=True).name


def as_result(output: OutputModel, task_id: str, store: Store | None) -> dict[str, Any]:
    """Return what a task returns: `outputs` and `meta`, all of it JSON.

    Args:
        output: The job's result.
        task_id: The task.
        store: Keeps the media; None leaves them in the result as data URIs.
    """
    meta, numbers = output.meta, count(1)

    def keep(name: str, media: Media, _: str) -> Any:
        place = Place(task_id, meta.endpoint, name, next(numbers))
        if store is None:
            return media.as_it_came()
        try:
            return store(media, place)
        except MediaError:
            return None  # the hub sent no medium; nothing that can be kept is lost

    outputs: dict[str, Any] = {}
    for name, value in came(output).items():
        outputs[name] = plain_fields({name: whole(value)}, partial(keep, name)).get(name)
    return {
        "outputs": outputs,
        "meta": {
            "endpoint": meta.endpoint,
            "job_id": meta.job_id,
            "endpoint_version": meta.endpoint_version,
            "total_duration": meta.total_duration,
            "compute_duration": meta.compute_duration,
            "extras": dict(meta.extras),
        },
    }


def progress_meta(event: Event[Any]) -> dict[str, Any]:
    """Return an event as JSON: state, queue position, estimate (s), progress, and the text and figures so far.

    Progress is 0 to 100 for images, and the number of tokens for text. Media are left out.
    """
    is_queued = isinstance(event, Queued)
    meta: dict[str, Any] = {
        "state": event.state,
        "queue_position": event.position if is_queued else 0,
        "estimate": event.estimate,
        "progress": event.progress,
    }
    if is_queued:
        return meta
    data = came(event.data)
    text = data.pop("text", None)
    meta["data"] = small = {}
    for name, value in data.items():
        is_short = isinstance(value, str) and len(value) <= _MAX_VALUE
        if is_short or isinstance(value, bool | int | float):
            small[name] = value
    if isinstance(text, str):
        meta |= {"text": str(text)[-_MAX_TEXT:], "text_length": len(text)}
    return meta


class TaskError(AkiError):
    """A task that ended without a result; `str()` is a sentence for people.

    Attributes:
        kind: The name of the client's exception, such as "InvalidParametersError" or "JobFailedError".
        problems: One sentence per refused parameter, where parameters were refused.
    """

    # A backend makes the exception anew of its arguments alone, and these must be JSON.
    def __init__(self, message: str, kind: str = "AkiError", problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.problems = tuple(problems)
        self.args = (message, kind, list(problems))

    def __str__(self) -> str:
        return self.message


class UncertainError(TaskError):
    """The job may have been made, or has run, and may be billed; there is no result, and nothing was sent again."""


class UncertainSubmitError(UncertainError):
    """The job may or may not have been made, and may be billed; it was not sent again."""


def task_error(error: AkiError) -> TaskError:
    """Make of the client's exception one that a result backend can keep."""
    # As plain text: whoever reads the result backend may not have this package.
    problems = [*map(str, error.problems)] if isinstance(error, InvalidParametersError) else []
    return TaskError(error.message, type(error).__name__, problems)


def uncertain_submit(endpoint: str, what: str) -> UncertainSubmitError:
    """Make the exception for a submit of which nobody knows whether it arrived."""
    return UncertainSubmitError(
        f"{endpoint}: {what.removesuffix(f'; {UNCERTAIN}')}; {UNCERTAIN}: {_DECIDE}",
        "UncertainSubmitError",
    )


def lost(error: AkiError) -> UncertainError:
    """Make the exception for a job that ran, or may have run, and whose result cannot be had any more."""
    what = error.message.removesuffix(f"; {RESULT_LOST}")
    return UncertainError(f"{what}; {RESULT_LOST}: {_DECIDE}", type(error).__name__)
