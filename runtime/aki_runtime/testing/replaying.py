"""What was recorded, given to flows in place of a hub, at once: their clock goes on by what they wait for.

Nothing is sent and nobody sleeps. Each thread and task has its own clock, so that jobs side by side take no longer than
the longest: who begins something begins it at the latest moment that any of them has seen.
"""

import base64
import json
import threading
import time
from collections import defaultdict, deque
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, TypeVar

from ..errors import ConnectionFailedError
from ..http.drive import Driver
from ..jobs.handle import JOBS
from ..protocol.answers import Answer
from ..protocol.effects import Effect, Flow, Pause, Send
from ..secret import ApiKey
from .files import HOW_TO_RECORD, CassetteError, RecordedCall, as_text, read, rewritten
from .keyless import KeyGuard
from .recording import BaseTape, parameters_of, path_of, snapshot_of, values_of

T = TypeVar("T")
_SHOWN = 80
_BEFORE_A_DIFFERENCE = 20
_clock: ContextVar[tuple["Player", float] | None] = ContextVar("aki_cassette_clock", default=None)


@dataclass
class _Job:
    """A recorded job on its way: when it began, on the clock of who began it, and how many answers it has given."""

    call: RecordedCall
    began: float
    given: int = 0


class Player(BaseTape):
    """Answers what was recorded.

    Args:
        path: The cassette.

    Attributes:
        moved: Endpoints of which the package has another description by now.

    Raises:
        CassetteError: The cassette cannot be read.
    """

    replays = True

    def __init__(self, path: Path) -> None:
        self.moved: set[str] = set()
        self._path = path
        self._left: dict[tuple[str, str, str], deque[RecordedCall]] = defaultdict(deque)
        for call in read(path):
            self._left[call.order].append(call)
        self._recorded = {order: len(calls) for order, calls in self._left.items()}
        self._jobs: dict[str, _Job] = {}
        self._latest = time.monotonic()
        self._lock = threading.Lock()
        JOBS.forget()  # ids are the same in every replay

    def now(self) -> float:
        """Return the seconds on the clock of this thread or task."""
        mine = _clock.get()
        if mine is not None and mine[0] is self:
            return mine[1]
        return self._set(self._latest)

    def around(self, driver: Driver[Any], flow: Flow[T]) -> Flow[T]:
        """Return a flow that asks nothing of a hub."""
        try:
            return (yield from super().around(driver, flow))
        finally:
            _clock.set(None)

    def _set(self, moment: float) -> float:
        self._latest = max(self._latest, moment)
        _clock.set((self, moment))
        return moment

    def _perform(self, driver: Driver[Any], effect: Effect) -> Flow[Any]:
        match effect:
            case Send():
                with self._lock:
                    effect.answer = self._answer(driver, effect)
                return effect.answer
            case Pause(seconds):
                self._set(self.now() + seconds)
                return (yield Pause(0.0))  # others go on meanwhile
            case _:
                return (yield effect)

    def _answer(self, driver: Driver[Any], sending: Send) -> Answer:
        request = sending.request
        if request.purpose == "poll":
            return self._polled(sending, values_of(request))
        parameters: dict[str, Any] = {}
        if request.purpose == "submit":
            parameters = rewritten(parameters_of(request), _guard(driver.context.key).hide)
            wanted = RecordedCall(
                "call", request.endpoint, parameters, snapshot_of(driver, request.endpoint)
            )
        else:
            wanted = RecordedCall("ask", path_of(driver, request))
        if not self._left[wanted.order]:
            raise self._does_not_fit(wanted)
        call = self._left[wanted.order].popleft()
        if call.snapshot and wanted.snapshot not in ("", call.snapshot):
            self.moved.add(call.name)
        job = _Job(call, self.now())
        if call.job_id:
            self._jobs[call.job_id] = job
        return self._come(job, call.answers[0], sending, 1)

    def _polled(self, sending: Send, values: dict[str, Any]) -> Answer:
        job_id, name = values["job_id"], sending.request.endpoint
        job = self._jobs.get(job_id)
        if job is None:
            wanted = RecordedCall("job", name)
            if not self._left[wanted.order]:
                raise self._does_not_fit(wanted)
            job = self._jobs[job_id] = _Job(self._left[wanted.order].popleft(), self.now())
        left = job.call.answers[job.given :]
        skipped = 0
        if values.get("cancel"):
            skipped = next((n for n, entry in enumerate(left) if entry.get("cancel")), -1)
            if skipped < 0:
                # The code gives up what it once waited for; that is all that a hub would make of it.
                canceled = {"success": True, "job_id": job_id, "job_state": "canceled"}
                return Answer(200, json.dumps(canceled).encode())
        elif not left or left[0].get("cancel"):
            ended = "was cancelled" if left else "was given up"
            raise self._misfit(f"{name}: in the cassette {self._path} this job {ended} by now")
        return self._come(job, left[skipped], sending, skipped + 1, job_id)

    def _come(
        self,
        job: _Job,
        entry: dict[str, Any],
        sending: Send,
        given: int,
        job_id: str | None = None,
    ) -> Answer:
        """Let an answer come when it came, or the time pass that it is waited for."""
        now, name = self.now(), sending.request.endpoint
        due = max(job.began + entry["at"], now)
        longest = sending.seconds + sending.grace
        if due - now > longest:
            self._set(now + longest)
            raise ConnectionFailedError(
                f"the recorded answer did not come within {longest:.3g} s",
                endpoint=name or None,
                sent=True,
            )
        self._set(due)
        job.given += given
        if "failure" in entry:
            raise ConnectionFailedError(entry["failure"], endpoint=name or None, sent=entry["sent"])
        if "body" in entry:
            body = json.dumps(_of_job(entry["body"], job.call.job_id, job_id)).encode()
        else:
            body = entry["text"].encode() if "text" in entry else base64.b64decode(entry["bytes"])
        return Answer(entry["status"], body, entry.get("retry_after"))

    def _misfit(self, message: str) -> CassetteError:
        error = CassetteError(f"{message}\n  If that is what it should do: {HOW_TO_RECORD}")
        self.misfit = self.misfit or error
        return error

    def _does_not_fit(self, came: RecordedCall) -> CassetteError:
        lines = [f"{_shown(came)} is not in the cassette {self._path}"]
        if times := self._recorded.get(came.order):
            lines = [
                f"{_shown(came)} came more often than it is in the cassette {self._path} ({times})"
            ]
        left = [call for calls in self._left.values() for call in calls]
        alike = [call for call in left if (call.kind, call.name) == (came.kind, came.name)]
        if alike:
            nearest = max(alike, key=lambda call: _likeness(call, came))
            lines.append(f"expected: {_shown(nearest)}, the nearest of {len(left)} that are left")
            lines += [f"differs:  {difference}" for difference in _differences(nearest, came)]
        else:
            rest = ", ".join(map(_shown, left[:3])) + (", …" if len(left) > 3 else "")
            lines.append(f"expected: {rest or 'nothing more'}")
        if came.name in self.moved or any(
            call.snapshot not in ("", came.snapshot) for call in alike if came.snapshot
        ):
            lines.append("the package has another description of this endpoint since then")
        return self._misfit("\n  ".join(lines))


