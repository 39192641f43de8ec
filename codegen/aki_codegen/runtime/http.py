"""Our values as httpx's and back: requests, answers, failures. It performs nothing.

Whatever httpx raises becomes a `ConnectionFailedError` that says whether the hub may have seen the request.
"""

import logging
import ssl
from functools import cache
from typing import Any

import httpx

from .answers import Answer
from .errors import ConnectionFailedError
from .requests import Request

CONNECT_SECONDS = 10.0
"""Seconds for making a connection."""

MAX_CONNECTIONS = 100
"""Connections of one client at the most; further requests wait for one."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


@cache
def _certificates() -> ssl.SSLContext:
    # Reading them takes a tenth of a second, so that all clients of a process share them.
    return httpx.create_ssl_context()


def settings(user_agent: str) -> dict[str, Any]:
    """Return the settings of a client of ours."""
    return {
        "verify": _certificates(),
        "limits": httpx.Limits(
            max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS
        ),
        "headers": {"User-Agent": user_agent},
    }


def build(
    client: httpx.Client | httpx.AsyncClient, request: Request, seconds: float
) -> httpx.Request:
    """Make httpx's request of ours; `seconds` bounds every wait of it."""
    timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    if request.payload is None:
        return client.build_request(
            request.method, request.url, params=dict(request.query), timeout=timeout
        )
    return client.build_request(
        request.method, request.url, content=request.body(), headers=_HEADERS, timeout=timeout
    )


def answer_of(response: httpx.Response) -> Answer:
    """Make our answer of httpx's."""
    return Answer(response.status_code, response.content, _seconds(response.headers))


def _seconds(headers: httpx.Headers) -> float | None:
    try:
        return float(headers["retry-after"])
    except (KeyError, ValueError):
        return None


def connection_failed(
    error: httpx.HTTPError, request: Request, seconds: float
) -> ConnectionFailedError:
    """Say what went wrong on the way, without httpx's request, which holds the key."""
    server = httpx.URL(request.url).netloc.decode("ascii", "replace")
    sent = not isinstance(error, _NEVER_SENT)
    if isinstance(error, httpx.TimeoutException):
        what = f"{server} did not answer within {seconds:.3g} s"
    elif isinstance(error, _NEVER_SENT):
        what = f"could not connect to {server}: {error}"
    else:
        what = f"the connection to {server} broke: {error or type(error).__name__}"
    if sent and request.purpose == "submit":
        what += "; the job may or may not have been made, so the call was not sent again"
    return ConnectionFailedError(what, endpoint=request.endpoint or None, sent=sent)


class _RedactKeys(logging.Filter):
    """httpx logs whole URLs at INFO, and the hub takes the key of a GET in its query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_key(arg) for arg in record.args)
        return True


def _without_key(value: Any) -> Any:
    if isinstance(value, httpx.URL) and "key" in value.params:
        return value.copy_set_param("key", "***")
    return value


logging.getLogger("httpx").addFilter(_RedactKeys())
