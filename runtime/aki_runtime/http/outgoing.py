"""Our requests as those of an HTTP library, and how connections are made. It performs nothing.

A caller's own client gets requests of its own kind, with all that it does for each. Connections that we open go
through httpcore, the pool below httpx, which is given just what the request needs.
"""

import ssl
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies

import httpcore
import httpx

from ..hub import is_loopback
from ..protocol.requests import Request

CONNECT_SECONDS = 10.0
"""Seconds for making a connection."""

SHORTEST_REQUEST = 0.05
"""Seconds that a request is given at the least."""

MAX_CONNECTIONS = 100
"""Connections of one client at the most; further requests wait for one."""

# Compressing base64 costs more time than it saves, and what is not compressed has no hidden size.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_JSON_HEADERS = {**_HEADERS, "Content-Type": "application/json"}


@cache
def certificates() -> ssl.SSLContext:
    """Return what servers are checked against; reading it takes a tenth of a second, so all clients share it."""
    return httpx.create_ssl_context()


def needs_proxies() -> bool:
    """Whether the environment names a proxy, which httpx's own client knows how to use."""
    proxies = getproxies()
    return any(proxies.get(scheme) for scheme in ("http", "https", "all"))


def client_settings(user_agent: str) -> dict[str, Any]:
    """Return the settings of a client of httpx."""
    limits = httpx.Limits(
        max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS
    )
    headers = {"User-Agent": user_agent}
    return {"verify": certificates(), "limits": limits, "headers": headers, "mounts": _unproxied()}


def _unproxied() -> dict[str, None]:
    """Name this machine as what no proxy on another one is asked for.

    It could not reach this one, and over plain http it would read the key.
    """
    proxies = getproxies()
    named = [proxies[scheme] for scheme in ("http", "all") if proxies.get(scheme)]
    if all(is_loopback(urlsplit(url if "://" in url else f"//{url}").hostname) for url in named):
        return {}
    return dict.fromkeys(("all://localhost", "all://*.localhost", "all://127.0.0.1", "all://[::1]"))


def lane_settings() -> dict[str, Any]:
    """Return the settings of a pool that holds one connection."""
    return {"ssl_context": certificates(), "max_connections": 1}


def build(client: Any, library: Any, request: Request, seconds: float) -> Any:
    """Make a client's request of ours; `seconds` bounds every wait of it."""
    timeout = library.Timeout(**_timeouts(seconds))
    if request.payload is None:
        return client.build_request(
            request.method,
            request.url,
            params=dict(request.query),
            headers=_HEADERS,
            timeout=timeout,
        )
    body = request.body()
    whole = body.whole()
    length = {} if whole is not None else {"Content-Length": str(body.length)}
    return client.build_request(
        request.method,
        request.url,
        content=body if whole is None else whole,
        headers={**_JSON_HEADERS, **length},
        timeout=timeout,
    )


def build_bare(request: Request, seconds: float, user_agent: str) -> httpcore.Request:
    """Make a request for a connection of our own; `seconds` bounds every wait of it."""
    url = _url(request.url)
    headers = _headers(url.host, url.port, user_agent, with_body=request.payload is not None)
    extensions = {"timeout": _timeouts(seconds)}
    if request.payload is None:
        query = urlencode(request.query).encode("ascii")
        target = url.target + b"?" + query if query else url.target
        url = httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=target)
        return httpcore.Request(request.method, url, headers=headers, extensions=extensions)
    body = request.body()
    whole = body.whole()
    return httpcore.Request(
        request.method,
        url,
        headers=[*headers, (b"Content-Length", b"%d" % body.length)],
        content=body if whole is None else whole,
        extensions=extensions,
    )


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """Return an answer's headers, by names in small letters."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }


def _timeouts(seconds: float) -> dict[str, float]:
    connect = min(seconds, CONNECT_SECONDS)
    return {"connect": connect, "read": seconds, "write": seconds, "pool": seconds}


@lru_cache(maxsize=256)
def _url(text: str) -> httpcore.URL:
    # httpx encodes names and paths of any language.
    url = httpx.URL(text)
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


@lru_cache(maxsize=64)
def _headers(
    host: bytes, port: int | None, user_agent: str, *, with_body: bool
) -> list[tuple[bytes, bytes]]:
    name = b"[%s]" % host if b":" in host else host
    fields = {**(_JSON_HEADERS if with_body else _HEADERS), "User-Agent": user_agent}
    return [
        (b"Host", name if port is None else b"%s:%d" % (name, port)),
        *((key.encode("ascii"), value.encode("ascii")) for key, value in fields.items()),
    ]
