"""The default clients behind the endpoint functions: made when the first call needs one, then shared."""
# pyright: reportPrivateUsage=false
# The functions are endpoints of a client that is made late.

import atexit
import threading
from functools import partial
from typing import Any, TypeVar

from ..options import Options
from .core import ClientCore, LateDriver
from .sync_client import SyncClient

C = TypeVar("C", bound=ClientCore)

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


def default_endpoint(kind: type[ClientCore], name: str) -> Any:
    """Return an endpoint function of the default client, awaitable where that is async."""
    driver = LateDriver(partial(default_client, kind))
    return kind._endpoint_type(driver, kind.load_endpoint(name), Options())
