"""The two drivers that run flows: in the calling thread, and in the calling task. They decide nothing."""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar, cast

from ..errors import ConfigurationError
from ..hub import Address
from ..protocol.effects import (
    CANCEL_SECONDS,
    Effect,
    Flow,
    HubContext,
    Note,
    Notify,
    Pause,
    Send,
    TakeTurn,
    Work,
)
from .clients import AsyncHttpClient, SyncHttpClient, require_kind
from .interruption import carry_through

C = TypeVar("C")
T = TypeVar("T")

_log = logging.getLogger("aki_client")


class Driver(Generic[C]):
    """What both drivers are made of.

    Args:
        address: The hub.
        http_client: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.

    Attributes:
        context: The hub, as flows are given it.
        http_client: The caller's own client; None where requests go by one that is made here.
    """

    _kind: str

    def __init__(self, address: Address, http_client: C | None, user_agent: str) -> None:
        require_kind(http_client, self._kind)
        self.context = HubContext(address, None, time.monotonic)
        self.http_client = http_client
        self._user_agent = user_agent
        self._made: list[Any] = []

    @property
    def _http(self) -> Any:
        """What sends. It brings httpx with it, which only the first request needs."""
        if not self._made:
            from .exchange import AsyncHttp, SyncHttp

            kind = SyncHttp if self._kind == "Client" else AsyncHttp
            # Of two threads that are here at a time, both use what the first has made.
            self._made.append(kind(self.http_client, self._user_agent))
        return self._made[0]


class SyncDriver(Driver[SyncHttpClient]):
    """Runs flows in the calling thread. One may be shared by threads."""

    _kind = "Client"

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
        for http in self._made[:1]:
            http.close()

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(whole=True):
                carry_through(partial(self._http.exchange, effect), CANCEL_SECONDS)
                return effect.answer
            case Send():
                return self._http.exchange(effect)
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


class AsyncDriver(Driver[AsyncHttpClient]):
    """Runs flows in the calling task."""

    _kind = "AsyncClient"

    def __init__(
        self, address: Address, http_client: AsyncHttpClient | None, user_agent: str
    ) -> None:
        super().__init__(address, http_client, user_agent)
        self._undisturbed: set[asyncio.Task[Any]] = set()

    async def run(self, flow: Flow[T], interruption: BaseException | None = None) -> T:
        """Perform what the flow asks for until it returns or raises.

        When the task is cancelled, what the flow still has to do (cancel the hub's job) is done in a
        task of its own, so that a second cancellation does not cut it short; the flow bounds its time.

        Args:
            flow: What to perform.
            interruption: What the flow was interrupted by, in that task of its own.
        """
        is_rest = interruption is not None
        try:
            effect = flow.throw(interruption) if interruption is not None else next(flow)
            while interruption is None or is_rest:
                try:
                    outcome = await self._perform(effect)
                except BaseException as error:
                    if isinstance(error, asyncio.CancelledError) and not is_rest:
                        interruption = error
                    else:
                        effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)
        rest = self._begin(self.run(flow, interruption))
        await _outlast(rest, None)
        return rest.result()

    async def aclose(self) -> None:
        """Close this event loop's connections, unless the client was the caller's own."""
        loop = asyncio.get_running_loop()
        try:
            await self._settle(loop)
        finally:
            for http in self._made[:1]:
                await http.aclose()

    async def _settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let callers that were cancelled tell the hub, for a short time."""
        until = time.monotonic() + CANCEL_SECONDS
        while tasks := [task for task in self._undisturbed if task.get_loop() is loop]:
            if time.monotonic() >= until:
                return
            await asyncio.wait(tasks, timeout=until - time.monotonic())
            await asyncio.sleep(0)  # one that has ended may lead to another

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(whole=True):
                await self._carry_through(self._http.exchange(effect))
                return effect.answer
            case Send():
                return await self._http.exchange(effect)
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

    async def _carry_through(self, work: Coroutine[Any, Any, object]) -> None:
        """Do some work in a task of its own, so that cancelling the caller leaves it whole."""
        task = self._begin(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await _outlast(task, CANCEL_SECONDS)
            task.cancel()
            await _outlast(task, None)
            if not task.cancelled():
                task.exception()  # or asyncio would log that nobody has asked for it
            raise

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin a task that the end of the loop does not cancel: its caller, which is cancelled, waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._undisturbed.add(task)
        task.add_done_callback(self._undisturbed.discard)
        # Documented for other implementations of tasks: `asyncio.run` cancels what is registered.
        asyncio.tasks._unregister_task(task)
        return task


async def _outlast(task: asyncio.Future[Any], seconds: float | None) -> None:
    """Wait for a task however often the caller is cancelled meanwhile; whoever calls raises that later."""
    until = None if seconds is None else time.monotonic() + seconds
    while not task.done():
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            return
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)
