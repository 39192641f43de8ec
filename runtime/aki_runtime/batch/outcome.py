"""How a row ended: what the journal notes of it, what a line of the output says. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .. import errors
from ..errors import AkiError, JobError
from ..protocol.certainty import RESULT_LOST, result_lost
from ..shapes import integer_or_none, is_object, number_or_none
from .journal import Entry, RowState

Status = Literal["done", "failed", "uncertain"]
STATUSES: Mapping[RowState, Status] = {
    RowState.DONE: "done",
    RowState.FAILED: "failed",
    RowState.UNCERTAIN: "uncertain",
}

_BY_NAME: Mapping[str, Status] = {str(status): status for status in STATUSES.values()}


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row has no result.

    Attributes:
        type: The exception's name, such as "JobFailedError".
        message: One sentence for people.
    """

    type: str
    message: str

    @classmethod
    def of(cls, error: BaseException) -> "RowError":
        """Describe an exception."""
        message = error.message if isinstance(error, AkiError) else str(error)
        is_lost = isinstance(error, AkiError) and result_lost(error)
        return cls(type(error).__name__, f"{message}; {RESULT_LOST}" if is_lost else message)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a row ended.

    Attributes:
        row: Its number among the rows, from 1.
        status: `done`; `failed`: without a result; `uncertain`: its submit may or may not have become a job, or its
            job ran and the result is lost.
        outputs: The outputs by name, as JSON values; media are paths below the output's folder, or data URIs where
            no folder was given. Of a failed row those that came before its end.
        error: Why there is no result.
        input: The input's columns that were to be kept.
        job_id: The job on the hub, where there was one. Whoever knows it can read the job: treat it as a secret.
        total_duration: Seconds from the job's arrival to its end, as the hub says.
        compute_duration: Seconds of computing, as the hub says.
        tokens: Generated tokens, where the outputs tell them.
        seconds: Seconds from the submit, or from picking the job up, to the outcome.
    """

    row: int
    status: Status
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    error: RowError | None = None
    input: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    job_id: str | None = field(default=None, repr=False)
    total_duration: float | None = None
    compute_duration: float | None = None
    tokens: int | None = None
    seconds: float | None = None

    def to_note(self) -> dict[str, Any]:
        """Return what the journal keeps beside the row itself."""
        noted = {
            "outputs": dict(self.outputs),
            "error": as_object(self.error),
            "total_duration": self.total_duration,
            "compute_duration": self.compute_duration,
            "tokens": self.tokens,
            "seconds": self.seconds,
        }
        return {name: value for name, value in noted.items() if value not in (None, {})}


def as_object(error: RowError | None) -> dict[str, str] | None:
    """Return an error as a JSON object."""
    return {"type": error.type, "message": error.message} if error is not None else None


def outcome_of(entry: Entry) -> Outcome:
    """Read a row's outcome from the journal."""
    return _read(entry.place, STATUSES[entry.state], entry.kept, entry.job_id, entry.outcome or {})


def read_outcome(line: object) -> Outcome | None:
    """Read an outcome from a line of an output; None where it is something else."""
    if not is_object(line):
        return None
    row, kept, job_id = integer_or_none(line.get("row")), line.get("input"), line.get("job_id")
    status = _BY_NAME.get(str(line.get("status")))
    if row is None or status is None:
        return None
    job_id = job_id if isinstance(job_id, str) else None
    return _read(row, status, kept if is_object(kept) else {}, job_id, line)


def _read(
    row: int,
    status: Status,
    kept: Mapping[str, Any],
    job_id: str | None,
    noted: Mapping[str, Any],
) -> Outcome:
    error, outputs = noted.get("error"), noted.get("outputs")
    return Outcome(
        row=row,
        status=status,
        outputs=outputs if is_object(outputs) else {},
        error=RowError(str(error.get("type")), str(error.get("message")))
        if is_object(error)
        else None,
        input=kept,
        job_id=job_id,
        total_duration=number_or_none(noted.get("total_duration")),
        compute_duration=number_or_none(noted.get("compute_duration")),
        tokens=integer_or_none(noted.get("tokens")),
        seconds=number_or_none(noted.get("seconds")),
    )


def has_unknown_end(entry: Entry) -> bool:
    """Whether a row failed only because the end of its job could not be learnt: the job is asked for once more."""
    error = outcome_of(entry).error if entry.state is RowState.FAILED and entry.job_id else None
    # A `JobError` alone says something about the job, as in `certainty.end_unknown`.
    return error is not None and not issubclass(getattr(errors, error.type, AkiError), JobError)
