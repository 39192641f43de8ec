"""The default clients behind the endpoint functions: made when the first call needs one, then shared."""

import atexit
import threading
from functools import partial
from typing import Any, TypeVar

from ..options import Options
from .async_client import AsyncClient
from .core import LateDriver
from .endpoint import AsyncEndpoint, Endpoint
from .sync_client import SyncClient

C = TypeVar("C", SyncClient, AsyncClient)

_clients: dict[type[Any], Any] = {}
_lock = threading.Lock()


def default_client(kind: type[C]) -> C:
    """Return the default client of a kind, made of AKI_API_KEY and AKI_API_SERVER at its first use."""
    with _lock:
        if kind not in _clients:
            _clients[kind] = kind()
        client: C = _clients[kind]
    return client


@atexit.register
def _close_sync_clients() -> None:
    for client in _clients.values():
        if isinstance(client, SyncClient):
            client.close()


def default_endpoint(kind: type[SyncClient], name: str) -> Endpoint[Any, Any, Any]:
    """Return an endpoint function of the default client."""
    driver: Any = LateDriver(partial(default_client, kind))
    return Endpoint(driver, kind.load_endpoint(name), Options())


def default_async_endpoint(kind: type[AsyncClient], name: str) -> AsyncEndpoint[Any, Any, Any]:
    """Return an awaitable endpoint function of the default client."""
    driver: Any = LateDriver(partial(default_client, kind))
    return AsyncEndpoint(driver, kind.load_endpoint(name), Options())
