"""The life of a job as generators: they decide everything and perform nothing.

A flow yields effects (send this, pause so long, show this event); a driver performs each and sends back the
outcome, or throws what went wrong. The sync and the async driver run the same flows, so no rule of the
protocol is written twice.
"""

import random
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from . import answers, requests
from .answers import Answer
from .errors import (
    AkiError,
    AuthenticationError,
    ConnectionFailedError,
    DeadlineExceededError,
    QueueFullError,
    RateLimitedError,
)
from .events import Event
from .hub import Address
from .jobstate import EventReader, JobState, Out, Prog, Reading
from .options import Options
from .pace import FIRST_POLL, retry_delay
from .requests import Request
from .secret import ApiKey

T = TypeVar("T")

REQUEST_SECONDS = 60.0
"""Seconds that one request may take."""

CANCEL_SECONDS = 5.0
"""Seconds that are spent at the most on telling the hub to cancel a job that nobody waits for."""

ANSWER_SECONDS = 5.0
"""Seconds past a deadline that an answer is waited for where it may hold the only copy of a result."""

PATIENCE_SECONDS = 300.0
"""Seconds that failing polls are repeated where there is no deadline; a finished result lapses after 360."""


@dataclass(frozen=True)
class Send:
    """Perform a request and send back its answer.

    Attributes:
        request: What to send.
        seconds: How long it may take.
        whole: Whether an interruption waits for the answer, for a short time, because it can not be had again.
    """

    request: Request
    seconds: float
    whole: bool = False


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Note:
    """Write a line to the log."""

    text: str


@dataclass(frozen=True)
class Notify:
    """Show an event to the caller's callback."""

    event: Event[Any]
    show: Callable[[Event[Any]], object]


Effect: TypeAlias = Send | Pause | Note | Notify
Flow: TypeAlias = Generator[Effect, Any, T]


class InterruptedRequestError(BaseException):
    """A driver was interrupted during a request that is sent whole, and has waited for the answer.

    Attributes:
        answer: The answer, which can not be had again.
        reason: What interrupted it, to be raised again.
    """

    def __init__(self, answer: Answer, reason: BaseException) -> None:
        super().__init__()
        self.answer = answer
        self.reason = reason


class InterruptedSubmitError(InterruptedRequestError):
    """The request was a submit: its answer may name a job that nobody waits for any more."""


@dataclass(frozen=True)
class Session:
    """Whom the flows talk to, and by which clock.

    Attributes:
        address: The hub.
        key: Returns the key of this moment; it may be replaced while jobs run.
        now: Seconds on a monotonic clock.
    """

    address: Address
    key: Callable[[], ApiKey | None]
    now: Callable[[], float]

    def deadline(self, seconds: float | None) -> float | None:
        """Turn a duration into a moment."""
        return None if seconds is None else self.now() + seconds


def ask(session: Session, request: Request, max_retries: int) -> Flow[Answer]:
    """Send a request that costs nothing, again where a repetition may help."""
    attempt = 0
    while True:
        attempt += 1
        retry_after: float | None = None
        try:
            answer: Answer = yield Send(request, REQUEST_SECONDS)
        except ConnectionFailedError:
            if attempt > max_retries:
                raise
        else:
            if answer.status not in answers.RETRYABLE_STATUSES or attempt > max_retries:
                return answer
            retry_after = answer.retry_after
        yield Pause(retry_delay(attempt, retry_after, random.random))


