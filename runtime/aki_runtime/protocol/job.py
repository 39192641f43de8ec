"""One job: what is known of it, and how the readers of its endpoint see it, typed and each event once. Sans-IO."""

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ..chat.text import ChatText
from ..errors import JobError, JobLapsedError
from ..events import Event, Queued, Running
from ..fields.base import OutputModel, ProgressModel, came
from ..fields.parameters import wire_names
from ..shapes import is_array, is_object
from ..usage import Prices
from .answers import Answer, Done, Ended, Pending, read_progress
from .pace import next_poll_delay

if TYPE_CHECKING:
    from ..http.tracing import JobSpans
    from ..jobs.handle import SharedTurn
    from ..store.budget import Reservation

Out = TypeVar("Out", bound=OutputModel)
Prog = TypeVar("Prog", bound=ProgressModel)

UNFETCHED_SECONDS = 300.0
"""Seconds that a finished result lies ready on the hub for certain; it lapses after 360."""


@dataclass(eq=False)
class JobState:
    """One job as far as it is known here, shared by all who read it.

    Attributes:
        endpoint: The endpoint's name on the hub.
        job_id: Its id on the hub.
        pending: The last observation while it had not ended.
        result: What the hub gave as the result, once it is here. It stays, because the hub gives it only once.
        error: Why there is no result, once that is certain.
        deadline: When the caller that submitted it gives it up, on the clock of the flows.
        revision: Grows with every observation, so that waiters see that another one has polled.
        seen_unfinished: When the hub last said that it goes on, on the clock of the flows.
        next_poll: When to ask next, on the clock of the flows.
        expected_end: The earliest end that the hub has announced, on the clock of the flows.
        inputs_to_send: Extra inputs that ride on the next poll.
        cancel_asked: Whether cancelling rides on the next poll, whoever sends it.
        turn: Who may ask after it, where several readers know it.
        abandoned: Whether the hub has been asked to cancel it because nobody waits for it.
        since: When it was submitted here, or picked up.
        reservation: What was reserved for it, until that is settled.
        ends: Its end as it was read, by the type of the outputs and the prices: all who read it so share them.
        trace: Follows it, where jobs are traced.
    """

    endpoint: str
    job_id: str
    pending: Pending | None = None
    result: Mapping[str, Any] | None = field(default=None, repr=False)
    error: JobError | None = None
    deadline: float = math.inf
    revision: int = 0
    seen_unfinished: float = -math.inf
    next_poll: float = 0.0
    expected_end: float = math.inf
    inputs_to_send: dict[str, Any] = field(default_factory=dict[str, Any])
    cancel_asked: bool = False
    turn: "SharedTurn | None" = field(default=None, repr=False)
    abandoned: bool = False
    since: datetime = field(default_factory=partial(datetime.now, UTC), repr=False)
    ends: dict[tuple[type[OutputModel], Prices | None], OutputModel | JobError] = field(
        default_factory=dict, repr=False
    )
    trace: "JobSpans | None" = field(default=None, repr=False)
    reservation: "Reservation | None" = field(default=None, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the job's end is known."""
        return self.result is not None or self.error is not None

    @property
    def status(self) -> str:
        """The state in one word: queued, processing, done, failed, canceled, lapsed, unknown, gone."""
        if self.result is not None:
            return "done"
        if self.error is not None:
            kind = type(self.error).__name__
            return kind.removeprefix("Job").removeprefix("Result").removesuffix("Error").lower()
        return self.pending.state if self.pending is not None else "queued"

    @property
    def short_id(self) -> str:
        """Enough of the id to tell the job from others, too little to read it, and nothing that a terminal obeys."""
        start = self.job_id[:8]
        return start if start.isprintable() else ascii(start)

    def observe(self, answer: Answer, now: float, interval: float, round_trip: float = 0.0) -> None:
        """Take in what the hub answered when it was asked how the job is.

        Args:
            answer: What it answered.
            now: The moment, on the clock of the flows.
            interval: The progress interval, in seconds.
            round_trip: Seconds from a poll to its answer.

        Raises:
            StatusError: The question failed, which says nothing about the job.
            UnexpectedAnswerError: The answer is not of this protocol, or is about another job.
        """
        report = read_progress(answer, self.endpoint, self.job_id)
        self.revision += 1
        match report:
            case Pending():
                self.pending = report
                self.seen_unfinished = now
                # Servers without an estimate say 0 as well as -1.
                if report.estimate and not report.position:
                    # It was said half a round trip ago.
                    end = now - round_trip / 2 + report.estimate
                    self.expected_end = min(self.expected_end, end)
                self.next_poll = now + next_poll_delay(
                    self.revision, interval, report.position, self.expected_end - now, round_trip
                )
            case Done(result):
                self.result = result
            case Ended(error):
                if self.pending is not None:
                    # What had streamed is all that there is of a job that the hub has forgotten.
                    error.partial = {**self.pending.data, **error.partial}
                if isinstance(error, JobLapsedError):
                    error.followed = now - self.seen_unfinished < UNFETCHED_SECONDS
                self.error = error
        if self.trace is not None:
            self.trace.observed(self)


@dataclass(frozen=True)
class Reading(Generic[Prog, Out]):
    """How the answers of one endpoint are read.

    Attributes:
        endpoint: The endpoint's name on the hub.
        output: Type of its outputs.
        progress: Type of its progress outputs.
        prices: What its results are priced by.
    """

    endpoint: str
    output: type[Out]
    progress: type[Prog]
    prices: Prices | None = None

    def result(self, job: JobState) -> Out:
        """Return the result of an ended job.

        Raises:
            JobError: It has none.
        """
        form = self.output, self.prices
        end = job.ends.get(form)
        if end is None:
            if job.result is not None:
                end = self.output.read(
                    job.result,
                    endpoint=self.endpoint,
                    job_id=job.job_id,
                    prices=self.prices,
                    since=job.since,
                )
            elif job.error is not None:
                end = copy(job.error)
                end.partial = self.partial(end.partial)
            else:
                raise RuntimeError("the job has not ended")
            end = job.ends.setdefault(form, end)  # another thread may have been faster
        if isinstance(end, JobError):
            # A fresh traceback for every reader, the same exception.
            raise end.with_traceback(None)
        return cast("Out", end)

    def partial(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return some outputs by name, typed."""
        return came(self.output.read(fields))


class EventReader(Generic[Prog, Out]):
    """One reader's way through the events of a job: it never repeats or loses a character of text."""

    def __init__(self, job: JobState, reading: Reading[Prog, Out]) -> None:
        self._job = job
        self._reading = reading
        self._seen_revision = -1
        self._text = ""
        self._final_read = False

    def read(self) -> Event[Prog] | None:
        """Return what is new since the last reading, or None."""
        job = self._job
        if job.revision == self._seen_revision or self._final_read:
            return None
        self._seen_revision = job.revision
        if job.ended:
            self._final_read = True
            return self._rest_of_text()
        pending = job.pending
        if pending is None:
            return None
        if pending.state == "queued":
            return Queued(
                pending.position,
                pending.estimate,
                pending.workers,
                self._data({}),
                job_id=job.job_id,
            )
        return self._running(pending, pending.data)

    def _rest_of_text(self) -> Event[Prog] | None:
        """The result may hold text that no progress answer had shown."""
        job, fields = self._job, self._job.result
        if fields is None:
            return None
        output = self._reading.result(job)
        if "text" not in output.model_fields_set:
            return None
        if text_of(getattr(output, "text", None)) in (None, self._text):
            return None
        # The figures of a result are newer than those that came on the way, such as the number of tokens.
        last = replace(job.pending or Pending("done"), state="done", estimate=None)
        names = ({"text"} | set(wire_names(self._reading.progress).values())) & fields.keys()
        return self._running(last, {**last.data, **{name: fields[name] for name in names}})

    def _running(self, pending: Pending, fields: Mapping[str, Any]) -> Running[Prog]:
        data = self._data(fields)
        text, delta, rewritten = text_of(fields.get("text")), "", False
        if text is not None and text != self._text:
            rewritten = not text.startswith(self._text)
            delta = text if rewritten else text[len(self._text) :]
            self._text = text
        return Running(
            pending.progress,
            data,
            delta,
            rewritten,
            pending.estimate,
            pending.state,
            pending.position or None,
            pending.workers,
            self._job.job_id,
        )

    def _data(self, fields: Mapping[str, Any]) -> Prog:
        reading = self._reading
        return reading.progress.read(fields, endpoint=reading.endpoint, job_id=self._job.job_id)


def text_of(value: Any) -> str | None:
    """Return the text that a person reads: the string itself, or the `content` of a text object."""
    if isinstance(value, str):
        return value  # no copy: a long text is looked at with every poll
    return str(ChatText(value)) if is_object(value) or is_array(value) else None
