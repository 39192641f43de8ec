"""`endpoint_task`: an endpoint of the hub as a Celery task."""

import random
from collections.abc import Callable
from typing import Any, cast

from ..errors import AkiError, ConfigurationError
from ..packages import split_reference
from . import engine
from .claims import Claims
from .clients import ClientFactory, client_class, close_clients
from .delivery import Delivery, Plan
from .engine import BackgroundTask, CeleryApp
from .failures import SteppedBackError, StoringFailedError, TaskError, task_error
from .following import CanceledError
from .redis_claims import RedisClaims
from .results import Store
from .submitting import BusyError

_open: dict[str, Delivery] = {}
_LONGEST_PAUSE = 60.0


def endpoint_task(
    app: CeleryApp,
    endpoint: str,
    *,
    name: str | None = None,
    client: ClientFactory | None = None,
    store: Store | None = None,
    claims: Claims | None = None,
    timeout: float = 3600.0,
    progress_interval: float = 1.0,
    lease: float = 30.0,
    resubmit_uncertain: bool = False,
    **options: Any,
) -> BackgroundTask:
    """Register a task that carries out an endpoint's job, and return it.

    The task takes the endpoint's parameters as keyword arguments; media as bytes, data URIs or paths on the
    worker's machine. Its state is SUBMITTED with the hub's job id, then PROGRESS with what the hub tells, and
    its result a dict of `outputs` and `meta`. docs/celery.md says what happens when workers die, messages come
    twice and hubs fail.

    Args:
        app: The Celery app; it needs a result backend.
        endpoint: The endpoint, as "package:name"; its Python name alone, as in "z_image_turbo", where one
            generated package is loaded.
        name: The task's name; "aki." and the endpoint where it is not given.
        client: Makes the client of a worker process, where it is first needed; `Aki`, whose key is AKI_API_KEY,
            where it is not given. Tasks, states, results and log lines never hold the key.
        store: Keeps an image, sound or film, and returns what stands for it in the result; where it is not
            given, that is a data URI. It is called again for the same place when a worker dies amid it.
        claims: Where it is noted who works at a task; the Redis of the result backend or the broker where it is
            not given. `SqliteClaims` serves workers of one machine.
        timeout: Seconds from the submit after which the job is cancelled and the task fails.
        progress_interval: Seconds between polls of a running job, and between reports, at the most.
        lease: Seconds after which a task is taken over from a worker that has fallen silent.
        resubmit_uncertain: Whether a job of which nobody knows whether it was made is submitted again, at the
            risk of paying twice; otherwise the task fails with `UncertainSubmitError`.
        options: Further options of `app.task`, such as `queue`, `rate_limit`, `soft_time_limit`, `max_retries`
            (20; how often a submit is repeated later where the hub was full or not to be reached).

    Raises:
        ConfigurationError: The package has no such endpoint, or an option can not be used.
        ImportError: Celery is not installed.
    """
    try:
        package, endpoint = split_reference(endpoint)
        kind = client_class(package)
        kind.load_endpoint(endpoint)
    except (AttributeError, ValueError) as error:
        raise ConfigurationError(str(error)) from None
    if min(timeout, progress_interval, lease) <= 0:
        raise ConfigurationError("timeout, progress_interval and lease are seconds, more than 0")
    plan = Plan(
        endpoint=endpoint,
        client=client or kind,
        claims=_claims_of(app, claims),
        store=store,
        timeout=timeout,
        progress_interval=progress_interval,
        lease=lease,
        resubmit_uncertain=resubmit_uncertain,
    )

    def run(task: Any, **parameters: Any) -> dict[str, Any]:
        return _run(plan, task, parameters)

    def abort(task: Any, task_id: str) -> None:
        plan.claims().ask_to_cancel(task_id)

    run.__doc__ = f"Carry out a job of the endpoint {endpoint}."
    settings: dict[str, Any] = {
        "base": engine.module("celery.contrib.abortable").AbortableTask,
        "name": name or f"aki.{endpoint}",
        "abort": abort,
        "acks_late": True,
        "reject_on_worker_lost": True,
        "ignore_result": False,
        "max_retries": 20,
        "throws": (TaskError,),
        **options,
    }
    _listen()
    return cast("BackgroundTask", app.task(bind=True, **settings)(run))


def _run(plan: Plan, task: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        engine.require_backend(task)
        delivery = Delivery(plan, task)
        if delivery.has_outcome:
            raise engine.ignored()
    except AkiError as error:
        raise task_error(error) from None
    try:
        is_mine = delivery.open()
    except Exception as error:
        engine.require_bearable(error)
        what = f"nobody could say whether the task is free: {type(error).__name__}: {error}"
        raise _later(task, TaskError(what, "ClaimsFailedError")) from None
    if not is_mine:
        # Never just dropped: if the worker that is at it dies, this is the message that is left.
        engine.send_again(task, plan.lease)
        raise engine.ignored()
    _open[task.request.id] = delivery  # closed once the outcome is in the result backend
    try:
        return delivery.run(parameters)
    except BusyError as busy:
        _close(task.request.id)  # the next try may be at another worker at once
        raise _later(task, task_error(busy.reason)) from None
    except StoringFailedError as failed:
        _close(task.request.id)
        raise _later(task, failed.as_task_error()) from None
    except CanceledError as canceled:
        raise engine.revoked(task, str(canceled)) from None
    except SteppedBackError:
        if not delivery.is_over:
            engine.send_again(task, plan.lease)
        raise engine.ignored() from None
    except Exception:
        raise
    except BaseException:
        delivery.interrupted()
        raise


def _claims_of(app: CeleryApp, given: Claims | None) -> Callable[[], Claims]:
    if given is not None:
        return lambda: given
    made: list[Claims] = []

    def claims() -> Claims:
        # The settings of an app may be complete long after its tasks are registered.
        if not made:
            urls = [str(app.conf.result_backend or ""), str(app.conf.broker_url or "")]
            url = next((u for u in urls if u.startswith(("redis://", "rediss://"))), None)
            if url is None:
                raise ConfigurationError(
                    "neither result backend nor broker is Redis: give endpoint_task(claims=…), "
                    "on one machine SqliteClaims(path)"
                )
            made.append(RedisClaims(url))
        return made[0]

    return claims


def _later(task: Any, reason: TaskError) -> Exception:
    """Try the task again later, or raise the reason where it was tried often enough."""
    # Longer each time, and by lot, so that many tasks do not come back at once.
    pause = min(2.0 ** min(task.request.retries, 10), _LONGEST_PAUSE)
    pause *= random.uniform(0.5, 1.0)  # noqa: S311
    return cast("Exception", task.retry(exc=reason, countdown=pause))


def _listen() -> None:
    signals = engine.module("celery.signals")
    signals.task_postrun.connect(_close, weak=False, dispatch_uid="aki-close-delivery")
    for ending in (signals.worker_process_shutdown, signals.worker_shutdown):
        ending.connect(close_clients, weak=False, dispatch_uid="aki-close-clients")


def _close(task_id: str = "", **_: Any) -> None:
    delivery = _open.pop(task_id, None)
    if delivery is not None:
        delivery.close()