def submit(
    session: Session,
    reading: Reading[Prog, Out],
    inputs: Mapping[str, Any],
    options: Options,
) -> Flow[JobState[Prog, Out]]:
    """Make a job, once: a submit is repeated only where it is certain that no job was made."""
    endpoint = reading.endpoint
    deadline = session.deadline(options.timeout)
    if _passes(session, 0.0, deadline):
        raise DeadlineExceededError(
            f"{endpoint}: no time was given; nothing was sent", endpoint=endpoint
        )
    attempt = 0
    while True:
        attempt += 1
        request = requests.submit(session.address, session.key(), endpoint, inputs)
        retry_after: float | None = None
        try:
            seconds = _request_seconds(session, deadline, CANCEL_SECONDS)
            answer: Answer = yield Send(request, seconds, whole=True)
            retry_after = answer.retry_after
            made = answers.read_submit(answer, endpoint)
        except AuthenticationError as error:
            if session.key() is not None:
                raise
            raise error.with_hint("set AKI_API_KEY or give api_key=") from None
        except (RateLimitedError, QueueFullError) as error:
            reason: AkiError = error
        except ConnectionFailedError as error:
            if error.sent and _passes(session, 0.0, deadline):
                raise _no_answer_in_time(endpoint) from error
            if error.sent and deadline is not None and session.now() >= deadline:
                raise _too_late_to_submit(endpoint, error) from error
            if error.sent:
                raise
            reason = error
        except InterruptedSubmitError as interrupted:
            yield from _abandon_unseen(session, reading, interrupted.answer, options)
            raise interrupted.reason from None
        else:
            first_poll = session.now() + FIRST_POLL
            job = JobState(reading, made.job_id, deadline=deadline, next_poll=first_poll)
            yield from _or_abandon(session, job, options, _announce(job))
            return job
        pause = retry_delay(attempt, retry_after, random.random, base=0.25)
        if attempt > options.max_retries or _passes(session, pause, deadline):
            raise reason
        yield Note(f"{endpoint}: no job was made, trying again in {pause:.2f} s: {reason}")
        yield Pause(pause)


def advance(
    session: Session, job: JobState[Any, Any], options: Options, deadline: float | None
) -> Flow[None]:
    """Wait for the job's next poll, and poll it.

    Raises:
        DeadlineExceededError: The deadline came first.
    """
    yield from rest(session, job, deadline)
    yield from poll(session, job, options, deadline)


def rest(session: Session, job: JobState[Any, Any], deadline: float | None) -> Flow[None]:
    """Wait for the job's next poll.

    Raises:
        DeadlineExceededError: The deadline came first.
    """
    pause = job.next_poll - session.now()
    if pause <= 0:
        return
    if _passes(session, pause, deadline):
        remaining = (deadline or 0.0) - session.now()
        if remaining > 0:
            yield Pause(remaining)
        raise too_late(job)
    yield Pause(pause)


