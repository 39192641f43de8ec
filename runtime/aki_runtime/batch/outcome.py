"""How rows ended, one by one and altogether: what the journal notes, what the output says, how far a batch is."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from .. import errors
from ..errors import AkiError, JobError
from ..protocol.certainty import RESULT_LOST, UNCERTAIN, result_lost
from ..shapes import integer_or_none, is_object, number_or_none
from ..usage import EXACT, count_or_none
from .errors import Fault, FaultCounter
from .journal import FINAL, Entry, Journal, RowState

Status = Literal["done", "failed", "uncertain"]
STATUSES: Mapping[RowState, Status] = {
    RowState.DONE: "done",
    RowState.FAILED: "failed",
    RowState.UNCERTAIN: "uncertain",
}

_AMOUNT = re.compile(r"\d{1,40}(\.\d{1,40})?", re.ASCII)


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
        cost: What it costs by the client's `prices`, exactly; None where it is not known.
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
    cost: Decimal | None = None

    def to_note(self) -> dict[str, Any]:
        """Return what the journal keeps beside the row itself, and a line of the output after it."""
        note: dict[str, Any] = {"outputs": dict(self.outputs)} if self.outputs else {}
        if self.error is not None:
            note["error"] = {"type": self.error.type, "message": self.error.message}
        for name in ("total_duration", "compute_duration", "tokens", "seconds"):
            value = getattr(self, name)
            if value is not None:
                note[name] = value
        return note if self.cost is None else {**note, "cost": f"{self.cost:f}"}


def cut_off(how: str) -> dict[str, Any]:
    """Return what to note of rows that were being submitted when their process ended; `how` says that it did."""
    error = RowError("InterruptedError", f"{how}; {UNCERTAIN}")
    return Outcome(0, "uncertain", error=error).to_note()


def outcome_of(entry: Entry) -> Outcome:
    """Read a row's outcome from the journal."""
    noted = entry.outcome or {}
    error, outputs, cost = noted.get("error"), noted.get("outputs"), noted.get("cost")
    # An output that is taken over may have been edited.
    is_amount = isinstance(cost, str) and _AMOUNT.fullmatch(cost)
    return Outcome(
        row=entry.place,
        status=STATUSES[entry.state],
        outputs=outputs if is_object(outputs) else {},
        error=RowError(str(error.get("type")), str(error.get("message")))
        if is_object(error)
        else None,
        input=entry.kept,
        job_id=entry.job_id,
        total_duration=number_or_none(noted.get("total_duration")),
        compute_duration=number_or_none(noted.get("compute_duration")),
        tokens=count_or_none(noted.get("tokens")),
        seconds=number_or_none(noted.get("seconds")),
        cost=Decimal(str(cost)) if is_amount else None,
    )


def faults_of(journal: Journal) -> tuple[Fault, ...]:
    """Return why the rows of a journal have no result, those that say the same together."""
    found = FaultCounter()
    for entry in journal.entries(RowState.FAILED, RowState.UNCERTAIN):
        error = outcome_of(entry).error
        found.add(f"row {entry.place:,}", error.message if error is not None else "it is not known")
    return found.faults()


def read_outcome(line: object) -> Outcome | None:
    """Read an outcome from a line of an output; None where it is something else."""
    if not is_object(line):
        return None
    row, kept, job_id = integer_or_none(line.get("row")), line.get("input"), line.get("job_id")
    state = line.get("status")
    if row is None or state not in FINAL:
        return None
    kept = kept if is_object(kept) else {}
    job_id = job_id if isinstance(job_id, str) else None
    return outcome_of(Entry(str(row), row, RowState(state), 1, "", 0.0, "", kept, job_id, line))


def has_unknown_end(entry: Entry) -> bool:
    """Whether a row failed only because the end of its job could not be learnt: the job is asked for once more."""
    error = outcome_of(entry).error if entry.state is RowState.FAILED and entry.job_id else None
    # A `JobError` alone says something about the job, as in `certainty.end_unknown`.
    return error is not None and not issubclass(getattr(errors, error.type, AkiError), JobError)


def is_started_again(entry: Entry, again: Collection[RowState]) -> bool:
    """Whether a run that starts rows in the states `again` once more does so with this one, which has an outcome.

    A job whose end is unknown is asked for in any case: that costs nothing, and the result may still be there.
    """
    return entry.state in again or has_unknown_end(entry)


