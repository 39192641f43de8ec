"""Where a job is, in a form that may leave the process: never the key, which is read anew where it is needed.

Owns the clients of those who bring none: of what was pickled, and of the endpoint functions.
"""

import atexit
import importlib
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from ..errors import ConfigurationError
from ..hub import Address, Layout

C = TypeVar("C")


@dataclass(frozen=True)
class EndpointRef:
    """Which generated function an endpoint comes from.

    Attributes:
        package: The generated package.
        attribute: The endpoint's Python name; empty where it was not generated.
    """

    package: str
    attribute: str


FORMAT = 1
"""The number of the format of pickled jobs and endpoints: raised when older ones would be misread."""

_clients: dict[tuple[object, ...], Any] = {}
_lock = threading.Lock()


def shared_client(kind: Callable[..., C], **settings: Any) -> C:
    """Return a client that all in this process share, made of AKI_API_KEY at its first use and closed at the end.

    Args:
        kind: Its class.
        settings: Which hub it is of; defaults to AKI_API_SERVER, or to that of the package.
    """
    place = (kind, *settings.items())
    with _lock:
        if place not in _clients:
            made: Any = kind(**settings)
            _clients[place] = made
            if hasattr(kind, "close"):  # an async client belongs to event loops, which close it
                atexit.register(made.close)
        client: C = _clients[place]
    return client


def packed(
    kind: str, origin: EndpointRef, endpoint: str, address: Address, job_id: str, *more: object
) -> tuple[object, ...]:
    """Return what a pickle holds: the number of its format first, then data and no class of this module.

    Args:
        kind: The class of the client.
        origin: The function that was called.
        endpoint: The endpoint's name on the hub.
        address: The hub.
        job_id: The job; empty for the endpoint itself.
        more: What the function that restores it takes besides.
    """
    place = {"origin": asdict(origin), "endpoint": endpoint, "job_id": job_id}
    return FORMAT, kind, {**place, "server": address.server, "layout": address.layout}, *more


def restore_job(number: object, *packed: Any) -> Any:
    """Rebuild a job's handle in any process; the key is AKI_API_KEY there.

    Raises:
        ConfigurationError: Another version of this library has pickled it, in another format.
    """
    _require_known(number, "job", "or take the job up by its id")
    kind, place, result, error = packed
    job = _endpoint(kind, **place).job(place["job_id"])
    job.settle(result, error)
    return job


def restore_endpoint(number: object, *packed: Any) -> Any:
    """Rebuild an endpoint in any process, of the hub that it was of; the key is AKI_API_KEY there.

    Raises:
        ConfigurationError: Another version of this library has pickled it, in another format.
    """
    _require_known(number, "endpoint", "or pickle it anew")
    kind, place, options = packed
    return _endpoint(kind, **place).with_options(**options)


def _require_known(number: object, what: str, otherwise: str) -> None:
    if number != FORMAT:
        raise ConfigurationError(
            f"this pickled {what} has format {str(number)[:20]!r}, and the installed aki-client reads format {FORMAT}: "
            f"unpickle it with the version that pickled it, {otherwise}"
        )


def _endpoint(
    kind: str, *, origin: dict[str, str], endpoint: str, server: str, layout: Layout, job_id: str
) -> Any:
    ref = EndpointRef(**origin)
    clients = importlib.import_module(f"{ref.package}.client")
    client: Any = shared_client(getattr(clients, kind), api_server=server, layout=layout)
    return getattr(client, ref.attribute) if ref.attribute else client.endpoint(endpoint)
