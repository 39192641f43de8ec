"""Submitting the job of a task, so that no delivery after this one can do it again by mistake."""

import logging
import signal
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from ..client.endpoint import Endpoint
from ..errors import AkiError
from ..jobs.sync_job import Job
from ..protocol.certainty import UNCERTAIN, is_busy, made_no_job
from .claims import Record
from .failures import task_error, uncertain
from .lease import Lease

_log = logging.getLogger("aki_client")


class BusyError(Exception):
    """No job was made, for a reason that passes; the task is free for another try.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: AkiError) -> None:
        super().__init__(reason.message)
        self.reason = reason


def submit(
    endpoint: Endpoint[..., Any, Any],
    parameters: Mapping[str, Any],
    lease: Lease,
    *,
    resubmit_uncertain: bool,
) -> Record:
    """Submit a job and return what was noted of it.

    Raises:
        BusyError: No job was made, and another try makes sense.
        TaskError: No job was made, and another try makes none.
        UncertainSubmitError: There may be a job.
        SteppedBackError: Another delivery has taken the task over.
    """
    lease.note(Record("submitting", submitted_at=time.time()))
    try:
        job = endpoint.submit(**parameters)
    except AkiError as error:
        failure = error
    else:
        record = Record("submitted", job.id, time.time())
        try:
            lease.note(record)
        except BaseException:
            cancel_quietly(job)  # nobody would ever find it
            raise
        return record
    certain = made_no_job(failure)
    if is_busy(failure) or (resubmit_uncertain and not certain):
        lease.note(Record())
        raise BusyError(failure)
    if certain:
        raise task_error(failure)
    raise uncertain(endpoint.info.name, failure.message.removesuffix(f"; {UNCERTAIN}"))


def cancel_quietly(job: Job[Any, Any]) -> None:
    """Ask the hub to cancel a job; that it can not be asked is not what the caller has to report."""
    try:
        job.cancel()
    except AkiError as error:
        _log.warning("%s: a job could not be cancelled: %s", job.endpoint, error)


@contextmanager
def signals_later() -> Generator[None]:
    """Let what ends a task come only when the job's id is noted: revoking (SIGTERM), soft time limits (SIGUSR1)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGUSR1"))
        if number is not None
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
