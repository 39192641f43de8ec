"""Where a job is, in a form that may leave the process: never the key, which is read anew where it is needed."""

import atexit
import importlib
import threading
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ..errors import ConfigurationError
from ..hub import Layout


@dataclass(frozen=True)
class EndpointRef:
    """Which generated function an endpoint comes from.

    Attributes:
        package: The generated package.
        attribute: The endpoint's Python name; empty where it was not generated.
    """

    package: str
    attribute: str


@dataclass(frozen=True)
class JobRef:
    """All that is needed to find a job again, or with an empty id its endpoint.

    Attributes:
        origin: The function it was submitted with.
        endpoint: The endpoint's name on the hub.
        server: The hub's address.
        layout: How the hub lays out its routes.
        job_id: The job. Whoever knows it can read the job: treat it as a secret.
    """

    origin: EndpointRef
    endpoint: str
    server: str
    layout: Layout
    job_id: str = field(repr=False)

    def packed(self, kind: str, *more: object) -> tuple[object, ...]:
        """Return what a pickle holds: the number of its format first, then data and no class of this module.

        Args:
            kind: The class of the client.
            more: What the function that restores it takes besides.
        """
        return FORMAT, kind, asdict(self), *more

    @classmethod
    def unpacked(cls, origin: dict[str, str], **rest: Any) -> Self:
        """Return what was packed."""
        return cls(EndpointRef(**origin), **rest)


FORMAT = 1
"""The number of the format of pickled jobs and endpoints: raised when older ones would be misread."""

_clients: dict[tuple[str, str, str, Layout], Any] = {}
_lock = threading.Lock()


def restore_job(number: object, *packed: Any) -> Any:
    """Rebuild a job's handle in any process; the key is AKI_API_KEY there.

    Raises:
        ConfigurationError: Another version of this library has pickled it, in another format.
    """
    _require_known(number, "job", "or take the job up by its id")
    kind, place, result, error = packed
    ref = JobRef.unpacked(**place)
    job = _endpoint(kind, ref).job(ref.job_id)
    job.settle(result, error)
    return job


def restore_endpoint(number: object, *packed: Any) -> Any:
    """Rebuild an endpoint in any process, of the hub that it was of; the key is AKI_API_KEY there.

    Raises:
        ConfigurationError: Another version of this library has pickled it, in another format.
    """
    _require_known(number, "endpoint", "or pickle it anew")
    kind, place, options = packed
    return _endpoint(kind, JobRef.unpacked(**place)).with_options(**options)


def _require_known(number: object, what: str, otherwise: str) -> None:
    if number != FORMAT:
        raise ConfigurationError(
            f"this pickled {what} has format {str(number)[:20]!r}, and the installed aki-client reads format {FORMAT}: "
            f"unpickle it with the version that pickled it, {otherwise}"
        )


def _endpoint(kind: str, ref: JobRef) -> Any:
    place = (ref.origin.package, kind, ref.server, ref.layout)
    with _lock:
        if place not in _clients:
            clients = importlib.import_module(f"{ref.origin.package}.client")
            made = getattr(clients, kind)(api_server=ref.server, layout=ref.layout)
            _clients[place] = made
            if kind == "Aki":
                atexit.register(made.close)
        client = _clients[place]
    if ref.origin.attribute:
        return getattr(client, ref.origin.attribute)
    return client.endpoint(ref.endpoint)
