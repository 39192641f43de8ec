"""`endpoint_task`: an endpoint of the hub as a Celery task.

Owns what happens in the process that sends a task, and which of a worker's deliveries are open. A message holds data
alone: media are read where they are named, by whoever sends.
"""

import os
import random
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias, cast

from ..chat.messages import with_media
from ..client.endpoint import EndpointInfo
from ..client.resolving import EndpointLike, resolve
from ..client.sync_client import SyncClient
from ..errors import AkiError, ConfigurationError, InvalidParametersError, MediaError
from ..media.inputs import as_media, unreadable
from . import engine
from .claims import GIVE_WAY_SECONDS, Claims, RedisClaims
from .delivery import CanceledError, Delivery, LaterError, Plan
from .engine import BackgroundTask, CeleryApp, SteppedBackError, insist
from .results import Store, TaskError, task_error

ClientFactory: TypeAlias = Callable[[], SyncClient]

_LONGEST_PAUSE = 60.0
"""Seconds between two tries at most."""

# By thread too: the end of one delivery of a task is not the end of another one in the same process.
_open: dict[tuple[int, str], Delivery] = {}
_clients: dict[tuple[int, object], SyncClient] = {}
_lock = threading.Lock()


def endpoint_task(
    app: CeleryApp,
    endpoint: EndpointLike,
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

    The task takes the endpoint's parameters as keyword arguments. `delay`, `s` and `si` take media as a call does, and
    read files before anything is sent; a message never opens a file on a worker. Its state is SUBMITTED with the hub's
    job id, then PROGRESS with what the hub reports, and its result a dict of `outputs` and `meta`. docs/celery.md says
    what happens when workers die, messages come twice, and hubs, brokers and result backends fail.

    Args:
        app: The Celery app; it needs a result backend.
        endpoint: The endpoint, as in `aki.z_image_turbo`, whose key, hub and options the workers' clients have; or text
            that names it, as "package:name", or its Python name where one generated package is loaded.
        name: The task's name; defaults to package and endpoint, as in "aki_client.z_image_turbo".
        client: Makes the client of a worker process, where it is first needed; defaults to that of the endpoint, or
            `Aki`, whose key is AKI_API_KEY. Tasks, states, results and log lines never hold the key.
        store: Keeps an image, audio or video, and returns what stands for it in the result; omitted, that is a data
            URI. It is called again for the same place when a worker dies amid it.
        claims: Where it is noted who works at a task; defaults to the Redis of the result backend or the broker.
            `SqliteClaims` serves workers of one machine.
        timeout: Seconds from the submit after which the job is cancelled and the task fails.
        progress_interval: Longest pause between polls of a running job, and between reports, in seconds.
        lease: Seconds after which a task is taken over from a worker that has fallen silent.
        resubmit_uncertain: Whether a job of which nobody knows whether it was made, or whose result is lost, is
            submitted again, at the risk of paying twice; otherwise the task fails with `UncertainError`.
        options: Further options of `app.task`, such as `queue`, `rate_limit`, `soft_time_limit`, `max_retries`
            (20; how often a submit is repeated later where the hub was full or could not be reached).

    Raises:
        ConfigurationError: The package has no such endpoint, or an option cannot be used.
        ImportError: Celery is not installed.
    """
    found = resolve(endpoint)
    if min(timeout, progress_interval, lease) <= 0:
        raise ConfigurationError("timeout, progress_interval and lease are seconds, more than 0")
    # All tasks of one origin share a client in each process.
    origin = client or found.bound or found.package
    make = client or (lambda: found.new_client("Aki"))
    plan = Plan(
        endpoint=found.name,
        client=lambda: _client_of(origin, make),
        # The settings of an app may be complete long after its tasks are registered.
        claims=cache(lambda: claims if claims is not None else _claims_of(app)),
        store=store,
        timeout=timeout,
        progress_interval=progress_interval,
        lease=lease,
        resubmit_uncertain=resubmit_uncertain,
    )

    # No name of a parameter meets one of these functions: all that they take themselves is positional.
    def run(task: Any, /, **parameters: Any) -> dict[str, Any]:
        return _run(plan, task, parameters)

    def delay(task: Any, /, **parameters: Any) -> Any:
        return task.apply_async(kwargs=_for_message(task, found.info, parameters))

    def s(task: Any, /, **parameters: Any) -> Any:
        return task.signature(kwargs=_for_message(task, found.info, parameters))

    def si(task: Any, /, **parameters: Any) -> Any:
        return task.signature(kwargs=_for_message(task, found.info, parameters), immutable=True)

    def abort(task: Any, task_id: str) -> None:
        plan.claims().ask_to_cancel(task_id)

    def backend(task: Any) -> Any:
        plain = base.backend.fget(task)
        # Celery's main process, which reports for processes that died, must not wait.
        return plain if task.request.id is None else engine.PersistentBackend(plain)

    run.__doc__ = f"Carry out a job of the endpoint {found.name}."
    base = engine.abortable.AbortableTask
    settings: dict[str, Any] = {
        "base": base,
        "backend": property(backend),
        "name": name or f"{found.package}.{found.name}",
        "delay": delay,
        "s": s,
        "si": si,
        "abort": abort,
        "acks_late": True,
        "reject_on_worker_lost": True,
        "ignore_result": False,
        "max_retries": 20,
        "throws": (TaskError,),
        # STARTED would write over the state, and even the outcome, that an earlier delivery has left.
        "track_started": False,
        "typing": False,
        **options,
    }
    _listen()
    return cast("BackgroundTask", app.task(bind=True, **settings)(run))


def _for_message(
    task: Any, info: EndpointInfo[Any, Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return parameters as data that a message can hold: media are read here and now.

    Raises:
        InvalidParametersError: A medium cannot be read, or a value cannot be sent; nothing was.
    """
    kinds = {name: parameter.type for name, parameter in info.parameters.items()}
    data: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in parameters.items():
        try:
            data[name] = with_media(value, kinds.get(name, ""), _as_data)
            if not isinstance(data[name], str | bytes):
                engine.serialization.dumps(data[name], serializer=task.serializer)
        except MediaError as error:
            problems.append(f"{name}: {error.message}")
        except (engine.kombu.EncodeError, RecursionError) as error:
            problems.append(f"{name}: no message can hold this value: {error}")
        except (OSError, ValueError) as error:
            problems.append(f"{name}: {unreadable(value, error)}")
    if problems:
        raise InvalidParametersError(info.name, problems)
    return data


def _as_data(medium: Any, kind: Any) -> Any:
    is_data = medium is None or isinstance(medium, bytes)
    return medium if is_data else as_media(medium, kind).data_uri()


def _run(plan: Plan, task: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    request = task.request
    try:
        engine.require_usable(task)
        delivery = Delivery(plan, task)
        if delivery.has_outcome:
            raise engine.exceptions.Ignore
        is_mine = delivery.open()
    except AkiError as error:
        raise task_error(error) from None
    give_way = min(plan.lease, GIVE_WAY_SECONDS)
    if not is_mine:
        # Never just dropped: if the worker that is at it dies, this is the message that is left.
        engine.send_again(task, give_way)
        raise engine.exceptions.Ignore
    # It is closed once the outcome is in the result backend.
    _open[threading.get_ident(), request.id] = delivery
    try:
        result = delivery.run(parameters)
        engine.wait_for_broker(task)
        return result
    except LaterError as later:
        raise _retry(task, delivery, later) from None
    except CanceledError as canceled:
        task.backend.mark_as_revoked(request.id, str(canceled), request=request, store_result=True)
        raise engine.exceptions.Ignore from None
    except SteppedBackError:
        if not delivery.is_over:
            engine.send_again(task, give_way)
        raise engine.exceptions.Ignore from None
    except Exception:
        raise
    except BaseException:
        delivery.interrupted()
        raise


def _retry(task: Any, delivery: Delivery, later: LaterError) -> Exception:
    """Send the running task for another try, and return the exception to raise; raise the reason after too many."""
    _close(task.request.id)  # the next try may be at another worker at once
    # Longer each time, and by lot, so that many tasks do not come back at once.
    pause = min(2.0 ** min(task.request.retries, 10), _LONGEST_PAUSE)
    pause *= random.uniform(0.5, 1.0)  # noqa: S311
    options: dict[str, Any] = {"exc": later.reason, "countdown": pause, "throw": False}
    if later.keeps_trying:
        options["max_retries"] = task.request.retries + 1
    if delivery.has_job:
        options["expires"] = None  # Celery would drop it, and the job with it
    ending: Exception = insist("another try could not be sent", task.retry, **options)
    return ending


def _claims_of(app: CeleryApp) -> Claims:
    urls = [str(app.conf.result_backend or ""), str(app.conf.broker_url or "")]
    url = next((u for u in urls if u.startswith(("redis://", "rediss://"))), None)
    if url is None:
        raise ConfigurationError(
            "neither result backend nor broker is Redis: give endpoint_task(claims=…), "
            "on one machine SqliteClaims(path)"
        )
    return RedisClaims(url)


def _client_of(origin: object, make: ClientFactory) -> SyncClient:
    # Made where it is first needed: after a worker's fork, never before.
    place = (os.getpid(), origin)
    with _lock:
        if place not in _clients:
            _clients[place] = make()
        return _clients[place]


def _listen() -> None:
    # One receiver for all apps and packages of a process: deliveries and clients are the process's.
    engine.signals.task_postrun.connect(_close, weak=False, dispatch_uid="aki-close-delivery")
    for ending in (engine.signals.worker_process_shutdown, engine.signals.worker_shutdown):
        ending.connect(_close_clients, weak=False, dispatch_uid="aki-close-clients")


def _close(task_id: str = "", **_: Any) -> None:
    delivery = _open.pop((threading.get_ident(), task_id), None)
    if delivery is not None:
        delivery.close()


def _close_clients(**_: Any) -> None:
    # Those that were copied by a fork are their parent's.
    with _lock:
        mine = [place for place in _clients if place[0] == os.getpid()]
        for place in mine:
            _clients.pop(place).close()
