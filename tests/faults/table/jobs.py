"""Jobs that come to a bad end, and deadlines that pass."""

from aki_sandbox.settings import HubSettings
from faults.table.case import LONG, TOO_LATE, Case

JOBS = (
    Case(name="job longer than the deadline", canceled=True, **TOO_LATE),
    Case(name="worker never reports", canceled=None, **TOO_LATE | {"prompt": "[[hang]]"}),
    Case(
        name="no worker, job waits in the queue",
        canceled=True,
        settings=HubSettings(worker_slots=0),
        **TOO_LATE,
    ),
    Case(
        name="deadline, and the hub cancels late",
        settings=HubSettings(cancel_delay=0.2),
        **TOO_LATE,
    ),
    Case(
        name="deadline, and the hub ignores cancelling",
        canceled=False,
        settings=HubSettings(honour_cancel=False),
        **TOO_LATE,
    ),
    Case(
        name="job lapses",
        ends="JobLapsedError",
        says="lapsed",
        prompt=LONG,
    ),
    Case(
        name="job forgotten",
        ends="JobUnknownError",
        says="does not know this job",
        prompt=LONG,
    ),
    Case(
        name="job canceled by somebody else",
        ends="JobCanceledError",
        says="was canceled",
        partial=("text",),
        prompt=LONG,
    ),
    Case(
        name="worker fails",
        ends="JobFailedError",
        says="CUDA out of memory",
    ),
    Case(
        name="worker fails with outputs",
        ends="JobFailedError",
        says="truncated",
        partial=("num_generated_tokens", "text"),
    ),
    Case(
        name="submit answered without a job id",
        ends="UnexpectedAnswerError",
        says="named no job",
    ),
)
