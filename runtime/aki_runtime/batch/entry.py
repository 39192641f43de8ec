"""What a journal says of one row: values, and how they are written into columns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class RowState(StrEnum):
    """How far a row has come."""

    SUBMITTING = "submitting"
    """It was begun: the submit is about to be sent, under way, or its answer was never noted."""
    SUBMITTED = "submitted"
    """The hub has made a job of it, whose id is known."""
    DONE = "done"
    """It has a result."""
    FAILED = "failed"
    """It ended without one, or no job could be made of it."""
    UNCERTAIN = "uncertain"
    """Its submit may have reached the hub, or its job ran and the result is lost: sending it again could pay twice."""


FINAL = (RowState.DONE, RowState.FAILED, RowState.UNCERTAIN)
"""The states that come with an outcome."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a journal says of one row.

    Attributes:
        row_id: The row.
        place: Its place among the rows, as told when it was begun.
        state: How far it has come.
        tries: How often it was begun; more than once only where somebody decided so.
        owner: Who noted it last.
        since: When that was, in seconds since the epoch.
        digest: What the row was when it was begun, as told then; empty where nothing was.
        kept: Values that were to be kept with the row.
        job_id: Its job on the hub, where that is known. Whoever knows it can read the job: treat it as a secret.
        outcome: What was noted as its outcome.
    """

    row_id: str
    place: int
    state: RowState
    tries: int
    owner: str
    since: float
    digest: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any])
    job_id: str | None = field(default=None, repr=False)
    outcome: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What beginning a row came to.

    Attributes:
        is_mine: Whether the row is new: the caller, and nobody else, is to submit it now.
        entry: The row as it stands.
    """

    is_mine: bool
    entry: Entry


COLUMNS = "id, place, state, tries, owner, since, digest, kept, job_id, outcome"
"""The columns that `from_columns` reads, in its order."""


def as_text(value: Any) -> str:
    """Return a JSON value as a column holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate cannot be UTF-8; as an escape it is still JSON.
    return text if text.isascii() or _is_utf8(text) else json.dumps(value, separators=(",", ":"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def from_columns(row: tuple[Any, ...]) -> Entry:
    """Read a row of the table."""
    row_id, place, state, tries, owner, since, digest, kept, job_id, outcome = row
    return Entry(
        row_id,
        place,
        RowState(state),
        tries,
        owner,
        since,
        digest,
        json.loads(kept) if kept else {},
        job_id,
        json.loads(outcome) if outcome else None,
    )
