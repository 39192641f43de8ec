"""One client per process and factory, made where it is first needed: after a worker's fork, never before."""

import importlib
import os
import threading
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from ..client.sync_client import SyncClient

ClientFactory: TypeAlias = Callable[[], SyncClient]

_clients: dict[tuple[int, ClientFactory], SyncClient] = {}
_lock = threading.Lock()


def client_class(package: str) -> type[SyncClient]:
    """Return the client class of a generated package."""
    return cast("type[SyncClient]", importlib.import_module(f"{package}.client").Aki)


def client_of(factory: ClientFactory) -> SyncClient:
    """Return this process's client."""
    place = (os.getpid(), factory)
    with _lock:
        if place not in _clients:
            _clients[place] = factory()
        return _clients[place]


def close_clients(**_: Any) -> None:
    """Close this process's clients; those that were copied by a fork are their parent's."""
    with _lock:
        mine = [place for place in _clients if place[0] == os.getpid()]
        for place in mine:
            _clients.pop(place).close()
