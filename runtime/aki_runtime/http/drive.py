"""The two drivers that run flows: in the calling thread, and in the calling task. They decide nothing."""

import asyncio
import inspect
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, closing, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from ..errors import AkiError, ConfigurationError
from ..hub import Address, HubContext
from ..logs import logger
from ..protocol.answers import Answer
from ..protocol.effects import (
    CANCEL_SECONDS,
    Effect,
    Flow,
    Note,
    Notify,
    Pause,
    Send,
    TakeTurn,
    Work,
)
from .clients import (
    AsyncHttpClient,
    SyncHttpClient,
    certificates,
    library_of,
    make_client,
    require_kind,
)
from .connection import StaleConnectionError, TooSlowError, async_trace, current, trace
from .exchange import AsyncPieces, Exchange, ResponseReader
from .interruption import carry_through

if TYPE_CHECKING:
    from ..testing.recording import BaseTape

C = TypeVar("C")
T = TypeVar("T")

_TURNS_TO_DROP = 5
"""Turns of an event loop until a stream that was left by `break`, without a block, starts to cancel its job."""

_NOT_THE_CALLERS = {__name__.partition(".")[0], "asyncio", "threading", "concurrent"}
"""Packages whose lines in a traceback say nothing to a caller."""

_log = logger()


def _end_at_the_call(error: AkiError) -> None:
    """Take what lies below the call from a traceback, unless code of the caller's is part of it."""
    below = error.__traceback__
    while below is not None:
        # A function that the caller gave, such as `on_progress`, may be where it was raised.
        if below.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in _NOT_THE_CALLERS:
            return
        below = below.tb_next
    if not _log.isEnabledFor(logging.DEBUG):
        error.__traceback__ = None


tape: "BaseTape | None" = None
"""The cassette that all flows of this process pass through on their way to a driver."""


def _now() -> float:
    return time.monotonic() if tape is None else tape.now()


def _is_replayed() -> bool:
    return tape is not None and tape.replays


class Driver(Generic[C]):
    """What both drivers are made of.

    Args:
        address: The hub.
        http_client: The caller's own client, which is used as it is and never closed here; None makes one.
        user_agent: What the hub sees as the User-Agent.

    Attributes:
        context: The hub, as flows are given it.
    """

    _kind: str
    _by_owner: Callable[[], Any]
    """Makes the mapping of the clients made here, by the process or event loop that each belongs to."""

    def __init__(self, address: Address, http_client: C | None, user_agent: str) -> None:
        require_kind(http_client, self._kind)
        self.context = HubContext(address, None, _now, _is_replayed)
        self.http_client = http_client
        self.user_agent = user_agent
        self._cookies: Any = None
        self._opened: Any = self._by_owner()
        self._undisturbed: set[asyncio.Task[Any]] = set()

    @cached_property
    def _library(self) -> Any:
        """What sends. It is imported for the first request, which alone needs it."""
        return library_of(self.http_client)

    def _make_client(self, url: str) -> Any:
        client = make_client(self._kind, url, self.user_agent, self._cookies)
        self._cookies = client.cookies.jar
        return client


