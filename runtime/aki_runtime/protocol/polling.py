"""Asking how a job is, and asking the hub to cancel it. Flows: they decide and perform nothing.

Whoever reads a job comes through here: a call, a stream, a handle's status, events, result and cancelling. Whoever
gets the `done` answer has the only copy of the result, so readers of one job ask in turn, and each looks first whether
another one has brought news.
"""

import math
import random
from contextlib import suppress

from ..errors import (
    AkiError,
    ConnectionFailedError,
    DeadlineExceededError,
    StatusError,
    UnexpectedAnswerError,
)
from ..options import Options
from . import reports, requests
from .answers import Answer
from .effects import CANCEL_SECONDS, Flow, Note, Notify, Pause, Send, Session, TakeTurn
from .pace import retry_delay_within
from .state import UNFETCHED_SECONDS, JobState

ANSWER_SECONDS = 5.0
"""Seconds past a deadline that an answer is waited for where it may hold the only copy of a result."""


def news(
    session: Session,
    job: JobState,
    options: Options,
    deadline: float | None,
    *,
    goes_on: bool = False,
) -> Flow[None]:
    """Wait for the job's next poll and poll it, unless another reader has done so by then.

    Args:
        session: Whom to ask.
        job: The job.
        options: How often to ask.
        deadline: When to stop waiting.
        goes_on: Whether the job outlives its reader, so that an answer under way must not be lost.

    Raises:
        DeadlineExceededError: The deadline came first.
    """
    seen = job.revision
    # Outside of the turn, so that nobody who cancels has to wait for a long pause.
    pause = job.next_poll - session.now()
    if pause > 0:
        is_late = passes(session, pause, deadline)
        yield Pause(max((deadline or 0.0) - session.now(), 0.0) if is_late else pause)
        if is_late:
            raise too_late(job, goes_on=goes_on)
    yield from ask_how(session, job, options, deadline, goes_on=goes_on, seen=seen)


def ask_how(
    session: Session,
    job: JobState,
    options: Options,
    deadline: float | None,
    *,
    goes_on: bool,
    seen: int,
) -> Flow[None]:
    """Poll a job in turn, unless there is news that the caller has not seen.

    Raises:
        DeadlineExceededError: The deadline came first.
    """
    left = None if deadline is None else max(deadline - session.now(), 0.0)
    if not (yield from _turn(job, left)):
        raise too_late(job, goes_on=goes_on)
    try:
        if job.revision == seen and not job.ended:
            yield from poll(session, job, options, deadline, goes_on=goes_on)
    finally:
        _end_turn(job)


def _turn(job: JobState, seconds: float | None) -> Flow[bool]:
    if job.turn is None:
        return True
    came: bool = yield TakeTurn(job.turn, seconds)
    return came


def _end_turn(job: JobState) -> None:
    if job.turn is not None:
        job.turn.release()


def poll(
    session: Session,
    job: JobState,
    options: Options,
    deadline: float | None,
    *,
    cancel: bool = False,
    goes_on: bool = False,
) -> Flow[None]:
    """Ask how the job is until the hub answers, and take the answer in.

    Asking costs nothing, and one odd answer says nothing of the job: all but the hub's own refusal is asked again.

    Args:
        session: Whom to ask.
        job: The job.
        options: How often to ask.
        deadline: When to stop asking.
        cancel: Whether the hub is asked to cancel the job as well.
        goes_on: Whether the job outlives its reader, so that an answer under way must not be lost.

    Raises:
        DeadlineExceededError: The deadline came first; it says what came in place of an answer.
        StatusError: The hub itself refuses to answer.
        AkiError: No deadline was given, and no answer came for as long as a result lies ready.
    """
    endpoint = job.endpoint
    until = deadline if deadline is not None else session.now() + UNFETCHED_SECONDS
    attempt = 0
    came: AkiError | None = None
    while True:
        attempt += 1
        extra, job.inputs_to_send = job.inputs_to_send, {}
        cancelling = cancel or job.cancel_asked
        request = requests.poll(
            session.address, session.key(), endpoint, job.job_id, cancel=cancelling, extra=extra
        )
        grace = ANSWER_SECONDS if goes_on and not cancel else 0.0
        sending = Send(request, request_seconds(session, deadline), whole=goes_on, grace=grace)
        retry_after: float | None = None
        is_taken = False
        try:
            answer: Answer = yield sending
            before = job.status
            reason = _take_in(session, job, options, answer)
            is_taken = reason is None
            if reason is None:
                job.cancel_asked = job.cancel_asked and not cancelling
                if job.status != before:
                    yield Note(f"{endpoint}: job {short(job.job_id)} is {job.status}")
                return
            retry_after = answer.retry_after
        except (ConnectionFailedError, UnexpectedAnswerError) as error:
            reason = error
        except AkiError:
            raise
        except BaseException:
            # The answer came all the same, and nobody else can have it.
            if sending.answer is not None and not is_taken:
                with suppress(AkiError):
                    is_taken = _take_in(session, job, options, sending.answer) is None
            raise
        finally:
            if not is_taken:
                job.inputs_to_send = {**extra, **job.inputs_to_send}
        # That there is no answer in the last moments says less than what came before.
        if came is None or sending.seconds >= 1.0 or not isinstance(reason, ConnectionFailedError):
            came = reason
        left = until - session.now()
        pause = retry_delay_within(left, attempt, retry_after, random.random)
        if pause is None:
            raise came if deadline is None else too_late(job, came, goes_on=goes_on) from came
        yield from again(options, f"{endpoint}: job {short(job.job_id)}", pause, reason)


