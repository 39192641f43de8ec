"""What flows send and are answered, noted while a driver performs it; and what both ways through a cassette share."""

import base64
import json
import threading
import time
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar

from ..client.staleness import names_of, shipped_document
from ..errors import AkiError, ConnectionFailedError
from ..http.drive import Driver
from ..jobs.ref import EndpointRef
from ..json_value import array_or_object
from ..protocol import answers
from ..protocol.effects import Effect, Flow, Send
from ..protocol.requests import Body, Request
from ..secret import ApiKey
from ..shapes import is_object
from .files import CassetteError, RecordedCall, as_text, comparable, rewritten

T = TypeVar("T")
_OF_THE_CLIENT = frozenset({"key", "wait_for_result"})


class BaseTape:
    """A flow around each flow: it sees what one asks of its driver, and what comes back.

    Attributes:
        replays: Whether it answers in the hub's place.
        misfit: The first call that did not fit.
    """

    replays: bool = False
    misfit: CassetteError | None = None

    def now(self) -> float:
        """Return the seconds on the clock that flows see."""
        return time.monotonic()

    def around(self, driver: Driver[Any], flow: Flow[T]) -> Flow[T]:
        """Return a flow that passes on what this tape does not answer."""
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = yield from self._perform(driver, effect)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            ended: T = end.value
            return ended

    def refuse(self, way: str) -> None:
        """Raise for what would be sent by another way than by flows."""
        error = CassetteError(
            f"what goes through {way} is not in cassettes, so that nothing of it is sent within one; test it with the "
            "sandbox, as aki_client is without a cassette"
        )
        self.misfit = self.misfit or error
        raise error

    def _perform(self, driver: Driver[Any], effect: Effect) -> Flow[Any]:
        raise NotImplementedError


class Recorder(BaseTape):
    """Notes every answer, with its time.

    Attributes:
        calls: What was sent, and what came.
        keys: The keys that were used, of which none is noted.
    """

    def __init__(self) -> None:
        self.calls: list[RecordedCall] = []
        self.keys: set[ApiKey] = set()
        self._jobs: dict[str, tuple[RecordedCall, float]] = {}
        self._lock = threading.Lock()

    def _perform(self, driver: Driver[Any], effect: Effect) -> Flow[Any]:
        if not isinstance(effect, Send):
            return (yield effect)
        if driver.context.key is not None:
            self.keys.add(driver.context.key)
        began, failure = self.now(), None
        try:
            return (yield effect)
        except AkiError as error:
            failure = error
            raise
        finally:
            # An interruption may come with the answer, which flows take in all the same.
            entry = _failed(failure) if effect.answer is None else _answered(effect.answer)
            if entry:
                self._note(driver, effect, entry, began)

    def _note(
        self, driver: Driver[Any], sending: Send, entry: dict[str, Any], began: float
    ) -> None:
        request, values = sending.request, values_of(sending.request)
        with self._lock:
            if request.purpose == "poll":
                job_id = values["job_id"]
                if job_id not in self._jobs:
                    self._add(RecordedCall("job", request.endpoint, job_id=job_id), driver, began)
                call, began = self._jobs[job_id]
                if values.get("cancel"):
                    entry = {"cancel": True, **entry}
            elif request.purpose == "submit":
                call = RecordedCall("call", request.endpoint, parameters_of(request))
                with suppress(AkiError):
                    if sending.answer is not None:
                        call.job_id = answers.read_submit(sending.answer, request.endpoint)
                self._add(call, driver, began)
            else:
                call = RecordedCall("ask", path_of(driver, request))
                self._add(call, driver, began)
            call.answers.append({"at": round(self.now() - began, 3), **entry})

    def _add(self, call: RecordedCall, driver: Driver[Any], began: float) -> None:
        if call.kind != "ask":
            call.snapshot = snapshot_of(driver, call.name)
        self.calls.append(call)
        if call.job_id:
            self._jobs[call.job_id] = call, began


def _answered(answer: answers.Answer) -> dict[str, Any]:
    entry: dict[str, Any] = {"status": answer.status}
    if answer.retry_after is not None:
        entry["retry_after"] = answer.retry_after
    raw = bytes(answer.body)
    with suppress(ValueError, RecursionError):
        return {**entry, "body": rewritten(json.loads(raw), str)}
    with suppress(UnicodeDecodeError):
        return {**entry, "text": raw.decode()}
    return {**entry, "bytes": base64.b64encode(raw).decode()}


def _failed(error: AkiError | None) -> dict[str, Any]:
    """Return what is noted of a failed exchange; nothing of what went wrong before it."""
    if not isinstance(error, ConnectionFailedError):
        return {}
    return {"failure": error.message, "sent": error.sent}


def values_of(request: Request) -> dict[str, Any]:
    """Return what a request says, but for what every client adds by itself: the key, above all."""
    if request.body is None:
        return {}
    return {n: value for n, value in request.body.values.items() if n not in _OF_THE_CLIENT}


def parameters_of(request: Request) -> dict[str, Any]:
    """Return what a submit gives the endpoint, as the hub reads it, comparable."""
    sent: dict[str, Any] = json.loads(b"".join(Body(values_of(request))))
    return {name: comparable(_decoded(value)) for name, value in sent.items()}


def _decoded(value: Any) -> Any:
    """Read JSON within a text, so that it can be read, and compared whatever its spaces."""
    with suppress(ValueError):
        inner = array_or_object(value) if isinstance(value, str) else None
        return value if inner is None else inner
    return value


def path_of(driver: Driver[Any], request: Request) -> str:
    """Return what a question is about: its path on whatever hub."""
    return request.url.removeprefix(driver.context.address.server)


def snapshot_of(driver: Driver[Any], endpoint: str) -> str:
    """Return which description of an endpoint a client's package was made from; empty where it has none."""
    return _snapshot(driver.user_agent.partition("/")[0], endpoint)  # which begins with its name


@lru_cache(maxsize=1024)
def _snapshot(package: str, endpoint: str) -> str:
    try:
        attribute = names_of(package, "names.json")[endpoint]["name"]
        document: Any = shipped_document(EndpointRef(package, attribute))[endpoint]
    except (ImportError, OSError, ValueError, LookupError):
        return ""
    described = as_text(document.get("parameter_description") if is_object(document) else None)
    digest = sha256(described.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"version {document.get('version')}, {digest}"
