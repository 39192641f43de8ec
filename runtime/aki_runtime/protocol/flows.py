"""The life of a job as generators: they decide everything and perform nothing.

The sync and the async driver run the same flows, so no rule of the protocol is written twice.
"""

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import (
    AkiError,
    AuthenticationError,
    ConnectionFailedError,
    DeadlineExceededError,
    UnexpectedAnswerError,
)
from ..events import Event
from ..options import Options
from . import answers, polling, reports, requests
from .answers import Answer
from .certainty import UNCERTAIN, is_busy, made_no_job
from .effects import (
    CANCEL_SECONDS,
    Flow,
    Note,
    Notify,
    Send,
    Session,
)
from .pace import next_poll_delay, retry_delay, retry_delay_within
from .polling import abandon, passes, request_seconds, short
from .requests import Request
from .state import JobState
from .view import EventReader, JobView, Out, Prog, Reading


def ask(session: Session, request: Request, options: Options) -> Flow[Answer]:
    """Ask what costs nothing, again where that may bring another answer; return the last one, whatever it says."""
    deadline = session.deadline(options.timeout)
    attempt = 0
    while True:
        attempt += 1
        retry_after: float | None = None
        try:
            answer: Answer = yield Send(request, request_seconds(session, deadline))
            if answer.status == 405 and request.method == "GET":
                # A server may let an endpoint be described, as called, by POST only.
                request = requests.by_post(request)
                continue
            if answer.is_last_word or attempt > options.max_retries:
                return answer
            retry_after = answer.retry_after
            reason = answers.no_document(answer, request.endpoint or None)
        except (ConnectionFailedError, UnexpectedAnswerError) as error:
            if attempt > options.max_retries:
                raise
            reason = error
        left = math.inf if deadline is None else deadline - session.now()
        pause = retry_delay_within(left, attempt, retry_after, random.random)
        if pause is None:
            raise reason
        yield from polling.again(options, request.endpoint or "the hub", pause, reason)


def submit(
    session: Session,
    reading: Reading[Prog, Out],
    inputs: Mapping[str, Any],
    options: Options,
    explain: Callable[[AkiError], Flow[AkiError]] | None = None,
) -> Flow[JobView[Prog, Out]]:
    """Make a job, once: a submit is repeated only where it is certain that no job was made.

    Args:
        session: Whom to ask.
        reading: How the job is read.
        inputs: What the hub is given.
        options: How to go about it.
        explain: Returns what to raise for a refusal: what has changed on the hub may be the reason.
    """
    endpoint = reading.endpoint
    deadline = session.deadline(options.timeout)
    if passes(session, 0.0, deadline):
        raise DeadlineExceededError(
            f"{endpoint}: no time was given; nothing was sent", endpoint=endpoint, sent=False
        )
    attempt = 0
    while True:
        attempt += 1
        request = requests.submit(session.address, session.key(), endpoint, inputs)
        # Only with its id can a job be cancelled, and the answer has it.
        seconds = request_seconds(session, deadline)
        sending = Send(request, seconds, whole=True, grace=CANCEL_SECONDS)
        retry_after: float | None = None
        try:
            answer: Answer = yield sending
            retry_after = answer.retry_after
            made = reports.read_submit(answer, endpoint)
            first_poll = session.now() + next_poll_delay(0, options.progress_interval, None)
            job = JobState(endpoint, made.job_id, deadline=deadline, next_poll=first_poll)
            yield Note(f"{endpoint}: job {short(job.job_id)} submitted")
            return JobView(job, reading)
        except AuthenticationError as error:
            if session.key() is not None:
                raise
            raise error.with_hint("set AKI_API_KEY or give api_key=") from None
        except AkiError as error:
            if isinstance(error, ConnectionFailedError) and passes(session, 0.0, deadline):
                raise _no_answer_in_time(endpoint, sent=error.sent) from error
            if not is_busy(error):
                is_clear = made_no_job(error) or UNCERTAIN in error.message
                refusal = error if is_clear else error.with_hint(UNCERTAIN)
                break
            reason = error
        except BaseException:
            # Only with its id can a job be cancelled, and the answer has it wherever the interruption struck.
            if sending.answer is not None:
                yield from _abandon_unseen(session, endpoint, sending.answer, options)
            raise
        pause = retry_delay(attempt, retry_after, random.random, base=0.25)
        if attempt > options.max_retries or passes(session, pause, deadline):
            raise reason
        yield from polling.again(options, f"{endpoint}: no job was made", pause, reason)
    raise (yield from explain(refusal)) if explain is not None else refusal


