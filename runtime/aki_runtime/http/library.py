"""Which HTTP library performs the requests: httpx2, or httpx where there is nothing else.

A caller's own client is of either. They have the same interface under other names, so that nothing
else needs to know which one it is. Neither is imported before the first request: that takes a while.
"""

import importlib
import logging
import re
from collections.abc import Awaitable, Iterator
from typing import Any, Protocol

from ..errors import ConfigurationError

MAX_CONNECTIONS = 100
"""Connections that one client opens; further requests wait for one."""

_LIBRARIES = ("httpx2", "httpx")


class SyncResponse(Protocol):
    """What is used of an answer."""

    def iter_bytes(self) -> Iterator[bytes]:
        """Go through the body, decompressed."""
        ...


class SyncHttpClient(Protocol):
    """What is used of a caller's own client: an `httpx2.Client` or `httpx.Client`."""

    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request."""
        ...

    def send(self, *args: Any, **kwargs: Any) -> SyncResponse:
        """Send it."""
        ...


class AsyncHttpClient(Protocol):
    """What is used of a caller's own client: an `httpx2.AsyncClient` or `httpx.AsyncClient`."""

    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request."""
        ...

    def send(self, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        """Send it."""
        ...


def library_of(client: object | None = None) -> Any:
    """Return the library that a caller's own client is of; without one, the one that is installed.

    Raises:
        ConfigurationError: None is installed.
    """
    library, _ = _kind_of(client)
    for name in (library,) if library else _LIBRARIES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ConfigurationError("no HTTP library is installed: pip install httpx2")


def require_kind(client: object | None, wanted: str) -> None:
    """Refuse a caller's own client that is of the other kind.

    Args:
        client: The client; None where there is none.
        wanted: The class it should be of, "Client" or "AsyncClient".

    Raises:
        ConfigurationError: It is of the other kind.
    """
    library, kind = _kind_of(client)
    if kind and kind != wanted:
        raise ConfigurationError(
            "http_client is of the wrong kind: "
            f"Aki takes an {library}.Client, AsyncAki an {library}.AsyncClient"
        )


def _kind_of(client: object | None) -> tuple[str, str]:
    for kind in type(client).__mro__:
        library = kind.__module__.partition(".")[0]
        if library in _LIBRARIES and kind.__name__ in {"Client", "AsyncClient"}:
            return library, kind.__name__
    return "", ""


def without_key_in_urls(text: str) -> str:
    """Hide the key in the queries of the URLs of a text."""
    return _KEY_IN_URL.sub(r"\1***", text)


class _RedactKeys(logging.Filter):
    """The libraries log URLs, and a redirect may repeat the query that the hub was sent, with the key in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = without_key_in_urls(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without_key(arg) for arg in record.args)
        return True


_KEY_IN_URL = re.compile(r"([?&]key=)[^&#\s'\")]*")


def _without_key(value: Any) -> Any:
    if type(value).__name__ == "URL" and "key" in value.params:
        return value.copy_set_param("key", "***")
    return value


_filter = _RedactKeys()
for _name in _LIBRARIES:
    logging.getLogger(_name).addFilter(_filter)
for _core in ("httpcore", "httpcore2"):
    for _part in ("connection", "http11", "http2", "proxy", "socks"):
        logging.getLogger(f"{_core}.{_part}").addFilter(_filter)
