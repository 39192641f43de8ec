"""Where a job is, in a form that may leave the process: never the key, which is read anew where it is needed."""

import atexit
import importlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import JobError
from ..hub import Layout
from ..options import Options


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


_clients: dict[tuple[str, str, str, Layout], Any] = {}
_lock = threading.Lock()


def restore_job(
    kind: str, ref: JobRef, result: Mapping[str, Any] | None, error: JobError | None
) -> Any:
    """Rebuild a job's handle in any process; the key is AKI_API_KEY there."""
    job = _endpoint(kind, ref).job(ref.job_id)
    job.settle(result, error)
    return job


def restore_endpoint(kind: str, ref: JobRef, options: Options) -> Any:
    """Rebuild an endpoint in any process, of the hub that it was of; the key is AKI_API_KEY there."""
    return _endpoint(kind, ref).with_options(**vars(options))


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
