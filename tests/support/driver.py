"""A driver of flows without I/O: its clock stands still, its hub answers from a script.

It records every effect, so that a test can say what was sent, how long was waited and what was shown.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from aki_runtime.hub import Address, HubContext
from aki_runtime.protocol.answers import Answer
from aki_runtime.protocol.effects import Flow, Note, Notify, Pause, Send
from aki_runtime.protocol.job import Reading
from aki_runtime.protocol.requests import Request
from aki_runtime.secret import ApiKey
from support.samples import ChatOutput, ChatProgress

T = TypeVar("T")
Step: TypeAlias = Answer | BaseException | Callable[["Driver", float], Answer]

KEY = "the-secret-key"
JOB = "11111111-2222-3333-4444-555555555555#1"
CHAT = Reading("chat", ChatOutput, ChatProgress)
MOST_EFFECTS = 20_000


class Driver:
    """Runs flows against a script.

    Args:
        script: What happens to each request in turn: an answer, a failure, or a function of
            the driver and the seconds that the request may take.
        then: What happens to every request after those; none may come where it is not given.
    """

    def __init__(self, *script: Step, then: Step | None = None) -> None:
        self.clock = 0.0
        self.sent: list[Request] = []
        self.sent_at: list[float] = []
        self.allowed: list[float] = []
        self.pauses: list[float] = []
        self.notes: list[str] = []
        self.interrupt_pause: dict[int, BaseException] = {}
        self.interrupt_send: dict[int, BaseException] = {}
        self.context = HubContext(
            Address.parse("https://hub.example", "aki"), ApiKey(KEY), lambda: self.clock
        )
        self._script = iter(script)
        self._then = then

    @property
    def submits(self) -> list[Request]:
        """The requests that would make a job."""
        return [request for request in self.sent if request.purpose == "submit"]

    @property
    def polls(self) -> list[Request]:
        """The requests that ask for a job, those that cancel it among them."""
        return [request for request in self.sent if request.purpose == "poll"]

    @property
    def cancels(self) -> list[Request]:
        """The requests that cancel a job."""
        return [
            request for request in self.polls if request.body and request.body.values.get("cancel")
        ]

    def run(self, flow: Flow[T]) -> T:
        """Perform what the flow asks for until it returns or raises."""
        try:
            effect = next(flow)
            for _ in range(MOST_EFFECTS):
                try:
                    outcome = self._perform(effect)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return end.value
        raise AssertionError("the flow never ends")

    def _perform(self, effect: Any) -> Answer | None:
        match effect:
            case Send(request, seconds, whole, grace):
                answer = self._send(request, seconds + grace)
                if whole:
                    effect.answer = answer
                if len(self.sent) in self.interrupt_send:
                    raise self.interrupt_send[len(self.sent)]
                return answer
            case Pause(seconds):
                assert seconds >= 0
                self.pauses.append(seconds)
                if len(self.pauses) in self.interrupt_pause:
                    raise self.interrupt_pause[len(self.pauses)]
                self.clock += seconds
            case Note(text):
                self.notes.append(text)
            case Notify(event, show):
                show(event)
        return None

    def _send(self, request: Request, seconds: float) -> Answer:
        self.sent.append(request)
        self.sent_at.append(self.clock)
        self.allowed.append(seconds)
        step = next(self._script, self._then)
        assert step is not None, f"nobody expected another {request.purpose}"
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, Answer) else step(self, seconds)


def answer(status: int, body: Any, retry_after: float | None = None) -> Answer:
    """Make an answer of a status and a JSON value, or of raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, raw, retry_after)


def submitted() -> Answer:
    """The hub made the job."""
    return answer(200, {"success": True, "job_id": JOB, "ep_version": 3})


def pending(state: str = "processing", position: int = 0, **data: Any) -> Answer:
    """The job has not ended; `data` are its progress outputs."""
    figures = {"queue_position": position, "estimate": 5, "num_workers_online": 1, "progress": 7}
    progress = {**figures, "progress_data": data, "auth": "WORKER", "auth_key": "WORKER-KEY"}
    return answer(200, {"success": True, "job_state": state, "job_id": JOB, "progress": progress})


def expecting(seconds: float) -> Answer:
    """The job runs, and the hub expects its end in so many seconds."""
    progress = {"queue_position": 0, "estimate": seconds}
    return answer(200, {"success": True, "job_state": "processing", "progress": progress})


def done(**outputs: Any) -> Answer:
    """The job is done, and this is the only copy of its result."""
    result = {"success": True, "job_id": JOB, "ep_version": 3, "auth": "WORKER", **outputs}
    return answer(200, {"success": True, "job_state": "done", "job_result": result})


def taking(seconds: float, step: Answer | BaseException) -> Step:
    """Let a request take its time before it comes to its end."""

    def perform(driver: Driver, allowed: float) -> Answer:
        driver.clock += min(seconds, allowed)
        if isinstance(step, BaseException):
            raise step
        return step

    return perform


def texts(values: Iterable[Any]) -> str:
    """Everything that these values show of themselves."""
    return "\n".join(f"{value!r} {value!s}" for value in values)
