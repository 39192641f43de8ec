"""Where a job is, in a form that may leave the process: never the key, which is read anew where it is needed."""

import atexit
import importlib
import threading
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import ConfigurationError
from ..hub import Address, Layout


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

_clients: dict[tuple[str, str, str, Layout], Any] = {}
_lock = threading.Lock()


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
    place = (ref.package, kind, server, layout)
    with _lock:
        if place not in _clients:
            clients = importlib.import_module(f"{ref.package}.client")
            made = getattr(clients, kind)(api_server=server, layout=layout)
            _clients[place] = made
            if kind == "Aki":
                atexit.register(made.close)
        client = _clients[place]
    return getattr(client, ref.attribute) if ref.attribute else client.endpoint(endpoint)
