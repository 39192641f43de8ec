"""The driver that runs flows over httpx in the calling task. It decides nothing."""

import asyncio
import inspect
import logging
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, TypeVar, cast

import httpx

from .answers import Answer
from .effects import (
    CANCEL_SECONDS,
    Effect,
    Flow,
    InterruptedRequestError,
    Note,
    Notify,
    Pause,
    Send,
)
from .http import (
    MAX_CONNECTIONS,
    AnswerReader,
    build,
    connection_failed,
    settings,
    without_frames,
)
from .requests import Request
from .transport import interrupted

T = TypeVar("T")

# Where waiting for another thread can not be interrupted (Windows), Ctrl-C is heard between two waits.
_LONGEST_DEAFNESS = 0.5
_SHORTEST_REQUEST = 0.05

_log = logging.getLogger("aki_client")


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
        self._closers: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, AsyncGenerator[None, None]
        ]
        self._closers = weakref.WeakKeyDictionary()
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]
        self._turns = weakref.WeakKeyDictionary()
        self._undisturbed: set[asyncio.Task[Any]] = set()
        self._user_agent = user_agent

    async def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for until it returns or raises.

        When the task is cancelled, what the flow still has to do (cancel the hub's job) is done in a
        task of its own, so that a second cancellation does not cut it short; the flow bounds its time.
        """
        try:
            return await self._drive(flow, None)
        except _InterruptedFlowError as interrupted:
            rest = self._begin(self._drive(flow, interrupted.reason))
        await _outlast(rest, None)
        return rest.result()

    async def aclose(self) -> None:
        """Close this event loop's connections, unless the client was the caller's own."""
        loop = asyncio.get_running_loop()
        try:
            await self._settle(loop)
        finally:
            self._own.pop(loop, None)
            closer = self._closers.pop(loop, None)
            if closer is not None:
                await closer.aclose()

    async def _settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let callers that were cancelled tell the hub, for a short time."""
        until = self.now() + CANCEL_SECONDS
        while tasks := [task for task in self._undisturbed if task.get_loop() is loop]:
            if self.now() >= until:
                return
            await asyncio.wait(tasks, timeout=until - self.now())
            await asyncio.sleep(0)  # one that has ended may lead to another

    async def _drive(self, flow: Flow[T], interruption: BaseException | None) -> T:
        try:
            effect = flow.throw(interruption) if interruption is not None else next(flow)
            while True:
                try:
                    outcome = await self._perform(effect)
                except (asyncio.CancelledError, InterruptedRequestError) as error:
                    if interruption is None:
                        raise _InterruptedFlowError(error) from None
                    effect = flow.throw(error)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)

    async def _perform(self, effect: Effect) -> Answer | None:
        match effect:
            case Send(request, seconds, whole):
                if whole:
                    return await self._send_whole(request, seconds)
                return await self._send(request, seconds)
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Note(text):
                _log.info("%s", text)
            case Notify(event, show):
                shown = show(event)
                if inspect.isawaitable(shown):
                    await cast("Awaitable[object]", shown)
        return None

    async def _send(self, request: Request, seconds: float) -> Answer:
        failure: BaseException
        try:
            return await self._exchange(request, seconds)
        except httpx.HTTPError as error:
            failure = connection_failed(error, request, seconds)
        except ValueError as error:
            # So fails a connection that is being made when the loop ends: another one can still be made.
            failure = connection_failed(error, request, seconds)
        except BaseException as error:
            failure = without_frames(error)
        # Raised here, so that it does not lead to httpx's own request, which holds the key.
        raise failure

    async def _exchange(self, request: Request, seconds: float) -> Answer:
        until = self.now() + seconds
        client = await self._client()
        async with self._turn(seconds):
            sent = build(client, request, max(until - self.now(), _SHORTEST_REQUEST))
            async with aclosing(
                await client.send(sent, stream=True, follow_redirects=False)
            ) as response:
                reader = AnswerReader(request, response, self.now, until)
                async for piece in response.aiter_bytes():
                    reader.take(piece)
        return reader.answer()

    @asynccontextmanager
    async def _turn(self, seconds: float) -> AsyncGenerator[None, None]:
        """Wait here for a connection: the pool's own queue takes long to search when it is long."""
        if self._given is not None:
            yield
            return
        turns = self._turns.setdefault(
            asyncio.get_running_loop(), asyncio.Semaphore(MAX_CONNECTIONS)
        )
        try:
            async with asyncio.timeout(seconds):
                await turns.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("all connections are in use") from None
        try:
            yield
        finally:
            turns.release()

    async def _send_whole(self, request: Request, seconds: float) -> Answer:
        """Send in a task of its own, so that cancelling the caller leaves the request whole."""
        sending = self._begin(self._send(request, seconds))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError as error:
            interruption = error
        await _outlast(sending, CANCEL_SECONDS)
        sending.cancel()
        await _outlast(sending, None)
        if sending.cancelled() or sending.exception() is not None:
            raise interruption
        raise interrupted(request, sending.result(), interruption)

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin a task that the end of the loop does not cancel: its caller, which is cancelled, waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._undisturbed.add(task)
        task.add_done_callback(self._undisturbed.discard)
        # Documented for other implementations of tasks: `asyncio.run` cancels what is registered.
        asyncio.tasks._unregister_task(task)
        return task

    async def _client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if loop not in self._own:
            # Reading certificates takes a while, which no other task should have to wait for.
            chosen = await asyncio.to_thread(settings, self._user_agent)
            if loop not in self._own:
                self._own[loop] = httpx.AsyncClient(**chosen)
                self._closers[loop] = closer = _close_with_loop(self._own[loop])
                await anext(closer)
        return self._own[loop]


async def _outlast(task: asyncio.Future[Any], seconds: float | None) -> None:
    """Wait for a task however often the caller is cancelled meanwhile; whoever calls raises that later."""
    until = None if seconds is None else time.monotonic() + seconds
    while not task.done():
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            return
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)


async def _close_with_loop(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Close a client that nobody closed: an event loop finishes its generators before it ends."""
    try:
        yield
    finally:
        await client.aclose()


class _InterruptedFlowError(BaseException):
    """The task that drives a flow was cancelled."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason
