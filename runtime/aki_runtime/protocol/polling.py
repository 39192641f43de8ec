"""Asking how a job is, and telling the hub to cancel it. Flows: they decide and perform nothing."""

import math
import random
from contextlib import suppress

from ..errors import AkiError, ConnectionFailedError, DeadlineExceededError
from ..options import Options
from . import answers, reports, requests
from .answers import Answer
from .effects import CANCEL_SECONDS, Flow, Note, Pause, Send, Session
from .pace import FIRST_POLL, retry_delay
from .state import UNFETCHED_SECONDS, JobState

REQUEST_SECONDS = 60.0
"""Seconds that a question may take for which the caller gave no time."""

ANSWER_SECONDS = 5.0
"""Seconds past a deadline that an answer is waited for where it may hold the only copy of a result."""


def advance(
    session: Session, job: JobState, options: Options, deadline: float | None
) -> Flow[None]:
    """Wait for the job's next poll, and poll it.

    Raises:
        DeadlineExceededError: The deadline came first.
    """
    yield from rest(session, job, deadline)
    yield from poll(session, job, options, deadline)


def rest(session: Session, job: JobState, deadline: float | None) -> Flow[None]:
    """Wait for the job's next poll.

    Raises:
        DeadlineExceededError: The deadline came first.
    """
    pause = job.next_poll - session.now()
    if pause <= 0:
        return
    if passes(session, pause, deadline):
        remaining = (deadline or 0.0) - session.now()
        if remaining > 0:
            yield Pause(remaining)
        raise too_late(job)
    yield Pause(pause)


def poll(
    session: Session,
    job: JobState,
    options: Options,
    deadline: float | None,
    *,
    cancel: bool = False,
    whole: bool = False,
) -> Flow[None]:
    """Ask how the job is until the hub answers, and take the answer in.

    Args:
        session: Whom to ask.
        job: The job.
        options: How often to ask.
        deadline: When to stop asking.
        cancel: Whether the hub is asked to cancel the job as well.
        whole: Whether the job outlives its waiter, so that an answer under way must not be lost.

    Raises:
        DeadlineExceededError: The deadline came first.
        StatusError: The hub refuses to answer, for a reason that time does not mend.
        ConnectionFailedError: No deadline was given and the hub stayed away.
    """
    endpoint = job.endpoint
    patience = deadline if deadline is not None else session.now() + UNFETCHED_SECONDS
    attempt = 0
    while True:
        attempt += 1
        extra, job.inputs_to_send = job.inputs_to_send, {}
        cancelling = cancel or job.cancel_asked
        request = requests.poll(
            session.address, session.key(), endpoint, job.job_id, cancel=cancelling, extra=extra
        )
        retry_after: float | None = None
        grace = ANSWER_SECONDS if whole and not cancel else 0.0
        sending = Send(request, request_seconds(session, deadline), whole, grace)
        is_taken = False
        try:
            answer: Answer = yield sending
            if answer.status not in answers.RETRYABLE_STATUSES:
                before = job.status
                _take_in(session, job, options, answer)
                is_taken = True
                job.cancel_asked = job.cancel_asked and not cancelling
                if job.status != before:
                    yield Note(f"{endpoint}: job {short(job.job_id)} is {job.status}")
                return
            retry_after = answer.retry_after
            reason: AkiError = answers.status_error(answer, endpoint, job.job_id)
        except ConnectionFailedError as error:
            reason = error
        except AkiError:
            raise
        except BaseException:
            # The answer came all the same, and nobody else can have it.
            if sending.answer is not None and not is_taken:
                with suppress(AkiError):
                    _take_in(session, job, options, sending.answer)
                    is_taken = True
            raise
        finally:
            if not is_taken:
                job.inputs_to_send = {**extra, **job.inputs_to_send}
        pause = retry_delay(attempt, retry_after, random.random)
        if retry_after is None:
            # The last pauses grow shorter, so that no long one wastes the end of the time.
            pause = min(pause, max((patience - session.now()) / 2, FIRST_POLL))
        if passes(session, pause, patience):
            if deadline is None:
                raise reason
            raise too_late(job) from reason
        yield Note(f"{endpoint}: job {short(job.job_id)}: asking again in {pause:.2f} s: {reason}")
        yield Pause(pause)


def _take_in(session: Session, job: JobState, options: Options, answer: Answer) -> None:
    if answer.status in answers.RETRYABLE_STATUSES:
        raise answers.status_error(answer, job.endpoint, job.job_id)
    report = reports.read_progress(answer, job.endpoint, job.job_id)
    job.observe(report, session.now(), options.progress_interval)


def cancel(
    session: Session,
    job: JobState,
    options: Options,
    seconds: float,
    *,
    whole: bool = False,
) -> Flow[None]:
    """Tell the hub to cancel the job. Returns once the hub has answered; the job may end as done all the same."""
    if not job.ended:
        deadline = session.deadline(seconds)
        yield from poll(session, job, options, deadline, cancel=True, whole=whole)


def abandon(
    session: Session, job: JobState, options: Options, *, interrupted: bool = False
) -> Flow[None]:
    """Cancel a job that nobody waits for any more, as well as can be done in a short time, and once.

    Args:
        session: Whom to tell.
        job: The job.
        options: How it was carried out.
        interrupted: Whether it is given up for an interruption, so that the next one ends even this.
    """
    if job.ended or job.abandoned:
        return
    job.abandoned = True
    yield Note(f"{job.endpoint}: cancelling job {short(job.job_id)}, nobody waits for it")
    # The reason for giving up is the one to report; that the hub can not be told is not.
    with suppress(AkiError):
        try:
            yield from cancel(session, job, options, CANCEL_SECONDS)
        except (GeneratorExit, AkiError):
            raise
        except BaseException:
            if not interrupted:
                with suppress(AkiError):
                    yield from cancel(session, job, options, CANCEL_SECONDS)
            raise


def short(job_id: str) -> str:
    """Return enough of a job's id to tell it from others, too little to read the job, and nothing to obey."""
    return "".join(char if char.isprintable() else "?" for char in job_id[:8])


def too_late(job: JobState) -> DeadlineExceededError:
    """Make the exception for a deadline that passed."""
    endpoint = job.endpoint
    return DeadlineExceededError(
        f"{endpoint}: the deadline passed while the job was {job.status}",
        endpoint=endpoint,
        job_id=job.job_id,
    )


def passes(session: Session, pause: float, deadline: float | None) -> bool:
    """Whether a deadline comes before a pause is over."""
    return deadline is not None and session.now() + pause >= deadline


def request_seconds(session: Session, deadline: float | None) -> float:
    """Return what a request may take before a deadline, at least a moment."""
    return math.inf if deadline is None else max(deadline - session.now(), 0.05)
