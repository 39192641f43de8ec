"""Requests over httpx in the calling task: connections of our own for each event loop, or the caller's own client.

Connections that we open ourselves go through the pool below httpx, which checks certificates and repairs; what httpx's
client does for every request beyond that (cookies, redirects, hooks) is left out. Proxies need that client.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import httpcore
import httpx

from ..protocol.answers import Answer
from ..protocol.requests import Request
from .lanes import IdleLanes
from .library import AsyncHttpClient, library_of
from .outgoing import (
    MAX_CONNECTIONS,
    SHORTEST_REQUEST,
    build,
    build_bare,
    certificates,
    client_settings,
    headers_of,
    lane_settings,
    needs_proxies,
)
from .reception import AnswerReader, NoConnectionFreeError, TooSlowError, failure_of, is_raw


class AsyncHttp:
    """Sends requests, from any number of event loops.

    Args:
        given: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    def __init__(self, given: AsyncHttpClient | None, user_agent: str) -> None:
        self._library = library_of(given)
        self._given = given
        self._user_agent = user_agent
        self._opened: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connections]
        self._opened = WeakKeyDictionary()
        self._closers: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[None, None]]
        self._closers = WeakKeyDictionary()

    async def exchange(self, request: Request, seconds: float) -> Answer:
        """Send a request and return its answer.

        Raises:
            ConnectionFailedError: There is none, or not in time.
            ConfigurationError: The caller's client can not be used.
        """
        try:
            # A timeout of the library bounds each wait for the next byte, not all of them together.
            async with asyncio.timeout(seconds + SHORTEST_REQUEST):
                return await self._exchange(request, seconds)
        except TimeoutError:
            slow = TooSlowError("the answer comes too slowly")
            failure = failure_of(slow, request, seconds, self._library)
        except BaseException as error:
            failure = failure_of(error, request, seconds, self._library)
        # Raised here, so that it does not lead to the library's own request, which holds the key.
        raise failure

    async def aclose(self) -> None:
        """Close this event loop's connections, unless the client was the caller's own."""
        loop = asyncio.get_running_loop()
        self._opened.pop(loop, None)
        closer = self._closers.pop(loop, None)
        if closer is not None:
            await closer.aclose()

    async def _exchange(self, request: Request, seconds: float) -> Answer:
        until = time.monotonic() + seconds
        if self._given is not None:
            return await self._send_by(self._given, request, until)
        connections = await self._connections()
        async with connections.turn(seconds):
            if connections.client is not None:
                return await self._send_by(connections.client, request, until)
            lane = connections.idle.take() or httpcore.AsyncConnectionPool(**lane_settings())
            try:
                sent = build_bare(request, self._left(until), self._user_agent)
                answer = await self._receive(await lane.handle_async_request(sent), request, until)
            except BaseException:
                # What is left of it may neither work nor end.
                await lane.aclose()
                raise
            outdated = connections.idle.give(lane, time.monotonic())
            if outdated is not None:
                await outdated.aclose()
            return answer

    async def _send_by(self, client: AsyncHttpClient, request: Request, until: float) -> Answer:
        sent = build(client, self._library, request, self._left(until))
        response = await client.send(sent, stream=True, follow_redirects=False)
        return await self._read(response, request, until)

    async def _receive(self, response: httpcore.Response, request: Request, until: float) -> Answer:
        headers = headers_of(response)
        try:
            reader = AnswerReader(request, response.status, headers, until)
            async for piece in response.aiter_stream():
                reader.take(piece)
        finally:
            await response.aclose()
        return reader.answer()

    async def _read(self, response: Any, request: Request, until: float) -> Answer:
        try:
            raw = is_raw(response)
            reader = AnswerReader(
                request, response.status_code, response.headers, until, is_raw=raw
            )
            async for piece in response.aiter_raw() if raw else response.aiter_bytes():
                reader.take(piece)
        finally:
            await response.aclose()
        return reader.answer()

    def _left(self, until: float) -> float:
        return max(until - time.monotonic(), SHORTEST_REQUEST)

    async def _connections(self) -> "_Connections":
        loop = asyncio.get_running_loop()
        connections = self._opened.get(loop)
        if connections is None:
            # Reading certificates takes a while, which no other task should have to wait for.
            await asyncio.to_thread(certificates)
            connections = self._opened.get(loop)
        if connections is None:
            connections = self._opened[loop] = _Connections(self._user_agent)
            self._closers[loop] = closer = _close_with_loop(connections)
            await anext(closer)
        return connections


class _Connections:
    """What one event loop has open: lanes, or a client where the environment names a proxy."""

    def __init__(self, user_agent: str) -> None:
        self.client = httpx.AsyncClient(**client_settings(user_agent)) if needs_proxies() else None
        self.idle: IdleLanes[httpcore.AsyncConnectionPool] = IdleLanes()
        self._free = asyncio.Semaphore(MAX_CONNECTIONS)

    @asynccontextmanager
    async def turn(self, seconds: float) -> AsyncGenerator[None, None]:
        """Wait for a connection to be free."""
        if self._free.locked():
            try:
                async with asyncio.timeout(seconds):
                    await self._free.acquire()
            except TimeoutError:
                raise NoConnectionFreeError("all connections are in use") from None
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def aclose(self) -> None:
        """Close what is open and idle."""
        if self.client is not None:
            await self.client.aclose()
        for lane in self.idle.take_all():
            await lane.aclose()


async def _close_with_loop(connections: _Connections) -> AsyncGenerator[None, None]:
    """Close what nobody closed: an event loop finishes its generators before it ends."""
    try:
        yield
    finally:
        await connections.aclose()
