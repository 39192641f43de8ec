"""A job as a reader of one endpoint sees it: typed outputs, and events of which none is told twice. Sans-IO."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..chat.text import ChatText
from ..errors import JobError
from ..events import Event, Queued, Running
from ..fields.base import OutputModel, ProgressModel
from ..fields.parameters import wire_names
from ..shapes import is_array, is_object
from .reports import Pending
from .state import JobState

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


class JobView(Generic[Prog, Out]):
    """One job, read in one way; others may read the same job in another.

    Args:
        state: What is known of the job.
        reading: How that is read.
    """

    def __init__(self, state: JobState, reading: Reading[Prog, Out]) -> None:
        self.state = state
        self.reading = reading
        self._output: Out | None = None
        self._error: JobError | None = None

    @property
    def output(self) -> Out | None:
        """The result, once it is here."""
        if self._output is None and self.state.result is not None:
            self._output = self.reading.output.read(
                self.state.result, endpoint=self.reading.endpoint, job_id=self.state.job_id
            )
        return self._output

    @property
    def error(self) -> JobError | None:
        """Why there is no result, once that is certain; with what there was of it, typed."""
        if self._error is None and self.state.error is not None:
            self._error = copy(self.state.error)
            self._error.partial = self.typed(self._error.partial)
        return self._error

    def result(self) -> Out:
        """Return the result of an ended job.

        Raises:
            JobError: It has none.
        """
        output, error = self.output, self.error
        if output is not None:
            return output
        if error is None:
            raise RuntimeError("the job has not ended")
        # A fresh traceback for every reader, the same exception.
        raise error.with_traceback(None)

    def progress(self, data: Mapping[str, Any]) -> Prog:
        """Return progress outputs, typed."""
        return self.reading.progress.read(
            data, endpoint=self.reading.endpoint, job_id=self.state.job_id
        )

    @property
    def progress_names(self) -> set[str]:
        """The names of the progress outputs, as the hub words them."""
        return set(wire_names(self.reading.progress).values())

    def typed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return some outputs by name, typed."""
        output = self.reading.output.read(fields)
        came = output.model_fields_set
        told = [*type(output).model_fields, *(output.model_extra or {})]
        return {name: getattr(output, name) for name in told if name in came}


class EventReader(Generic[Prog, Out]):
    """One reader's way through the events of a job: it never repeats or loses a character of text."""

    def __init__(self, view: JobView[Prog, Out]) -> None:
        self.view = view
        self._seen_revision = -1
        self._text = ""
        self._final_read = False

    def read(self) -> Event[Prog] | None:
        """Return what is new since the last reading, or None."""
        state = self.view.state
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
            return Queued(
                pending.position,
                pending.estimate,
                pending.workers,
                self.view.progress({}),
                job_id=state.job_id,
            )
        return self._running(pending, pending.data)

    def _rest_of_text(self) -> Event[Prog] | None:
        """The result may hold text that no progress answer had shown."""
        output = self.view.output
        if output is None or "text" not in output.model_fields_set:
            return None
        if text_of(getattr(output, "text", None)) in (None, self._text):
            return None
        # The figures of a result are newer than those that came on the way, such as the number of tokens.
        last = replace(self.view.state.pending or Pending("done"), state="done", estimate=None)
        came = self.view.state.result or {}
        names = (self.view.progress_names | {"text"}) & came.keys()
        return self._running(last, {**last.data, **{name: came[name] for name in names}})

    def _running(self, pending: Pending, fields: Mapping[str, Any]) -> Running[Prog]:
        data = self.view.progress(fields)
        delta, rewritten = self._advance(fields.get("text"))
        return Running(
            pending.progress,
            data,
            delta,
            rewritten,
            pending.estimate,
            pending.state,
            pending.position or None,
            pending.workers,
            self.view.state.job_id,
        )

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
    return str(ChatText(value)) if is_object(value) or is_array(value) else None
