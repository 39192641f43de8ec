"""The only module that performs I/O: two drivers that run flows over httpx. They decide nothing.

Whatever httpx raises becomes a `ConnectionFailedError` that says whether the hub may have seen the request.
"""

import asyncio
import inspect
import logging
import time
import weakref
from collections.abc import Awaitable
from typing import Any, TypeVar, cast

import httpx

from .answers import Answer
from .errors import ConnectionFailedError
from .flows import Effect, Flow, Notify, Pause, Send
from .requests import Request

T = TypeVar("T")

CONNECT_SECONDS = 10.0
"""Seconds for making a connection."""

MAX_CONNECTIONS = 100
"""Connections of one client at the most; further requests wait for one."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class SyncTransport:
    """Runs flows in the calling thread. One may be shared by threads.

    Args:
        http_client: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    now = staticmethod(time.monotonic)

    def __init__(self, http_client: httpx.Client | None, user_agent: str) -> None:
        self._given = http_client
        self._own: httpx.Client | None = None
        self._user_agent = user_agent

    def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for until it returns or raises."""
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = self._perform(effect)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)

    def close(self) -> None:
        """Close the connections, unless the client was the caller's own."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _perform(self, effect: Effect) -> Answer | None:
        match effect:
            case Send(request, seconds):
                client = self._client()
                try:
                    return _answer(client.send(_build(client, request, seconds)))
                except httpx.HTTPError as error:
                    raise _connection_failed(error, request, seconds) from error
            case Pause(seconds):
                time.sleep(seconds)
            case Notify(event, show):
                show(event)
        return None

    def _client(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = httpx.Client(limits=_limits(), headers={"User-Agent": self._user_agent})
        return self._own


class AsyncTransport:
    """Runs flows in the calling task, with one pool of connections per event loop.

    Args:
        http_client: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    now = staticmethod(time.monotonic)

    def __init__(self, http_client: httpx.AsyncClient | None, user_agent: str) -> None:
        self._given = http_client
        self._own: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]
        self._own = weakref.WeakKeyDictionary()
        self._user_agent = user_agent

    async def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for until it returns or raises.

        When the task is cancelled, what the flow still has to do (cancel the hub's job) is done in a task of its
        own, so that a second cancellation does not cut it short; the flow bounds its time.
        """
        try:
            return await self._drive(flow, None)
        except _Interrupted as interrupted:
            rest = asyncio.ensure_future(self._drive(flow, interrupted.reason))
            while not rest.done():
                try:
                    await asyncio.shield(rest)
                except BaseException:  # noqa: S112 the task's own outcome is raised below
                    continue
            return rest.result()

    async def aclose(self) -> None:
        """Close this event loop's connections, unless the client was the caller's own."""
        client = self._own.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _drive(self, flow: Flow[T], interruption: BaseException | None) -> T:
        shielded = interruption is not None
        try:
            effect = flow.throw(interruption) if interruption is not None else next(flow)
            while True:
                try:
                    outcome = await self._perform(effect)
                except asyncio.CancelledError as error:
                    if not shielded:
                        raise _Interrupted(error) from None
                    effect = flow.throw(error)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)

    async def _perform(self, effect: Effect) -> Answer | None:
        match effect:
            case Send(request, seconds):
                client = self._client()
                try:
                    return _answer(await client.send(_build(client, request, seconds)))
                except httpx.HTTPError as error:
                    raise _connection_failed(error, request, seconds) from error
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Notify(event, show):
                shown = show(event)
                if inspect.isawaitable(shown):
                    await cast("Awaitable[object]", shown)
        return None

    def _client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        client = self._own.get(loop)
        if client is None:
            client = httpx.AsyncClient(limits=_limits(), headers={"User-Agent": self._user_agent})
            self._own[loop] = client
        return client


class _Interrupted(BaseException):
    """The task that drives a flow was cancelled."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _limits() -> httpx.Limits:
    return httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)


def _build(
    client: httpx.Client | httpx.AsyncClient, request: Request, seconds: float
) -> httpx.Request:
    timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    if request.payload is None:
        return client.build_request(
            request.method, request.url, params=dict(request.query), timeout=timeout
        )
    return client.build_request(
        request.method, request.url, content=request.body(), headers=_HEADERS, timeout=timeout
    )


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, response.content, _seconds(response.headers))


def _seconds(headers: httpx.Headers) -> float | None:
    try:
        return float(headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _connection_failed(
    error: httpx.HTTPError, request: Request, seconds: float
) -> ConnectionFailedError:
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
