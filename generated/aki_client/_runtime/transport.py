"""The driver that runs flows over httpx in the calling thread. It decides nothing."""

import inspect
import logging
import threading
import time
from concurrent.futures import Future, wait
from contextlib import closing
from typing import TypeVar, cast

import httpx

from .answers import Answer
from .effects import (
    CANCEL_SECONDS,
    Effect,
    Flow,
    InterruptedRequestError,
    InterruptedSubmitError,
    Note,
    Notify,
    Pause,
    Send,
)
from .errors import ConfigurationError
from .http import (
    AnswerReader,
    build,
    connection_failed,
    settings,
    without_frames,
)
from .requests import Request

T = TypeVar("T")

# Where waiting for another thread can not be interrupted (Windows), Ctrl-C is heard between two waits.
_LONGEST_DEAFNESS = 0.5
_SHORTEST_REQUEST = 0.05

_log = logging.getLogger("aki_client")


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
        self._opening = threading.Lock()
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
        with self._opening:
            client, self._own = self._own, None
        if client is not None:
            client.close()

    def _perform(self, effect: Effect) -> Answer | None:
        match effect:
            case Send(request, seconds, whole):
                # Ctrl-C reaches the main thread alone.
                if whole and threading.current_thread() is threading.main_thread():
                    return self._send_whole(request, seconds)
                return self._send(request, seconds)
            case Pause(seconds):
                time.sleep(seconds)
            case Note(text):
                _log.info("%s", text)
            case Notify(event, show):
                shown = show(event)
                if inspect.iscoroutine(shown):
                    shown.close()
                    raise ConfigurationError("on_progress is async; use it with AsyncAki")
        return None

    def _send(self, request: Request, seconds: float) -> Answer:
        failure: BaseException
        try:
            return self._exchange(request, seconds)
        except (httpx.HTTPError, ValueError) as error:
            failure = connection_failed(error, request, seconds)
        except RuntimeError as error:
            failure = ConfigurationError(f"the HTTP client can not be used: {error}")
        except BaseException as error:
            failure = without_frames(error)
        # Raised here, so that it does not lead to httpx's own request, which holds the key.
        raise failure

    def _exchange(self, request: Request, seconds: float) -> Answer:
        client, until = self._client(), self.now() + seconds
        sent = build(client, request, seconds)
        with closing(client.send(sent, stream=True, follow_redirects=False)) as response:
            reader = AnswerReader(request, response, self.now, until)
            for piece in response.iter_bytes():
                reader.take(piece)
        return reader.answer()

    def _send_whole(self, request: Request, seconds: float) -> Answer:
        """Send in a thread of its own, so that an interruption here leaves the request whole."""
        sending: Future[Answer] = Future()

        def send() -> None:
            try:
                sending.set_result(self._send(request, seconds))
            except BaseException as error:
                sending.set_exception(error)

        try:
            threading.Thread(target=send, name="aki-request", daemon=True).start()
            while not wait((sending,), _LONGEST_DEAFNESS).done:
                pass
            return sending.result()
        except (KeyboardInterrupt, SystemExit) as interruption:  # Ctrl-C, or a handler of SIGTERM
            try:
                answer = sending.result(timeout=CANCEL_SECONDS)
            except BaseException:
                raise interruption from None
            raise interrupted(request, answer, interruption) from None

    def _client(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        with self._opening:
            if self._own is None:
                self._own = httpx.Client(**settings(self._user_agent))
            return self._own


def interrupted(request: Request, answer: Answer, reason: BaseException) -> InterruptedRequestError:
    """Make the exception for a request that was sent whole while its caller was interrupted."""
    submit = request.purpose == "submit"
    return (InterruptedSubmitError if submit else InterruptedRequestError)(answer, reason)