def _take_in(session: Session, job: JobState, options: Options, answer: Answer) -> AkiError | None:
    """Take in what an answer says of a job; return why it says nothing, where another one may."""
    try:
        report = reports.read_progress(answer, job.endpoint, job.job_id)
    except UnexpectedAnswerError as error:
        return error
    except StatusError as error:
        if answer.is_last_word:
            raise
        return error
    job.observe(report, session.now(), options.progress_interval)
    return None


def again(options: Options, what: str, pause: float, reason: AkiError) -> Flow[None]:
    """Say that something has failed and is tried again, and wait until then."""
    yield Note(f"{what}: trying again in {pause:.2f} s: {reason}")
    if options.on_retry is not None:
        yield Notify(reason, options.on_retry)
    yield Pause(pause)


def cancel(
    session: Session, job: JobState, options: Options, *, goes_on: bool = False
) -> Flow[None]:
    """Ask the hub to cancel the job. Returns once the hub has answered; the job may end as done all the same."""
    job.cancel_asked = True  # rides on the poll of another reader that is trying
    if not (yield from _turn(job, CANCEL_SECONDS)):
        raise too_late(job)
    try:
        if job.cancel_asked and not job.ended:
            until = session.deadline(CANCEL_SECONDS)
            yield from poll(session, job, options, until, cancel=True, goes_on=goes_on)
    finally:
        _end_turn(job)


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
    # The reason for giving up is the one to report; that the hub cannot be asked is not.
    with suppress(AkiError):
        try:
            yield from cancel(session, job, options)
        except (GeneratorExit, AkiError):
            raise
        except BaseException:
            if not interrupted:
                with suppress(AkiError):
                    yield from cancel(session, job, options)
            raise


def short(job_id: str) -> str:
    """Return enough of a job's id to tell it from others, too little to read the job, and nothing to obey."""
    return "".join(char if char.isprintable() else "?" for char in job_id[:8])


def too_late(
    job: JobState, reason: AkiError | None = None, *, goes_on: bool = False
) -> DeadlineExceededError:
    """Make the exception for a deadline that passed.

    Args:
        job: The job that was waited for.
        reason: What came in place of an answer.
        goes_on: Whether the job outlives its reader.
    """
    said = f"{job.endpoint}: the deadline passed while the job was {job.status}"
    if job.pending is not None and job.pending.workers == 0:
        said += ", and no worker is online"
    if goes_on:
        said += "; the job goes on"
    if reason is not None:
        said += f"; asked again in vain: {reason}"
    return DeadlineExceededError(said, endpoint=job.endpoint, job_id=job.job_id)


def passes(session: Session, pause: float, deadline: float | None) -> bool:
    """Whether a deadline comes before a pause is over."""
    return deadline is not None and session.now() + pause >= deadline


def request_seconds(session: Session, deadline: float | None) -> float:
    """Return what a request may take before a deadline, at least a moment."""
    return math.inf if deadline is None else max(deadline - session.now(), 0.05)
