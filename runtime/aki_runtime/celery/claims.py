"""Who works at a task, and how far it has come: what must survive a worker, as values and a protocol.

A broker may deliver a task twice, even while the first delivery is still at work. So a delivery first takes
the task's lease, which nobody else can take while it is renewed, and notes each step *before* taking it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, cast

Phase: TypeAlias = Literal["free", "submitting", "submitted", "got", "ended"]

KEPT_SECONDS = 7 * 24 * 3600.0
"""Seconds for which what is noted of a task is kept after the last note: longer than any broker redelivers."""


@dataclass(frozen=True)
class Record:
    """What is known of a task.

    Attributes:
        phase: "free" before the submit; "submitting" from just before it until the job's id is noted, so that
            whoever finds it does not know whether there is a job; "submitted" while the job is followed; "got"
            once the only copy of the result is noted here; "ended" once the outcome is in the result backend.
        job_id: The job on the hub. Whoever knows it can read the job: treat it as a secret.
        submitted_at: When it was submitted, seconds since the epoch.
        fields: The result as the hub's fields, while it is not in the result backend.
    """

    phase: Phase = "free"
    job_id: str = ""
    submitted_at: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes | None) -> "Record":
        """Read it from text; nothing is a task that nobody has worked at."""
        return cls(**cast("dict[str, Any]", json.loads(text))) if text else cls()


class Claims(Protocol):
    """Where records and leases are kept. Every method is atomic, across processes and, where it says so, machines."""

    def take(self, task_id: str, owner: str, seconds: float) -> Record | None:
        """Take a task's lease and return what is noted; None while somebody else holds the lease.

        Args:
            task_id: The task.
            owner: Names one delivery, and no other.
            seconds: How long the lease lasts unless it is renewed.
        """
        ...

    def renew(self, task_id: str, owner: str, seconds: float) -> bool:
        """Hold the lease for so many seconds from now; False where it is another's."""
        ...

    def note(self, task_id: str, owner: str, record: Record) -> bool:
        """Note how far the task has come; False, and nothing noted, where the lease is another's."""
        ...

    def release(self, task_id: str, owner: str) -> None:
        """Give the lease back, so that the next delivery need not wait for its end."""
        ...

    def ask_to_cancel(self, task_id: str) -> None:
        """Note that nobody wants the task's result any more."""
        ...

    def cancel_asked(self, task_id: str) -> bool:
        """Whether somebody has asked to cancel the task."""
        ...
