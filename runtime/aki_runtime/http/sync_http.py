"""Requests over httpx in the calling thread: connections of our own, or the caller's own client.

Connections that we open ourselves go through the pool below httpx, which checks certificates and repairs; what httpx's
client does for every request beyond that (cookies, redirects, hooks) is left out. Proxies need that client.
"""

import os
import threading
import time
from contextlib import closing
from typing import Any

import httpcore
import httpx

from ..protocol.answers import Answer
from ..protocol.requests import Request
from .lanes import IdleLanes
from .library import SyncHttpClient, library_of
from .outgoing import (
    MAX_CONNECTIONS,
    SHORTEST_REQUEST,
    build,
    build_bare,
    client_settings,
    headers_of,
    lane_settings,
    needs_proxies,
)
from .reception import AnswerReader, NoConnectionFreeError, failure_of, is_raw


class SyncHttp:
    """Sends requests. It may be shared by threads, and survives a fork with connections of its own.

    Args:
        given: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    def __init__(self, given: SyncHttpClient | None, user_agent: str) -> None:
        self._library = library_of(given)
        self._given = given
        self._user_agent = user_agent
        self._opened: dict[int, _Connections] = {}

    def exchange(self, request: Request, seconds: float) -> Answer:
        """Send a request and return its answer.

        Raises:
            ConnectionFailedError: There is none, or not in time.
            ConfigurationError: The caller's client can not be used.
        """
        try:
            return self._exchange(request, seconds)
        except BaseException as error:
            failure = failure_of(error, request, seconds, self._library)
        # Raised here, so that it does not lead to the library's own request, which holds the key.
        raise failure

    def close(self) -> None:
        """Close the connections, unless the client was the caller's own."""
        for process, connections in list(self._opened.items()):
            self._opened.pop(process, None)
            connections.close()

    def _exchange(self, request: Request, seconds: float) -> Answer:
        until = time.monotonic() + seconds
        if self._given is not None:
            return self._send_by(self._given, request, until)
        connections = self._connections()
        if not connections.free.acquire(timeout=seconds):
            raise NoConnectionFreeError("all connections are in use")
        try:
            if connections.client is not None:
                return self._send_by(connections.client, request, until)
            lane = connections.idle.take() or _Lane()
            lane.until = until
            try:
                sent = build_bare(request, self._left(until), self._user_agent)
                answer = self._receive(lane.handle_request(sent), request, until)
            except BaseException:
                # What is left of it may neither work nor end.
                lane.close()
                raise
            outdated = connections.idle.give(lane, time.monotonic())
            if outdated is not None:
                outdated.close()
            return answer
        finally:
            connections.free.release()

    def _send_by(self, client: SyncHttpClient, request: Request, until: float) -> Answer:
        sent = build(client, self._library, request, self._left(until))
        response: Any = client.send(sent, stream=True, follow_redirects=False)
        return self._read(response, request, until)

    def _receive(self, response: httpcore.Response, request: Request, until: float) -> Answer:
        headers = headers_of(response)
        with closing(response):
            reader = AnswerReader(request, response.status, headers, until)
            for piece in response.iter_stream():
                reader.take(piece)
        return reader.answer()

    def _read(self, response: Any, request: Request, until: float) -> Answer:
        with closing(response):
            raw = is_raw(response)
            reader = AnswerReader(
                request, response.status_code, response.headers, until, is_raw=raw
            )
            for piece in response.iter_raw() if raw else response.iter_bytes():
                reader.take(piece)
        return reader.answer()

    def _left(self, until: float) -> float:
        return max(until - time.monotonic(), SHORTEST_REQUEST)

    def _connections(self) -> "_Connections":
        process = os.getpid()
        connections = self._opened.get(process)
        if connections is None:
            # What a forked process inherits is its parent's.
            self.close()
            connections = self._opened.setdefault(process, _Connections(self._user_agent))
        return connections


class _Lane(httpcore.ConnectionPool):
    """A pool of one connection, which waits for nothing longer than the request that it carries may take.

    A timeout alone bounds each wait for the next byte: a server that sends a header byte by byte would never end.

    Attributes:
        until: When that request has to be answered, on the monotonic clock.
    """

    def __init__(self) -> None:
        super().__init__(**lane_settings(), network_backend=_Backend(self))
        self.until = 0.0

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            ReadTimeout: None are.
        """
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout("the answer comes too slowly")
        return seconds


class _Backend(httpcore.SyncBackend):
    """Opens the connection of a lane."""

    def __init__(self, lane: _Lane) -> None:
        self._lane = lane

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*args, **kwargs), self._lane)


class _Stream(httpcore.NetworkStream):
    """The connection of a lane."""

    def __init__(self, stream: httpcore.NetworkStream, lane: _Lane) -> None:
        self._stream = stream
        self._lane = lane

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._lane.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._lane.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(*args, **kwargs), self._lane)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Connections:
    """What one process has open: lanes, or a client where the environment names a proxy."""

    def __init__(self, user_agent: str) -> None:
        self.client = httpx.Client(**client_settings(user_agent)) if needs_proxies() else None
        self.idle: IdleLanes[_Lane] = IdleLanes()
        self.free = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def close(self) -> None:
        """Close what is open and idle."""
        if self.client is not None:
            self.client.close()
        for lane in self.idle.take_all():
            lane.close()