def start_again(journal: Journal, entry: Entry) -> str | None:
    """Claim a row anew that has failed or is uncertain, and return the job that is asked for; None for a new one."""
    journal.begin_again(entry.row_id, after=entry.state)
    if entry.job_id is None or not has_unknown_end(entry):
        return None
    journal.note_job(entry.row_id, entry.job_id)
    return entry.job_id


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is.

    Attributes:
        rows: How many rows there are; None while nobody knows.
        done: Rows with a result, those of earlier runs included.
        failed: Rows that ended without one.
        uncertain: Rows that may have been paid for, and have no result.
        running: Jobs on the hub now.
        limit: Jobs that may be on the hub now, as the hub bears it.
        tokens: Tokens generated in this run, where outputs tell them.
        compute_seconds: Seconds of computing in this run, as the hub says.
        seconds: Seconds since the beginning of this run.
        rate: Rows that ended per second in this run; None before the first few.
        left: Seconds until the end at this rate; None where nobody can tell.
    """

    rows: int | None
    done: int
    failed: int
    uncertain: int
    running: int
    limit: int
    tokens: int
    compute_seconds: float
    seconds: float
    rate: float | None
    left: float | None

    @property
    def ended(self) -> int:
        """Rows that have an outcome."""
        return self.done + self.failed + self.uncertain


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a batch.

    Attributes:
        rows: How many rows were to be done.
        done: Rows with a result, those of earlier runs included.
        failed: Rows that ended without one.
        uncertain: Rows that may have been paid for, and have no result; they are not sent again unasked.
        before: How many rows had their outcome from earlier runs.
        picked_up: Jobs of earlier runs that this one picked up.
        tokens: Tokens generated in this run, where outputs tell them.
        compute_seconds: Seconds of computing in this run, as the hub says.
        seconds: Seconds that this run took.
        cost: What rows of this run cost by the client's `prices`, exactly; None where no cost is known.
        cost_unknown: Rows of this run that may cost something besides: they failed or are uncertain, or have no price.
        interrupted: Whether it was asked to stop before the end.
        output: The output file; None where only outcomes were asked for, or nothing was sent.
        journal: The journal.
        faults: Why rows have no result, those of earlier runs included; of very many reasons the first ones.
        refused: Why no further row was started, where the budget forbade it; else empty.
    """

    rows: int
    done: int
    failed: int
    uncertain: int
    before: int
    picked_up: int
    tokens: int
    compute_seconds: float
    seconds: float
    interrupted: bool
    output: Path | None
    journal: Path | None
    faults: tuple[Fault, ...] = ()
    cost: Decimal | None = None
    cost_unknown: int = 0
    refused: str = ""

    @property
    def left(self) -> int:
        """Rows without an outcome; the next run goes on with them."""
        return max(0, self.rows - self.done - self.failed - self.uncertain)


class Tally:
    """Counts outcomes.

    Args:
        before: How many rows earlier runs have left in each state.

    Attributes:
        before: Outcomes of earlier runs.
        ended: Outcomes of this run.
        cost: What this run costs, as far as it is known; None where nothing is.
        cost_unknown: Rows of this run whose cost is not known.
    """

    def __init__(self, before: Mapping[RowState, int]) -> None:
        self._counts: Counter[str] = Counter()
        for state, status in STATUSES.items():
            self._counts[status] = before[state]
        self.before = self.total
        self.ended = 0
        self.cost: Decimal | None = None
        self.cost_unknown = 0
        self._tokens = 0
        self._compute_seconds = 0.0

    @property
    def total(self) -> int:
        """Rows that have an outcome."""
        return self._counts.total()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.ended += 1
        self._counts[outcome.status] += 1
        self._tokens += outcome.tokens or 0
        self._compute_seconds += outcome.compute_duration or 0.0
        if outcome.cost is not None:
            self.cost = EXACT.add(self.cost or Decimal(0), outcome.cost)
        elif outcome.job_id is not None or outcome.status == "uncertain":
            self.cost_unknown += 1

    def forget(self, entry: Entry) -> None:
        """Take a row out that is started again."""
        self._counts[STATUSES[entry.state]] -= 1
        self.before -= 1

    def figures(self) -> dict[str, Any]:
        """Return what progress and summary both say of the outcomes."""
        return {**self._counts, "tokens": self._tokens, "compute_seconds": self._compute_seconds}