class SyncDriver(Driver[SyncHttpClient]):
    """Runs flows in the calling thread. Threads may share it; a fork has connections of its own."""

    _kind = "Client"
    _by_owner = dict[int, Any]
    _opened: dict[int, Any]

    def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for until it returns or raises."""
        if tape is not None:
            flow = tape.around(self, flow)
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
        except AkiError as error:
            _end_at_the_call(error)
            raise

    def close(self) -> None:
        """Close the connections, unless the client was the caller's own."""
        for process, client in list(self._opened.items()):
            self._opened.pop(process, None)
            client.close()

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(whole=True):
                carry_through(partial(self._exchange, effect), CANCEL_SECONDS)
                return effect.answer
            case Send():
                return self._exchange(effect)
            case Pause(seconds):
                time.sleep(seconds)
            case TakeTurn(turn, seconds):
                return turn.take(seconds)
            case Work(call):
                return call()
            case Note(text):
                _log.info("%s", text)
            case Notify(what, show):
                shown = show(what)
                if inspect.iscoroutine(shown):
                    shown.close()
                    raise ConfigurationError("the callback is async; use it with AsyncAki")
        return None

    def _exchange(self, sending: Send) -> Answer:
        """Send a request and return its answer, which is left in `sending` as well.

        Raises:
            ConnectionFailedError: There is none, or not in time.
            ConfigurationError: The client cannot be used.
        """
        client = self.http_client or self._client(sending.request.url)
        exchange = Exchange(sending, client, self._library)
        token = current.set(exchange)
        leave = sending.trace.enter() if sending.trace is not None else None
        try:
            while True:
                try:
                    return self._send(exchange)
                except StaleConnectionError:
                    continue  # it is closed now, and another one takes its place
        except BaseException as error:
            failure = exchange.failure_of(error)
        finally:
            current.reset(token)
            if leave is not None:
                leave()
        # Raised here, so that it does not lead to the library's own request, which holds the key.
        raise failure

    def _send(self, exchange: Exchange) -> Answer:
        built = exchange.build(trace, exchange, is_own=self.http_client is None)
        if exchange.shows_body:
            stream = built.stream
            built.read()
            built.stream = stream
        exchange.is_built = True
        send = exchange.client.send
        with closing(send(built, stream=True, follow_redirects=False)) as response:
            reader = ResponseReader(exchange, response)
            for piece in response.iter_raw() if reader.is_raw else response.iter_bytes():
                reader.take(piece)
        return reader.answer()

    def _client(self, url: str) -> Any:
        process = os.getpid()
        client = self._opened.get(process)
        if client is None:
            # What a forked process inherits is its parent's. Another thread may have made this one's by now.
            for other in self._opened.keys() - {process}:
                self._opened.pop(other).close()
            client = self._opened.setdefault(process, self._make_client(url))
        return client


