"""Our values as httpx's and back: requests, answers, failures. It performs nothing.

Whatever httpx raises becomes a `ConnectionFailedError` that says whether the hub may have seen the request.
"""

import json
import logging
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

import httpx

from .answers import Answer
from .errors import ConnectionFailedError, UnexpectedAnswerError
from .requests import Request

CONNECT_SECONDS = 10.0
"""Seconds for making a connection."""

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Bytes of one answer at the most, decompressed; no answer of a hub is near it."""

MAX_CONNECTIONS = 100
"""Connections of one client at the most; further requests wait for one."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# Compressing base64 costs more time than it saves, and what is not compressed has no hidden size.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_JSON = {**_HEADERS, "Content-Type": "application/json"}
_SHORTEST_KEY = 8


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
            request.method,
            request.url,
            params=dict(request.query),
            headers=_HEADERS,
            timeout=timeout,
        )
    return client.build_request(
        request.method, request.url, content=request.body(), headers=_JSON, timeout=timeout
    )


class AnswerReader:
    """Collects an answer as it comes, within its time and size.

    Args:
        request: What is answered.
        response: httpx's answer, of which the head is here.
        now: The clock.
        until: When the answer has to be whole.
    """

    def __init__(
        self, request: Request, response: httpx.Response, now: Callable[[], float], until: float
    ) -> None:
        self._request = request
        self._response = response
        self._now = now
        self._until = until
        self._pieces: list[bytes] = []
        self._size = 0
        announced = response.headers.get("content-length", "")
        self._refuse_beyond_limit(int(announced) if announced.isdecimal() else 0)

    def take(self, piece: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            UnexpectedAnswerError: The body is too long.
            httpx.ReadTimeout: The body comes too slowly.
        """
        self._pieces.append(piece)
        self._size += len(piece)
        self._refuse_beyond_limit(self._size)
        if self._now() > self._until:
            raise httpx.ReadTimeout("the answer comes too slowly")

    def answer(self) -> Answer:
        """Return what came, without the key where the hub repeats it."""
        body = _without_key_of(self._request, b"".join(self._pieces))
        return Answer(self._response.status_code, body, _seconds(self._response.headers))

    def _refuse_beyond_limit(self, size: int) -> None:
        if size > MAX_ANSWER_BYTES:
            raise UnexpectedAnswerError(
                f"the hub's answer is longer than {MAX_ANSWER_BYTES:,} bytes",
                endpoint=self._request.endpoint or None,
            )


def _without_key_of(request: Request, body: bytes) -> bytes:
    key = (request.payload or request.query).get("key")
    if not isinstance(key, str) or len(key) < _SHORTEST_KEY:
        return body
    written = {key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1]}
    for form in sorted(written, key=len, reverse=True):
        body = body.replace(form.encode("utf-8", "replace"), b"***")
    return body


def _seconds(headers: httpx.Headers) -> float | None:
    told = headers.get("retry-after", "")
    with suppress(ValueError):
        return float(told)
    with suppress(TypeError, ValueError, OverflowError):
        return (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    return None


def without_frames(error: BaseException) -> BaseException:
    """Forget where an interruption struck: the places inside httpx know the request, and with it the key."""
    error.__context__ = None
    return error.with_traceback(None)


def connection_failed(
    error: httpx.HTTPError | ValueError, request: Request, seconds: float
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
    """httpx logs whole URLs, and the hub takes the key of a GET in its query; a redirect may repeat it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = _KEY_IN_URL.sub(r"\1***", record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without_key(arg) for arg in record.args)
        return True


_KEY_IN_URL = re.compile(r"([?&]key=)[^&#\s'\")]*")


def _without_key(value: Any) -> Any:
    if isinstance(value, httpx.URL) and "key" in value.params:
        return value.copy_set_param("key", "***")
    return value


for _name in (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
):
    logging.getLogger(_name).addFilter(_RedactKeys())
