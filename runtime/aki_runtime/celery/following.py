"""Following the job of a task to its end, looking after each poll whether somebody wants it cancelled."""

import time
from collections.abc import Callable
from typing import Any

from ..errors import AkiError, DeadlineExceededError, JobCanceledError
from ..jobs.sync_job import Job
from ..models.base import OutputModel
from .failures import SteppedBackError
from .lease import Lease
from .reports import Reporter
from .submitting import cancel_quietly

CANCEL_WAIT = 10.0
"""Seconds that the end of a cancelled job is waited for."""


class CanceledError(Exception):
    """The job was cancelled because somebody asked for it; the text says how far that went."""


def follow(
    job: Job[Any, Any],
    lease: Lease,
    reporter: Reporter,
    *,
    until: float,
    cancel_wanted: Callable[[], bool],
) -> OutputModel:
    """Wait for the job's result.

    Args:
        job: The job.
        lease: The hold on the task.
        reporter: Told what happens.
        until: When to give up, seconds since the epoch.
        cancel_wanted: Says whether somebody has asked to cancel the task.

    Raises:
        CanceledError: Somebody has, and there is no result.
        SteppedBackError: Another delivery has taken the task over.
        AkiError: The job ended without a result, or it was not to be waited for; it is cancelled then.
    """
    try:
        reporter.submitted()
        for event in job.events(timeout=max(until - time.time(), 0.0)):
            if job.ended:
                break  # whatever else happens, the result is here
            if not lease.is_held:
                raise SteppedBackError
            if cancel_wanted():
                return _cancel(job)
            reporter.progress(event)
        output: OutputModel = job.result(timeout=0.0)
        return output
    except DeadlineExceededError as error:
        cancel_quietly(job)
        # The answer to the cancelling may hold the result, which nobody could have again.
        if not job.ended:
            raise error from None
        late: OutputModel = job.result()
        return late
    except Exception as error:
        if not isinstance(error, SteppedBackError | CanceledError) and not job.ended:
            cancel_quietly(job)
        raise


def _cancel(job: Job[Any, Any]) -> OutputModel:
    """Cancel the job; the result where it was done all the same, because it is paid for."""
    try:
        job.cancel(wait=CANCEL_WAIT)
        if job.ended:
            output: OutputModel = job.result()
            return output
    except JobCanceledError:
        raise CanceledError("cancelled on the hub") from None
    except AkiError as error:
        raise CanceledError(f"cancelled, and the job ended so: {error.message}") from None
    raise CanceledError("the hub was asked to cancel the job, and has not said that it did")
