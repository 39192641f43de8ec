"""What is known of one job, and how readers see it. Sans-IO: it is told what the hub answered."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..chat.text import ChatText
from ..errors import AkiError
from ..events import Event, Queued, Running
from ..models.base import OutputModel, ProgressModel
from ..shapes import is_object
from .answers import Done, Ended, Pending, Report
from .pace import next_poll_delay

Out = TypeVar("Out", bound=OutputModel)
Prog = TypeVar("Prog", bound=ProgressModel)


@dataclass(frozen=True)
class Reading(Generic[Prog, Out]):
    """How the answers of one endpoint are read.

    Attributes:
        endpoint: The endpoint's name on the hub.
        output: Type of its outputs.
        progress: Type of its progress outputs.
    """

    endpoint: str
    output: type[Out]
    progress: type[Prog]


@dataclass
class JobState(Generic[Prog, Out]):
    """One job as far as it is known here.

    Attributes:
        reading: How its answers are read.
        job_id: Its id on the hub.
        pending: The last observation while it had not ended.
        output: The result, once it is here. It stays, because the hub gives it only once.
        error: Why there is no result, once that is certain.
        deadline: When the caller that submitted it gives it up, on the clock of the flows.
        revision: Grows with every observation, so that waiters see that another one has polled.
        next_poll: When to ask next, on the clock of the flows.
        expected_end: The earliest end that the hub has told, on the clock of the flows.
        inputs_to_send: Extra inputs that ride on the next poll.
        cancel_asked: Whether cancelling rides on the next poll, whoever sends it.
        abandoned: Whether the hub has been asked to cancel it because nobody waits for it.
    """

    reading: Reading[Prog, Out]
    job_id: str
    pending: Pending | None = None
    output: Out | None = None
    error: AkiError | None = None
    deadline: float | None = None
    revision: int = 0
    next_poll: float = 0.0
    expected_end: float = math.inf
    inputs_to_send: dict[str, Any] = field(default_factory=dict[str, Any])
    cancel_asked: bool = False
    abandoned: bool = False

    @property
    def ended(self) -> bool:
        """Whether the job's end is known."""
        return self.output is not None or self.error is not None

    @property
    def status(self) -> str:
        """The state in one word: queued, processing, done, failed, canceled, lapsed, unknown."""
        if self.output is not None:
            return "done"
        if self.error is not None:
            kind = type(self.error).__name__
            return kind.removeprefix("Job").removeprefix("Result").removesuffix("Error").lower()
        return self.pending.state if self.pending is not None else "queued"

    def observe(self, report: Report, now: float, interval: float) -> None:
        """Take in what the hub answered."""
        self.revision += 1
        match report:
            case Pending():
                self.pending = report
                # Servers without an estimate say 0 as well as -1.
                if report.estimate and not report.position:
                    self.expected_end = min(self.expected_end, now + report.estimate)
                self.next_poll = now + next_poll_delay(
                    self.revision, interval, report.position, self.expected_end - now
                )
            case Done(result):
                self.output = self.reading.output.read(
                    result, endpoint=self.reading.endpoint, job_id=self.job_id
                )
            case Ended(error):
                error.partial = self._typed(error.partial)
                self.error = error

    def _typed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        output = self.reading.output.read(fields)
        came = output.model_fields_set
        told = [*type(output).model_fields, *(output.model_extra or {})]
        return {name: getattr(output, name) for name in told if name in came}

    def result(self) -> Out:
        """Return the result of an ended job.

        Raises:
            JobError: It has none.
        """
        if self.output is not None:
            return self.output
        if self.error is None:
            raise RuntimeError("the job has not ended")
        # A fresh traceback for every reader, the same exception.
        raise self.error.with_traceback(None)


class EventReader(Generic[Prog, Out]):
    """One reader's way through the events of a job: it never repeats or loses a character of text."""

    def __init__(self, state: JobState[Prog, Out]) -> None:
        self._state = state
        self._seen_revision = -1
        self._text = ""
        self._final_read = False

    def read(self) -> Event[Prog] | None:
        """Return what is new since the last reading, or None."""
        state = self._state
        if state.revision == self._seen_revision or self._final_read:
            return None
        self._seen_revision = state.revision
        if state.ended:
            self._final_read = True
            return self._rest_of_text()
        pending = state.pending
        if pending is None:
            return None
        if pending.state == "queued":
            return Queued(pending.position, pending.estimate, pending.workers)
        data = state.reading.progress.read(
            pending.data, endpoint=state.reading.endpoint, job_id=state.job_id
        )
        delta, rewritten = self._advance(pending.data.get("text"))
        return Running(pending.progress, data, delta, rewritten, pending.estimate, pending.state)

    def _rest_of_text(self) -> Event[Prog] | None:
        """The result may hold text that no progress answer had shown."""
        state = self._state
        if state.output is None or "text" not in state.output.model_fields_set:
            return None
        text = getattr(state.output, "text", None)
        delta, rewritten = self._advance(text)
        if not delta and not rewritten:
            return None
        data = state.reading.progress.read(
            {"text": text}, endpoint=state.reading.endpoint, job_id=state.job_id
        )
        progress = state.pending.progress if state.pending is not None else 0.0
        return Running(progress, data, delta, rewritten, None, "done")

    def _advance(self, text: Any) -> tuple[str, bool]:
        new = text_of(text)
        if new is None or new == self._text:
            return "", False
        old, self._text = self._text, new
        if new.startswith(old):
            return new[len(old) :], False
        return new, True


def text_of(value: Any) -> str | None:
    """Return the text that a person reads: the string itself, or the `content` of a text object."""
    if isinstance(value, str):
        return value  # no copy: a long text is looked at with every poll
    return str(ChatText(value)) if is_object(value) else None
