"""One request and its answer over a client of httpx2 or httpx: the caller's own, or one made here.

A timeout bounds silence, never progress: whatever comes before the caller's deadline is taken.
Whatever goes wrong becomes an exception that says whether the hub may have seen the request, and
that does not lead to the library's own request, which holds the key.
"""

import asyncio
import math
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, closing
from functools import lru_cache
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ..errors import AkiError, ConfigurationError, ConnectionFailedError
from ..protocol.answers import Answer
from ..protocol.body import SMALL_BYTES, Body
from ..protocol.certainty import UNCERTAIN
from ..protocol.requests import Request
from .clients import (
    add_query,
    certificates,
    certificates_hint,
    lowest_transport,
    make_client,
    proxy_hint,
)
from .connection import Exchange, StaleConnectionError, async_trace, current, trace
from .library import AsyncHttpClient, SyncHttpClient, library_of, without_key_in_urls
from .response_reader import ResponseReader, TooSlowError

CONNECT_SECONDS = 10.0
"""Seconds for making a connection."""

SILENCE_SECONDS = 60.0
"""Seconds without a byte in either direction after which a connection is given up."""

SHORTEST_REQUEST = 0.05
"""Seconds that a request is given at least."""

# Compressing base64 costs more time than it saves, and what is not compressed has no hidden size.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class SyncHttp:
    """Sends requests. It may be shared by threads, and survives a fork with connections of its own.

    Args:
        given: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    def __init__(self, given: SyncHttpClient | None, user_agent: str) -> None:
        self._given = given
        self._user_agent = user_agent
        self._library = library_of(given)
        self._opened: dict[int, Any] = {}
        self._cookies = CookieJar()

    def exchange(self, request: Request, seconds: float, grace: float = 0.0) -> Answer:
        """Send a request and return its answer.

        Args:
            request: What to send.
            seconds: How long it may take.
            grace: Seconds more that the answer of a request is waited for that has been sent.

        Raises:
            ConnectionFailedError: There is none, or not in time.
            ConfigurationError: The client cannot be used.
        """
        client = self._given or self._client(request.url)
        sending = _Sending(request, seconds, grace)
        token = current.set(sending.exchange)
        try:
            while True:
                try:
                    return self._send(client, sending)
                except StaleConnectionError:
                    continue  # it is closed now, and another one takes its place
        except BaseException as error:
            failure = sending.failure_of(error, self._library)
        finally:
            current.reset(token)
        # Raised here, so that it does not lead to the library's own request, which holds the key.
        raise failure

    def close(self) -> None:
        """Close the connections, unless the client was the caller's own."""
        for process, client in list(self._opened.items()):
            self._opened.pop(process, None)
            client.close()

    def _send(self, client: Any, sending: "_Sending") -> Answer:
        built = sending.build(client, self._library, trace, sending)
        if self._given is not None and sending.is_small:
            # So that hooks find the content as usual, and what instruments the client no body to capture.
            stream = built.stream
            built.read()
            built.stream = stream
        sending.begin()
        with closing(client.send(built, stream=True, follow_redirects=False)) as response:
            reader = sending.reader(response)
            for piece in response.iter_raw() if reader.is_raw else response.iter_bytes():
                reader.take(piece)
        return reader.answer()

    def _client(self, url: str) -> Any:
        process = os.getpid()
        client = self._opened.get(process)
        if client is None:
            # What a forked process inherits is its parent's.
            self.close()
            made = make_client("Client", url, self._user_agent, self._cookies)
            client = self._opened.setdefault(process, made)
        return client


