"""All that is used of Celery, which has no types of its own: nothing else here imports it.

It owns how a delivery ends: what must be written somewhere is written although Redis is away for a while.
"""

import importlib
import json
import os
import time
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

from ..errors import AkiError, ConfigurationError
from ..logs import logger

T = TypeVar("T")
P = ParamSpec("P")

_log = logger("celery")

try:
    celery: Any = importlib.import_module("celery")
    abortable: Any = importlib.import_module("celery.contrib.abortable")
    exceptions: Any = importlib.import_module("celery.exceptions")
    signals: Any = importlib.import_module("celery.signals")
    kombu: Any = importlib.import_module("kombu.exceptions")
    serialization: Any = importlib.import_module("kombu.serialization")
except ImportError:
    raise ImportError("background jobs need Celery: pip install 'aki-client[celery]'") from None

READY = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
"""The states after which a task has its outcome, as Celery sees it."""

LONGEST_OUTAGE = 900.0
"""Seconds for which a worker repeats what Redis, a database or a disk does not take."""

_LONGEST_PAUSE = 5.0
_LONGEST_NAME = 255
_OUTCOMES = frozenset({"mark_as_done", "mark_as_failure", "mark_as_retry", "mark_as_revoked"})


class CeleryApp(Protocol):
    """What is used of a `celery.Celery`."""

    @property
    def conf(self) -> Any:
        """The app's settings."""
        ...

    def task(self, *args: Any, **opts: Any) -> Any:
        """Register a task."""
        ...


class BackgroundTask(Protocol):
    """A registered task: everything that a `celery.contrib.abortable.AbortableTask` is, and `abort`."""

    name: str

    def delay(self, /, **parameters: Any) -> Any:
        """Send it with an endpoint's parameters, and return its `AbortableAsyncResult`."""
        ...

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send it with what a message can hold in `kwargs` and with Celery's options; no file is opened."""
        ...

    def s(self, /, **parameters: Any) -> Any:
        """Return a signature, for chains, groups and `apply_async` with options."""
        ...

    def AsyncResult(self, task_id: str) -> Any:  # noqa: N802 Celery's name
        """Return the result of a task that was sent before."""
        ...

    def abort(self, task_id: str) -> None:
        """Cancel a task wherever it is: in the broker, in a worker, or on the hub."""
        ...


class SteppedBackError(Exception):
    """Another delivery of the same task owns it now; this one must not touch it any more."""


def insist(what: str, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what must be noted somewhere, again and again while that place is away, locked or full.

    Args:
        what: What failed, for the log.
        work: What to do; it may be done twice.
        args: What it is given.
        kwargs: What it is given by name.

    Raises:
        Exception: What the work raised where no repetition mends it: the task is ended or taken over, what is to be
            written has no JSON form, or a quarter of an hour has passed.
    """
    give_up = time.monotonic() + LONGEST_OUTAGE
    pause = 0.1
    while True:
        try:
            return work(*args, **kwargs)
        except (AkiError, SteppedBackError, exceptions.SoftTimeLimitExceeded):
            raise
        except Exception as error:
            if _is_mistake(error) or time.monotonic() > give_up:
                raise
            _log.warning("%s, again in %.1f s: %s", what, pause, type(error).__name__)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _is_mistake(error: Exception) -> bool:
    # Backends wrap what went wrong.
    reason = error.__cause__ if isinstance(error.__cause__, Exception) else error
    # What cannot be decoded is half written, and read again whole.
    is_read = isinstance(reason, UnicodeDecodeError | json.JSONDecodeError)
    return isinstance(reason, TypeError | ValueError | kombu.EncodeError) and not is_read


class PersistentBackend:
    """A result backend that writes a task's outcome again while it is away; all else is as it is."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._backend, name)
        if name not in _OUTCOMES:
            return found

        def write(*args: Any, **more: Any) -> Any:
            what = "the outcome of a task could not be stored"
            try:
                return insist(what, found, *args, **more)
            except exceptions.SoftTimeLimitExceeded:
                # It strikes once, and too late: how the task has ended is decided, and left to be written.
                return insist(what, found, *args, **more)

        return write


def state(task: Any) -> tuple[str, Any]:
    """Return the state of the running task in the result backend, and what was written with it."""
    meta: dict[str, Any] = task.backend.get_task_meta(task.request.id, cache=False)
    return str(meta["status"]), meta.get("result")


def require_usable(task: Any) -> None:
    """Refuse to work where a result would have no place, or a task no name.

    Raises:
        ConfigurationError: The app has no result backend, or the task was called in place of sent.
        Reject: The result backend can keep nothing under the task's id, not even this failure.
    """
    task_id = task.request.id
    if task_id is None:
        raise ConfigurationError(f"{task.name} must be sent, as in delay(…), not called")
    if task.backend.as_uri() == "disabled://":
        raise ConfigurationError(
            "the app has no result backend, so that a paid result would be lost; set result_backend"
        )
    if task.backend.as_uri().startswith("file:"):
        name = os.fsencode(task.backend.get_key_for_task(task_id))
        if len(name) > _LONGEST_NAME or b"/" in name or b"\0" in name:
            raise exceptions.Reject(
                f"the task id {task_id[:60]!r} cannot be part of a file's name, which the result backend needs; "
                "nothing was sent. Give ids without / and of at most 200 bytes",
                requeue=False,
            )


def send_again(task: Any, seconds: float) -> None:
    """Send the running task's message once more, under the same id, to be delivered in so many seconds."""
    # It does not expire: Celery would drop it, and with it the job that may be on the hub.
    message = task.signature_from_request(
        countdown=seconds, retries=task.request.retries, expires=None
    )
    insist("a message could not be sent", message.apply_async)


def wait_for_broker(task: Any) -> None:
    """Return once the broker takes what follows the running task, where something does."""
    if not (task.request.callbacks or task.request.chain):
        return

    def connect() -> None:
        with task.app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1)

    insist("the tasks that follow could not be sent", connect)