class AsyncDriver(Driver[AsyncHttpClient]):
    """Runs flows in the calling task. Each event loop has connections of its own."""

    _kind = "AsyncClient"
    _by_owner = WeakKeyDictionary[asyncio.AbstractEventLoop, Any]
    _opened: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]]

    async def run(self, flow: Flow[T], interruption: BaseException | None = None) -> T:
        """Perform what the flow asks for until it returns or raises.

        When the task is cancelled, what the flow still has to do (cancel the hub's job) is done in a
        task of its own, so that a second cancellation does not cut it short; the flow bounds its time.

        Args:
            flow: What to perform.
            interruption: What the flow was interrupted by, in that task of its own.
        """
        if tape is not None and interruption is None:
            flow = tape.around(self, flow)
        try:
            effect = next(flow) if interruption is None else flow.throw(interruption)
            while True:
                try:
                    outcome = await self._perform(effect)
                except asyncio.CancelledError as error:
                    if interruption is None:
                        interruption = error
                        break
                    effect = flow.throw(error)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)
        except AkiError as error:
            _end_at_the_call(error)
            raise
        rest = self._begin(self.run(flow, interruption))
        await _outlast(rest, None)
        return rest.result().result()

    def run_later(self, flow: Flow[None], loop: asyncio.AbstractEventLoop) -> None:
        """Run a flow in a loop, from any thread, beside what runs there; the end of the loop waits for it."""
        with suppress(RuntimeError):  # it is closed
            loop.call_soon_threadsafe(lambda: self._begin(self.run(flow)))

    async def aclose(self) -> None:
        """Close this event loop's connections, unless the client was the caller's own."""
        loop = asyncio.get_running_loop()
        try:
            await self._settle(loop)
        finally:
            if loop in self._opened:
                _, closer = self._opened.pop(loop)
                await closer.aclose()

    async def _settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let callers that were cancelled tell the hub, for a short time."""
        until = time.monotonic() + CANCEL_SECONDS
        for _ in range(_TURNS_TO_DROP):
            await asyncio.sleep(0)
        while tasks := [task for task in self._undisturbed if task.get_loop() is loop]:
            if time.monotonic() >= until:
                return
            await asyncio.wait(tasks, timeout=until - time.monotonic())
            await asyncio.sleep(0)  # one that has ended may lead to another

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(whole=True):
                await self._carry_through(self._exchange(effect))
                return effect.answer
            case Send():
                return await self._exchange(effect)
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case TakeTurn(turn, seconds):
                return await turn.take_async(seconds)
            case Work(call):
                return await asyncio.to_thread(call)
            case Note(text):
                _log.info("%s", text)
            case Notify(what, show):
                shown = show(what)
                if inspect.isawaitable(shown):
                    await cast("Awaitable[object]", shown)
        return None

    async def _exchange(self, sending: Send) -> Answer:
        """Send a request and return its answer; see `SyncDriver`."""
        client = self.http_client or await self._client(sending.request.url)
        exchange = Exchange(sending, client, self._library)
        token = current.set(exchange)
        leave = sending.trace.enter() if sending.trace is not None else None
        try:
            async with asyncio.timeout(exchange.longest):
                while True:
                    try:
                        return await self._send(exchange)
                    except StaleConnectionError:
                        continue  # it is closed now, and another one takes its place
        except TimeoutError:
            failure = exchange.failure_of(TooSlowError())
        except BaseException as error:
            failure = exchange.failure_of(error)
        finally:
            current.reset(token)
            if leave is not None:
                leave()
        # Raised here, so that it does not lead to the library's own request, which holds the key.
        raise failure

    async def _send(self, exchange: Exchange) -> Answer:
        is_own = self.http_client is None
        built = exchange.build(async_trace, AsyncPieces(exchange), is_own=is_own)
        if exchange.shows_body:
            stream = built.stream
            await built.aread()
            built.stream = stream
        exchange.is_built = True
        response = await exchange.client.send(built, stream=True, follow_redirects=False)
        async with aclosing(response):
            reader = ResponseReader(exchange, response)
            async for piece in response.aiter_raw() if reader.is_raw else response.aiter_bytes():
                reader.take(piece)
        return reader.answer()

    async def _client(self, url: str) -> Any:
        loop = asyncio.get_running_loop()
        if loop not in self._opened:
            # Reading certificates takes a while, which no other task should have to wait for.
            await asyncio.to_thread(certificates)
        if loop not in self._opened:
            client = self._make_client(url)
            closer = self._close_with_loop(loop, client)
            self._opened[loop] = client, closer
            await anext(closer)
        return self._opened[loop][0]

    async def _carry_through(self, work: Coroutine[Any, Any, object]) -> None:
        """Do some work in a task of its own, so that cancelling the caller leaves it whole."""
        task = self._begin(work)
        try:
            (await asyncio.shield(task)).result()
        except asyncio.CancelledError:
            await _outlast(task, CANCEL_SECONDS)
            task.cancel()
            await _outlast(task, None)
            raise

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[asyncio.Future[T]]:
        """Begin a task that the end of the loop does not cancel: its caller, which is cancelled, waits for it."""
        task = _Undisturbed(_outcome_of(work), loop=asyncio.get_running_loop())
        self._undisturbed.add(task)
        task.add_done_callback(self._undisturbed.discard)
        return task

    async def _close_with_loop(
        self, loop: asyncio.AbstractEventLoop, client: Any
    ) -> AsyncGenerator[None, None]:
        """Close what nobody closed: an event loop finishes its generators before it ends."""
        try:
            yield
        finally:
            await self._settle(loop)
            await client.aclose()


class _Undisturbed(asyncio.Task[T]):
    """A task that `asyncio.run` waits for at its end instead of cancelling it."""

    def cancel(self, msg: Any | None = None) -> bool:
        # Who ends a loop cancels its tasks while it stands still; timeouts do it from within.
        return self.get_loop().is_running() and super().cancel(msg)


async def _outcome_of(work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
    """Return how some work ended: `asyncio.run` reports a task that fails at its end, whoever asks for it."""
    outcome = asyncio.get_running_loop().create_future()
    try:
        outcome.set_result(await work)
    except Exception as error:
        outcome.set_exception(error)
        outcome.exception()  # or asyncio would log that nobody has asked for it
    return outcome


async def _outlast(task: asyncio.Future[Any], seconds: float | None) -> None:
    """Wait for a task however often the caller is cancelled meanwhile; whoever calls raises that later."""
    until = None if seconds is None else time.monotonic() + seconds
    while not task.done():
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            return
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)