class AsyncHttp:
    """Sends requests, from any number of event loops, each with connections of its own.

    Args:
        given: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    def __init__(self, given: AsyncHttpClient | None, user_agent: str) -> None:
        self._given = given
        self._user_agent = user_agent
        self._library = library_of(given)
        self._opened: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        self._closers: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[None, None]]
        self._closers = WeakKeyDictionary()
        self._cookies = CookieJar()

    async def exchange(self, request: Request, seconds: float, grace: float = 0.0) -> Answer:
        """Send a request and return its answer; see `SyncHttp.exchange`."""
        client = self._given or await self._client(request.url)
        sending = _Sending(request, seconds, grace)
        token = current.set(sending.exchange)
        try:
            async with asyncio.timeout(sending.longest):
                while True:
                    try:
                        return await self._send(client, sending)
                    except StaleConnectionError:
                        continue  # it is closed now, and another one takes its place
        except TimeoutError:
            failure = sending.failure_of(TooSlowError(), self._library)
        except BaseException as error:
            failure = sending.failure_of(error, self._library)
        finally:
            current.reset(token)
        # Raised here, so that it does not lead to the library's own request, which holds the key.
        raise failure

    async def aclose(self) -> None:
        """Close this event loop's connections, unless the client was the caller's own."""
        loop = asyncio.get_running_loop()
        self._opened.pop(loop, None)
        closer = self._closers.pop(loop, None)
        if closer is not None:
            await closer.aclose()

    async def _send(self, client: Any, sending: "_Sending") -> Answer:
        built = sending.build(client, self._library, async_trace, _AsyncPieces(sending))
        if self._given is not None and sending.is_small:
            stream = built.stream
            await built.aread()
            built.stream = stream
        sending.begin()
        response = await client.send(built, stream=True, follow_redirects=False)
        async with aclosing(response):
            reader = sending.reader(response)
            async for piece in response.aiter_raw() if reader.is_raw else response.aiter_bytes():
                reader.take(piece)
        return reader.answer()

    async def _client(self, url: str) -> Any:
        loop = asyncio.get_running_loop()
        client = self._opened.get(loop)
        if client is None:
            # Reading certificates takes a while, which no other task should have to wait for.
            await asyncio.to_thread(certificates)
            client = self._opened.get(loop)
        if client is None:
            client = make_client("AsyncClient", url, self._user_agent, self._cookies)
            self._opened[loop] = client
            self._closers[loop] = closer = _close_with_loop(client)
            await anext(closer)
        return client


async def _close_with_loop(client: Any) -> AsyncGenerator[None, None]:
    """Close what nobody closed: an event loop finishes its generators before it ends."""
    try:
        yield
    finally:
        await client.aclose()


class _Sending:
    """One request on its way; going through it hands out its body, in pieces and within its time.

    Attributes:
        exchange: Its times, for the connection that carries it.
        longest: Seconds that all of it may take; None where there is no deadline.
    """

    def __init__(self, request: Request, seconds: float, grace: float) -> None:
        now = time.monotonic()
        self._request = request
        self._seconds = max(seconds, SHORTEST_REQUEST)
        self._body: Body | None = None
        self._transport: Any = None
        self._is_built = False
        self._is_handed_out = False
        sent_by = now + self._seconds
        self.exchange = Exchange(sent_by, sent_by + grace, request.purpose == "submit")
        self.longest = None if math.isinf(self._seconds) else self._seconds + grace

    def build(self, client: Any, library: Any, tracing: object, pieces: object) -> Any:
        """Make the client's request; `pieces` goes through the body as the client likes."""
        request, extensions = self._request, {"trace": tracing}
        self._is_built = False
        url = _url(library, request.url)
        now = time.monotonic()
        sending = max(self.exchange.sent_by - now, SHORTEST_REQUEST)
        timeout = library.Timeout(
            connect=min(sending, CONNECT_SECONDS),
            write=min(sending, SILENCE_SECONDS),
            read=min(max(self.exchange.until - now, SHORTEST_REQUEST), SILENCE_SECONDS),
            pool=None if math.isinf(sending) else sending,
        )
        if request.payload is None:
            built = client.build_request(
                request.method,
                url,
                headers=_HEADERS,
                timeout=timeout,
                extensions=extensions,
            )
        else:
            self._body = request.body
            length = {"Content-Length": str(self._body.length), "Content-Type": "application/json"}
            # Never as bytes: what instruments a client may show those, and the key is among them.
            built = client.build_request(
                request.method,
                url,
                content=pieces,
                headers={**_HEADERS, **length},
                timeout=timeout,
                extensions=extensions,
            )
        self._transport = lowest_transport(client, library, built.url)
        if request.query:
            add_query(built, request.query, self._transport)
        return built

    @property
    def is_small(self) -> bool:
        """Whether the body is one piece."""
        return self._body is not None and self._body.length <= SMALL_BYTES

    def begin(self) -> None:
        """Say that the request is made, and will now be sent."""
        self._is_built, self._is_handed_out = True, self._body is None

    def reader(self, response: Any) -> ResponseReader:
        """Return what reads the answer."""
        return ResponseReader(self._request, response, self.exchange.until)

    def __iter__(self) -> Iterator[bytes]:
        """Go through the body.

        Raises:
            MediaError: A file cannot be read any more, or has changed its size.
            TooSlowError: The time is over.
        """
        if self._body is None:
            return
        left = self._body.length
        for piece in self._body:
            if time.monotonic() > self.exchange.sent_by:
                raise TooSlowError
            left -= len(piece)
            self._is_handed_out |= left <= 0
            yield piece

    def failure_of(self, error: BaseException, library: Any) -> BaseException:
        """Return what to raise in place of what went wrong."""
        if isinstance(error, AkiError) or not isinstance(error, Exception):
            return _without_origin(error)
        request = self._request
        # Where a caller's own client raises for a status, this is the URL with its query.
        said = without_key_in_urls(str(error)) or type(error).__name__
        if not self._is_built:
            what = f"the request could not be made: {said}; nothing was sent"
            return ConnectionFailedError(what, endpoint=request.endpoint or None, sent=False)
        if isinstance(error, RuntimeError) and not (self.exchange.submits and self._is_handed_out):
            return ConfigurationError(f"the HTTP client cannot be used: {said}")
        if not _is_failure(error, library):
            return _without_origin(error)
        scheme, server, *_ = urlsplit(request.url)
        unconnected = isinstance(error, (library.ConnectError, library.ProxyError))
        sent = not unconnected and not isinstance(error, library.PoolTimeout)
        if isinstance(self._transport, (library.HTTPTransport, library.AsyncHTTPTransport)):
            # Others may not go through the pieces of the body, or take any failure for that of a connection.
            sent = sent and self._is_handed_out and not isinstance(error, library.ConnectTimeout)
        if isinstance(error, (TooSlowError, library.TimeoutException)):
            what = self._lateness(server)
        elif unconnected:
            hints = certificates_hint(said) + proxy_hint(self._transport, scheme)
            what = f"could not connect to {server}: {said}{hints}"
        else:
            what = f"the connection to {server} broke: {said}"
        if self.exchange.submits and not unconnected:
            what += f"; {UNCERTAIN if sent else 'the hub did not get the whole request'}"
        return ConnectionFailedError(what, endpoint=request.endpoint or None, sent=sent)

    def _lateness(self, server: str) -> str:
        if time.monotonic() < self.exchange.sent_by - SHORTEST_REQUEST:
            return f"{server} was silent for too long"
        return f"{server} did not answer within {self._seconds:.3g} s"


class _AsyncPieces:
    """The same body for an async client, which takes nothing else."""

    def __init__(self, pieces: _Sending) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


@lru_cache(maxsize=256)
def _url(library: Any, text: str) -> Any:
    """Parse a URL, which takes as long as much else of a request, once."""
    return library.URL(text)


def _is_failure(error: Exception, library: Any) -> bool:
    """Whether an exception is the library's or the connection's, and not of a caller's own hook."""
    known = (library.HTTPError, library.StreamError, TooSlowError, ValueError, OSError)
    root = type(error).__module__.partition(".")[0]
    return isinstance(error, known) or root in ("aiohttp", "anyio", "h11", "httpcore", "httpcore2")


def _without_origin(error: BaseException) -> BaseException:
    """Forget where an exception struck and what led to it: both know the library's request, and with it the key."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
