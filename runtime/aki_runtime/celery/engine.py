"""All that is used of Celery, which has no types of its own: nothing else here imports it."""

import importlib
from typing import Any, Protocol, cast

from ..errors import ConfigurationError

READY = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
"""The states after which a task has its outcome, as Celery sees it."""


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

    def delay(self, **parameters: Any) -> Any:
        """Send it with an endpoint's parameters, and return its `AbortableAsyncResult`."""
        ...

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send it with an endpoint's parameters in `kwargs` and with Celery's options."""
        ...

    def s(self, **parameters: Any) -> Any:
        """Return a signature, for chains and groups."""
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


def status(task: Any, task_id: str) -> str:
    """Return the state of a task in the result backend."""
    return str(task.backend.get_task_meta(task_id, cache=False)["status"])


def require_backend(task: Any) -> None:
    """Refuse to work where a result would have no place.

    Raises:
        ConfigurationError: The app has no result backend.
    """
    if isinstance(task.backend, module("celery.backends.base").DisabledBackend):
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


def send_again(task: Any, seconds: float) -> None:
    """Send the running task's message once more, under the same id, to be delivered in so many seconds."""
    request = task.request
    task.signature_from_request(request, countdown=seconds, retries=request.retries).apply_async()
