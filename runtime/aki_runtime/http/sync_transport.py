"""The driver that runs flows in the calling thread. It decides nothing."""

import inspect
import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import ConfigurationError
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
from .library import SyncHttpClient, require_kind
from .shield import carry_through

if TYPE_CHECKING:
    from .exchange import SyncHttp

T = TypeVar("T")

_log = logging.getLogger("aki_client")


class SyncTransport:
    """Runs flows in the calling thread. One may be shared by threads.

    Args:
        http_client: The caller's own client; it is used as it is and never closed here.
        user_agent: What the hub sees as the User-Agent.
    """

    now = staticmethod(time.monotonic)

    def __init__(self, http_client: SyncHttpClient | None, user_agent: str) -> None:
        require_kind(http_client, "Client")
        self._given = http_client
        self._user_agent = user_agent
        self._made: list[SyncHttp] = []

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

    @property
    def _http(self) -> "SyncHttp":
        """What sends. It brings httpx with it, which only the first request needs."""
        if not self._made:
            from .exchange import SyncHttp

            # Of two threads that are here at a time, both use what the first has made.
            self._made.append(SyncHttp(self._given, self._user_agent))
        return self._made[0]

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(request, seconds, whole, grace):
                if whole:
                    self._send_whole(effect)
                    return effect.answer
                return self._http.exchange(request, seconds, grace)
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

    def _send_whole(self, sending: Send) -> None:
        http = self._http

        def exchange() -> None:
            sending.answer = http.exchange(sending.request, sending.seconds, sending.grace)

        carry_through(exchange, CANCEL_SECONDS)
