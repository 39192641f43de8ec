"""All that is used of Celery, which has no types of its own: nothing else here imports it."""

import importlib
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from ..errors import AkiError, ConfigurationError
from .errors import SteppedBackError

T = TypeVar("T")

_log = logging.getLogger("aki_client")

READY = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
"""The states after which a task has its outcome, as Celery sees it."""

LONGEST_OUTAGE = 900.0
"""Seconds for which a worker repeats what Redis, a database or a disk does not take."""

_LONGEST_PAUSE = 5.0
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


def module(name: str) -> Any:
    """Import a module of Celery.

    Raises:
        ImportError: Celery is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError("background jobs need Celery: pip install 'aki-client[celery]'") from None


def insist(work: Callable[[], T], what: str) -> T:
    """Do what must be noted somewhere, again and again while that place is away, locked or full.

    A mistake, which no repetition mends, is raised at once; so is an interruption.

    Args:
        work: What to do; it may be done twice.
        what: What it is, for the log.
    """
    give_up = time.monotonic() + LONGEST_OUTAGE
    pause = 0.1
    while True:
        try:
            return work()
        except (AkiError, SteppedBackError):
            raise
        except Exception as error:
            require_bearable(error)
            if _is_mistake(error) or time.monotonic() > give_up:
                raise
            _log.warning("%s, again in %.1f s: %s", what, pause, type(error).__name__)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _is_mistake(error: Exception) -> bool:
    # Backends wrap what went wrong.
    kinds = (TypeError, ValueError, module("kombu.exceptions").EncodeError)
    return isinstance(error, kinds) or isinstance(error.__cause__, kinds)


def backend(task: Any, plain: Any) -> Any:
    """Return a task's result backend; while the task runs, one that writes its outcome until it is there."""
    # Celery's main process, which reports for processes that died, must not wait.
    return plain if task.request.id is None else _Persistent(plain)


class _Persistent:
    """A result backend whose outcomes are written again while it is away; all else is as it is."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._backend, name)
        if name not in _OUTCOMES:
            return found

        def write(*args: Any, **more: Any) -> Any:
            return insist(lambda: found(*args, **more), "the outcome of a task could not be stored")

        return write


def status(task: Any, task_id: str) -> str:
    """Return the state of a task in the result backend."""
    return str(task.backend.get_task_meta(task_id, cache=False)["status"])


def require_usable(task: Any) -> None:
    """Refuse to work where a result would have no place, or a task no name.

    Raises:
        ConfigurationError: The app has no result backend, or the task was called in place of sent.
    """
    if task.request.id is None:
        raise ConfigurationError(f"{task.name} must be sent, as in delay(…), not called")
    if task.backend.as_uri() == "disabled://":
        raise ConfigurationError(
            "the app has no result backend, so that a paid result would be lost; set result_backend"
        )


def require_bearable(error: Exception) -> None:
    """Raise an exception again that means the task itself, whatever it has struck."""
    if isinstance(error, module("celery.exceptions").SoftTimeLimitExceeded):
        raise error


def ignored() -> Exception:
    """Make the exception that ends a delivery and leaves the task's state as it is."""
    return cast("Exception", module("celery.exceptions").Ignore())


def revoked(task: Any, reason: str) -> Exception:
    """End the running task as revoked, and return the exception to raise."""
    request = task.request
    task.backend.mark_as_revoked(request.id, reason, request=request, store_result=True)
    return ignored()


def came_again(task: Any) -> bool:
    """Whether the broker says that it has delivered the running task's message before."""
    about: dict[str, Any] = task.request.delivery_info or {}
    return bool(about.get("redelivered"))


def send_again(task: Any, seconds: float) -> None:
    """Send the running task's message once more, under the same id, to be delivered in so many seconds."""
    request = task.request
    message = task.signature_from_request(request, countdown=seconds, retries=request.retries)
    insist(message.apply_async, "a message could not be sent")


def retry(task: Any, reason: AkiError, seconds: float, *, counts: bool) -> Exception:
    """Send the running task for another try, and return the exception to raise; raise the reason after too many."""
    more = {} if counts else {"max_retries": task.request.retries + 1}
    again = lambda: task.retry(exc=reason, countdown=seconds, throw=False, **more)  # noqa: E731
    return cast("Exception", insist(again, "another try could not be sent"))


def wait_for_broker(task: Any) -> None:
    """Return once the broker takes what follows the running task, where something does."""
    if not (task.request.callbacks or task.request.chain):
        return

    def connect() -> None:
        with task.app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1)

    insist(connect, "the tasks that follow could not be sent")