def poll(
    session: Session,
    job: JobState[Any, Any],
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
    endpoint = job.reading.endpoint
    patience = deadline if deadline is not None else session.now() + PATIENCE_SECONDS
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
        try:
            answer: Answer = yield Send(request, _request_seconds(session, patience, grace), whole)
            if answer.status not in answers.RETRYABLE_STATUSES:
                before = job.status
                _take_in(session, job, options, answer)
                job.cancel_asked = job.cancel_asked and not cancelling
                if job.status != before:
                    yield Note(f"{endpoint}: job {short(job.job_id)} is {job.status}")
                return
            retry_after = answer.retry_after
            reason: AkiError = answers.status_error(answer, endpoint)
        except ConnectionFailedError as error:
            reason = error
        except InterruptedRequestError as interrupted:
            try:
                _take_in(session, job, options, interrupted.answer)
            except AkiError:
                job.inputs_to_send = {**extra, **job.inputs_to_send}
            raise interrupted.reason from None
        except BaseException:
            job.inputs_to_send = {**extra, **job.inputs_to_send}
            raise
        job.inputs_to_send = {**extra, **job.inputs_to_send}
        pause = retry_delay(attempt, retry_after, random.random)
        if retry_after is None:
            # The last pauses grow shorter, so that no long one wastes the end of the time.
            pause = min(pause, max((patience - session.now()) / 2, FIRST_POLL))
        if _passes(session, pause, patience):
            if deadline is None:
                raise reason
            raise too_late(job) from reason
        yield Note(f"{endpoint}: job {short(job.job_id)}: asking again in {pause:.2f} s: {reason}")
        yield Pause(pause)


def _take_in(session: Session, job: JobState[Any, Any], options: Options, answer: Answer) -> None:
    if answer.status in answers.RETRYABLE_STATUSES:
        raise answers.status_error(answer, job.reading.endpoint)
    report = answers.read_progress(answer, job.reading.endpoint, job.job_id)
    job.observe(report, session.now(), options.progress_interval)


def cancel(
    session: Session,
    job: JobState[Any, Any],
    options: Options,
    seconds: float,
    *,
    whole: bool = False,
) -> Flow[None]:
    """Tell the hub to cancel the job. Returns once the hub has answered; the job may end as done all the same."""
    if not job.ended:
        deadline = session.deadline(seconds)
        yield from poll(session, job, options, deadline, cancel=True, whole=whole)


def watch(session: Session, job: JobState[Any, Any], options: Options) -> Flow[None]:
    """Bring one piece of news of a job that only this caller waits for."""
    yield from _or_abandon(session, job, options, advance(session, job, options, job.deadline))


def call(
    session: Session,
    reading: Reading[Prog, Out],
    inputs: Mapping[str, Any],
    options: Options,
) -> Flow[Out]:
    """Submit a job and wait for its result, showing what happens to `options.on_progress`."""
    job = yield from submit(session, reading, inputs, options)
    yield from _or_abandon(session, job, options, _follow(session, job, options))
    return job.result()


def _follow(session: Session, job: JobState[Any, Any], options: Options) -> Flow[None]:
    reader = EventReader(job)
    while not job.ended:
        yield from advance(session, job, options, job.deadline)
        event = reader.read()
        if event is not None and options.on_progress is not None:
            yield Notify(event, options.on_progress)


def _or_abandon(
    session: Session, job: JobState[Any, Any], options: Options, flow: Flow[None]
) -> Flow[None]:
    """Run a flow that waits for a job; whatever ends the waiting early cancels the job."""
    try:
        yield from flow
    except GeneratorExit:
        raise
    except DeadlineExceededError:
        yield from abandon(session, job, options)
        # The answer to the cancelling may hold the result, which nobody could have again.
        if job.output is None:
            raise
    except Exception:
        yield from abandon(session, job, options)
        raise
    except BaseException:
        yield from abandon(session, job, options, interrupted=True)
        raise


def abandon(
    session: Session, job: JobState[Any, Any], options: Options, *, interrupted: bool = False
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
    yield Note(f"{job.reading.endpoint}: cancelling job {short(job.job_id)}, nobody waits for it")
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


def _announce(job: JobState[Any, Any]) -> Flow[None]:
    yield Note(f"{job.reading.endpoint}: job {short(job.job_id)} submitted")


def _abandon_unseen(
    session: Session, reading: Reading[Any, Any], answer: Answer, options: Options
) -> Flow[None]:
    """Cancel a job whose id came after its caller had gone."""
    try:
        made = answers.read_submit(answer, reading.endpoint)
    except AkiError:
        return
    yield from abandon(session, JobState(reading, made.job_id), options, interrupted=True)


def short(job_id: str) -> str:
    """Return enough of a job's id to tell it from others, and too little to read the job."""
    return job_id[:8]


def too_late(job: JobState[Any, Any]) -> DeadlineExceededError:
    """Make the exception for a deadline that passed."""
    endpoint = job.reading.endpoint
    return DeadlineExceededError(
        f"{endpoint}: the deadline passed while the job was {job.status}",
        endpoint=endpoint,
        job_id=job.job_id,
    )


def _no_answer_in_time(endpoint: str) -> DeadlineExceededError:
    return DeadlineExceededError(
        f"{endpoint}: the deadline passed before the hub answered; "
        "the job may or may not have been made, so the call was not sent again",
        endpoint=endpoint,
    )


def _too_late_to_submit(endpoint: str, reason: AkiError) -> DeadlineExceededError:
    message = f"{endpoint}: the deadline passed while the job was submitted: {reason}"
    return DeadlineExceededError(message, endpoint=endpoint)


def _passes(session: Session, pause: float, deadline: float | None) -> bool:
    return deadline is not None and session.now() + pause >= deadline


def _request_seconds(session: Session, deadline: float | None, grace: float = 0.0) -> float:
    if deadline is None:
        return REQUEST_SECONDS
    # Grace is for answers that are worth waiting for: only with its id can a job be cancelled, and a
    # result is handed out once.
    remaining = deadline - session.now() + grace
    return min(max(remaining, 0.05), REQUEST_SECONDS)