def _guard(key: ApiKey | None) -> KeyGuard:
    return KeyGuard([] if key is None else [key])


def _of_job(document: Any, recorded: str, job_id: str | None) -> Any:
    """Return an answer as one about the job that was asked after: who follows it may know it by any id."""
    if job_id in (None, recorded):
        return document
    return rewritten(document, lambda text: job_id if text == recorded else text)


def _likeness(one: RecordedCall, other: RecordedCall) -> tuple[int, float]:
    same = sum(one.parameters.get(name) == value for name, value in other.parameters.items())
    texts = as_text(one.parameters)[:10_000], as_text(other.parameters)[:10_000]
    return same, SequenceMatcher(None, *texts).quick_ratio()


def _differences(recorded: RecordedCall, came: RecordedCall) -> list[str]:
    found: list[str] = []
    for name in sorted(recorded.parameters.keys() | came.parameters.keys()):
        pair = [
            as_text(c.parameters[name]) if name in c.parameters else "" for c in (recorded, came)
        ]
        if pair[0] != pair[1]:
            same = next((n for n, (a, b) in enumerate(zip(*pair, strict=False)) if a != b), 0)
            start = max(same - _BEFORE_A_DIFFERENCE, 0)
            first, second = (_cut(text, start) if text else "omitted" for text in pair)
            found.append(f"{name} was {first} and is {second}")
    return found


def _shown(call: RecordedCall) -> str:
    if call.kind != "call":
        return (
            f"a job of {call.name} that was submitted elsewhere"
            if call.kind == "job"
            else call.name
        )
    given = ", ".join(f"{name}={_cut(as_text(v))}" for name, v in call.parameters.items())
    return f"{call.name}({given})"


def _cut(text: str, start: int = 0) -> str:
    part = text[start : start + _SHOWN]
    return ("…" if start else "") + part + ("…" if len(text) > start + _SHOWN else "")