def watch(session: Session, job: JobState, options: Options) -> Flow[None]:
    """Bring one piece of news of a job that is given up with its reader."""
    try:
        yield from _or_abandon(
            session, job, options, polling.news(session, job, options, job.deadline)
        )
    except AkiError:
        # The answer to the cancelling may hold the result, which nobody could have again.
        if job.result is None:
            raise


def next_event(
    reader: EventReader[Prog, Out], news: Callable[[], Flow[None]]
) -> Flow[Event[Prog] | None]:
    """Wait for something to happen to a job and return it; None when the job has ended.

    Args:
        reader: What was seen of the job so far.
        news: Brings one piece of news.
    """
    while True:
        event = reader.read()
        if event is not None or reader.view.state.ended:
            return event
        yield from _with_partial(reader.view, news())


def result(view: JobView[Any, Out], news: Callable[[], Flow[None]]) -> Flow[Out]:
    """Wait for the end of a job and return its result.

    Args:
        view: The job.
        news: Brings one piece of news.
    """
    while not view.state.ended:
        yield from _with_partial(view, news())
    return view.result()


def _with_partial(view: JobView[Any, Any], news: Flow[None]) -> Flow[None]:
    try:
        yield from news
    except AkiError as error:
        if view.state.pending is not None:
            error.partial = view.typed(view.state.pending.data)
        raise


def call(
    session: Session,
    reading: Reading[Prog, Out],
    inputs: Mapping[str, Any],
    options: Options,
    explain: Callable[[AkiError], Flow[AkiError]] | None = None,
) -> Flow[Out]:
    """Submit a job and wait for its result, showing what happens to `options.on_progress`."""
    view = yield from submit(session, reading, inputs, options, explain)
    yield from _or_abandon(session, view.state, options, _follow(session, view, options))
    return view.result()


def _follow(session: Session, view: JobView[Any, Any], options: Options) -> Flow[None]:
    reader = EventReader(view)
    while event := (yield from next_event(reader, lambda: watch(session, view.state, options))):
        if options.on_progress is not None:
            yield Notify(event, options.on_progress)


def _or_abandon(session: Session, job: JobState, options: Options, flow: Flow[None]) -> Flow[None]:
    """Run a flow that waits for a job; whatever ends the waiting early cancels the job."""
    try:
        yield from flow
    except GeneratorExit:
        raise
    except Exception:
        yield from abandon(session, job, options)
        raise
    except BaseException:
        yield from abandon(session, job, options, interrupted=True)
        raise


def _abandon_unseen(
    session: Session, endpoint: str, answer: Answer, options: Options
) -> Flow[None]:
    """Cancel a job whose id came after its caller had gone."""
    try:
        made = reports.read_submit(answer, endpoint)
    except AkiError:
        return
    yield from abandon(session, JobState(endpoint, made.job_id), options, interrupted=True)


def _no_answer_in_time(endpoint: str, *, sent: bool) -> DeadlineExceededError:
    what = f"answered; {UNCERTAIN}" if sent else "had the whole request; no job was made"
    return DeadlineExceededError(
        f"{endpoint}: the deadline passed before the hub {what}", endpoint=endpoint, sent=sent
    )
