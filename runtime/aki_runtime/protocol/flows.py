"""The life of a job as generators: they decide everything and perform nothing.

The sync and the async driver run the same flows, so no rule of the protocol is written twice.
"""

import math
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, cast

from ..errors import (
    AkiError,
    AuthenticationError,
    ConnectionFailedError,
    DeadlineExceededError,
    MissingKeyError,
    StatusError,
    UnexpectedAnswerError,
)
from ..events import Event
from ..hub import HubContext
from ..options import Options
from ..secret import how_to_give_a_key
from . import answers, requests
from .answers import Answer
from .certainty import UNCERTAIN, is_busy, made_no_job
from .effects import CANCEL_SECONDS, Flow, Note, Notify, Pause, Send, TakeTurn
from .job import UNFETCHED_SECONDS, EventReader, JobState, Out, Prog, Reading
from .pace import next_poll_delay, retry_delay, retry_delay_within
from .requests import Request
from .reserved import reserved, written

if TYPE_CHECKING:
    from ..store.budget import Reservation

ANSWER_SECONDS = 5.0
"""Seconds past a deadline that an answer is waited for where it may hold the only copy of a result."""


def ask(context: HubContext, request: Request, options: Options) -> Flow[Answer]:
    """Ask what costs nothing, again where that may bring another answer; return the last one, whatever it says."""
    deadline = context.deadline(options.timeout)
    attempt = 0
    while True:
        attempt += 1
        retry_after: float | None = None
        try:
            answer: Answer = yield Send(request, context.left(deadline))
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
        left = context.left(deadline)
        pause = retry_delay_within(left, attempt, retry_after, random.random)
        if pause is None:
            raise reason
        yield from _again(options, request.endpoint or "the hub", pause, reason)
        if not context.left(deadline):  # a pause may take longer than it should
            raise reason


def submit(
    context: HubContext,
    reading: Reading[Any, Any],
    inputs: Mapping[str, Any],
    options: Options,
    explain: Callable[[AkiError], Flow[AkiError]] | None = None,
    reservation: "Reservation | None" = None,
) -> Flow[JobState]:
    """Make a job, once: a submit is repeated only where it is certain that no job was made.

    Args:
        context: The hub.
        reading: How the job is read.
        inputs: What the hub is given.
        options: How to go about it.
        explain: Returns what to raise for a refusal: what has changed on the hub may be the reason.
        reservation: What the call may cost, where it has a budget.
    """
    making = _make_job(context, reading, inputs, options, explain, reservation)
    return making if reservation is None else reserved(reservation, making)


def _make_job(
    context: HubContext,
    reading: Reading[Any, Any],
    inputs: Mapping[str, Any],
    options: Options,
    explain: Callable[[AkiError], Flow[AkiError]] | None,
    reservation: "Reservation | None",
) -> Flow[JobState]:
    endpoint, deadline = reading.endpoint, context.deadline(options.timeout)
    if not context.left(deadline):
        raise DeadlineExceededError(
            f"{endpoint}: no time was given; nothing was sent", endpoint=endpoint, sent=False
        )
    if context.key is None and context.address.is_aki_io and not context.is_replayed():
        # AKI.IO refuses such a call, but only once it has the whole of it.
        how = how_to_give_a_key(
            " or give api_key= (Aki.sandbox() answers without one, on this machine)"
        )
        raise MissingKeyError(
            f"{endpoint}: {context.address.server} takes no call without a key; {how}",
            endpoint=endpoint,
        )
    begin = context.trace
    trace = begin(context.address, reading, inputs) if begin is not None else None
    try:
        attempt = 0
        while True:
            attempt += 1
            request = requests.submit(context.address, context.key, endpoint, inputs)
            # Only with its id can a job be cancelled, and the answer has it.
            left = context.left(deadline)
            sending = Send(request, left, whole=True, grace=CANCEL_SECONDS, trace=trace)
            retry_after: float | None = None
            began = context.now()
            try:
                answer: Answer = yield sending
                round_trip = context.learn(began)
                retry_after = answer.retry_after
                job_id = answers.read_submit(answer, endpoint)
                job = JobState(
                    endpoint, job_id, deadline=deadline, trace=trace, reservation=reservation
                )
                if trace is not None:
                    trace.submitted(job)
                if reservation is not None:
                    yield from written(partial(reservation.bind, job_id))
                job.next_poll = context.now() + next_poll_delay(
                    0, options.progress_interval, None, round_trip=round_trip
                )
                yield Note(f"{endpoint}: job {job.short_id} submitted")
                return job
            except AuthenticationError as error:
                hint = how_to_give_a_key(" or give api_key=")
                raise (error if context.key is not None else error.with_hint(hint)) from None
            except AkiError as error:
                if isinstance(error, ConnectionFailedError) and not context.left(deadline):
                    raise _no_answer_in_time(endpoint, sent=error.sent) from error
                if not is_busy(error):
                    # The sentence of a failed exchange may say it already.
                    is_clear = made_no_job(error) or UNCERTAIN in error.message
                    refusal = error if is_clear else error.with_hint(UNCERTAIN)
                    break
                reason = error
            except BaseException as error:
                yield from _cancel_sent(context, reading, options, sending, reservation, error)
                raise
            pause = retry_delay(attempt, retry_after, random.random, base=0.25)
            if attempt > options.max_retries or pause >= context.left(deadline):
                raise reason
            yield from _again(options, f"{endpoint}: no job was made", pause, reason)
        raise (yield from explain(refusal)) if explain is not None else refusal
    except BaseException as error:
        if trace is not None:
            trace.end(None, error)
        raise


def _cancel_sent(
    context: HubContext,
    reading: Reading[Any, Any],
    options: Options,
    sending: Send,
    reservation: "Reservation | None",
    reason: BaseException,
) -> Flow[None]:
    """Cancel the job of a submit that was interrupted, wherever that struck: the answer has the job's id."""
    if reservation is not None:
        reservation.is_sent = True
    if sending.answer is not None:
        with suppress(AkiError):
            job_id = answers.read_submit(sending.answer, reading.endpoint)
            job = JobState(reading.endpoint, job_id, trace=sending.trace, reservation=reservation)
            if reservation is not None:
                yield from written(partial(reservation.bind, job_id))
            reader = JobReader(context, job, reading, options)
            yield from reader.cancel_on_error(reason, interrupted=True)


def call(
    context: HubContext,
    reading: Reading[Prog, Out],
    inputs: Mapping[str, Any],
    options: Options,
    explain: Callable[[AkiError], Flow[AkiError]] | None = None,
    reservation: "Reservation | None" = None,
    share: Callable[[str, JobState], JobState] | None = None,
) -> Flow[Out]:
    """Submit a job and wait for its result, showing what happens to `options.on_progress`.

    It takes what `submit` takes, and `share`, which returns what all in this process know of a job: who is shown its
    events may read it too.
    """
    job = yield from submit(context, reading, inputs, options, explain, reservation)
    if options.on_progress is not None and share is not None:
        job = share(context.address.server, job)
    reader = JobReader(context, job, reading, options, job.deadline)
    try:
        if options.on_progress is not None:
            events = EventReader(job, reading)
            while event := (yield from reader.next_event(events)):
                yield Notify(event, options.on_progress)
        return (yield from reader.result())
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from reader.cancel_on_error(error, interrupted=not isinstance(error, Exception))
        raise


@dataclass
class JobReader(Generic[Prog, Out]):
    """One who waits for a job: a call, a stream, or one method of a handle.

    Whoever gets the `done` answer has the only copy of the result, so readers of one job ask in turn, and each looks
    first whether another one has brought news.

    Attributes:
        context: The hub.
        job: The job.
        reading: How it is read.
        options: How often to ask.
        deadline: When to stop waiting.
        goes_on: Whether the job outlives its reader, so that an answer under way must not be lost; any other job is
            cancelled when the waiting fails.
    """

    context: HubContext
    job: JobState
    reading: Reading[Prog, Out]
    options: Options
    deadline: float = math.inf
    goes_on: bool = False

    def next_event(self, events: EventReader[Prog, Out]) -> Flow[Event[Prog] | None]:
        """Wait for something to happen to the job and return it; None when the job has ended.

        Args:
            events: What was seen of the job so far.
        """
        while True:
            event = events.read()
            if event is not None or self.job.ended:
                return event
            yield from self.news()

    def result(self) -> Flow[Out]:
        """Wait for the end of the job and return its result."""
        while not self.job.ended:
            yield from self.news()
        return self.reading.result(self.job)

    def news(self, *, at_once: bool = False) -> Flow[None]:
        """Wait for the job's next poll and poll it, unless another reader has done so by then.

        Args:
            at_once: Whether to ask now.

        Raises:
            DeadlineExceededError: The deadline came first.
        """
        context, job = self.context, self.job
        seen = job.revision
        try:
            # Outside of the turn, so that nobody who cancels has to wait for a long pause.
            pause = 0.0 if at_once else max(job.next_poll - context.now(), 0.0)
            left = context.left(self.deadline)
            if pause:
                yield Pause(min(pause, left))
            # With no time left, the answer to a poll would be lost, and may be the result; the cancelling brings it.
            if pause >= left and (pause or not self.goes_on):
                raise too_late(job, goes_on=self.goes_on)
            turn = job.turn
            if turn is not None and not (yield TakeTurn(turn, context.left(self.deadline))):
                raise too_late(job, goes_on=self.goes_on)
            try:
                if job.revision == seen and not job.ended:
                    yield from self._poll(self.deadline)
            finally:
                if turn is not None:
                    turn.release()
        except GeneratorExit:
            raise
        except BaseException as error:
            yield from self.cancel_on_error(error, interrupted=not isinstance(error, Exception))
            if isinstance(error, AkiError):
                # The answer to the cancelling may hold the result, which nobody could have again.
                if job.result is not None:
                    return
                if job.pending is not None:
                    error.partial = self.reading.partial(job.pending.data)
            raise

    def cancel(self) -> Flow[None]:
        """Ask the hub to cancel the job. Returns once the hub has answered; the job may end as done all the same."""
        job, turn = self.job, self.job.turn
        job.cancel_asked = True  # rides on the poll of another reader that is trying
        if turn is not None and not (yield TakeTurn(turn, CANCEL_SECONDS)):
            raise too_late(job, goes_on=self.goes_on)
        try:
            if job.cancel_asked and not job.ended:
                yield from self._poll(self.context.deadline(CANCEL_SECONDS), cancel=True)
        finally:
            if turn is not None:
                turn.release()

    def cancel_on_error(
        self, reason: BaseException | None = None, *, interrupted: bool = False
    ) -> Flow[None]:
        """Cancel a job that nobody waits for any more, as well as can be done in a short time, and once.

        Args:
            reason: Why nobody does; None where somebody chose so.
            interrupted: Whether it is given up for an interruption, so that the next one ends even this.
        """
        job = self.job
        if self.goes_on or job.ended or job.abandoned:
            return
        job.abandoned = True
        yield Note(f"{job.endpoint}: cancelling job {job.short_id}, nobody waits for it")
        # The reason for giving up is the one to report; that the hub cannot be asked is not.
        with suppress(AkiError):
            try:
                yield from self.cancel()
            except (GeneratorExit, AkiError):
                raise
            except BaseException:
                if not interrupted:
                    with suppress(AkiError):
                        yield from self.cancel()
                raise
            finally:
                if job.trace is not None:
                    job.trace.end(job, reason)

    def _poll(self, deadline: float, *, cancel: bool = False) -> Flow[None]:
        """Ask how the job is until the hub answers, and take the answer in.

        Asking costs nothing, and one odd answer says nothing of the job: all but the hub's own refusal is asked again.

        Args:
            deadline: When to stop asking.
            cancel: Whether the hub is asked to cancel the job as well.

        Raises:
            DeadlineExceededError: The deadline came first; it says what came in place of an answer.
            StatusError: The hub itself refuses to answer.
            AkiError: No deadline was given, and no answer came for as long as a result lies ready.
        """
        context, job, endpoint = self.context, self.job, self.job.endpoint
        begin_trace = context.trace
        if job.trace is None and begin_trace is not None:
            job.trace = begin_trace(context.address, self.reading, {}, job)
        until = context.now() + UNFETCHED_SECONDS if math.isinf(deadline) else deadline
        attempt = 0
        came: AkiError | None = None
        while True:
            attempt += 1
            extra, job.inputs_to_send = job.inputs_to_send, {}
            cancelling = cancel or job.cancel_asked
            request = requests.poll(
                context.address, context.key, endpoint, job.job_id, cancel=cancelling, extra=extra
            )
            grace = ANSWER_SECONDS if self.goes_on and not cancel else 0.0
            left = context.left(deadline)
            sending = Send(request, left, whole=self.goes_on, grace=grace, trace=job.trace)
            answer: Answer | None = None
            is_taken = False
            began = context.now()
            try:
                answer = cast("Answer", (yield sending))
                before, interval = job.status, self.options.progress_interval
                job.observe(answer, context.now(), interval, context.learn(began))
                is_taken = True
                job.cancel_asked = job.cancel_asked and not cancelling
                if job.status != before:
                    yield Note(f"{endpoint}: job {job.short_id} is {job.status}")
                if job.ended and job.reservation is not None:
                    yield from self._settle(job.reservation)
                return
            except (ConnectionFailedError, StatusError, UnexpectedAnswerError) as error:
                is_refusal = isinstance(error, StatusError)
                if is_refusal and answer is not None and answer.is_last_word:
                    raise
                reason = error
            except AkiError:
                raise
            except BaseException:
                # The answer came all the same, and nobody else can have it.
                if sending.answer is not None and not is_taken:
                    with suppress(AkiError):
                        job.observe(sending.answer, context.now(), self.options.progress_interval)
                        is_taken = True
                        if job.ended and job.reservation is not None:
                            yield from self._settle(job.reservation)
                raise
            finally:
                if not is_taken:
                    job.inputs_to_send = {**extra, **job.inputs_to_send}
            # That there is no answer in the last moments says less than what came before.
            is_brief = sending.seconds < 1.0 and isinstance(reason, ConnectionFailedError)
            came = reason if came is None or not is_brief else came
            retry_after = answer.retry_after if answer is not None else None
            pause = retry_delay_within(context.left(until), attempt, retry_after, random.random)
            if pause is None:
                raise (
                    came if math.isinf(deadline) else too_late(job, came, goes_on=self.goes_on)
                ) from came
            yield from _again(self.options, f"{endpoint}: job {job.short_id}", pause, reason)

    def _settle(self, reservation: "Reservation") -> Flow[None]:
        """Settle what was reserved for a job that has ended, once; it stays reserved where nobody knows its cost."""
        job = self.job
        job.reservation = None
        if job.result is None:
            # Whether a job is billed that brought nothing, no hub says.
            reason = f"{type(job.error).__name__}: {job.error}"
            yield from written(partial(reservation.keep, reason))
        else:
            cost = replace(self.reading, prices=reservation.prices).result(job).cost
            yield from written(partial(reservation.settle, cost))


def too_late(
    job: JobState, reason: AkiError | None = None, *, goes_on: bool = False
) -> DeadlineExceededError:
    """Make the exception for a deadline that passed.

    Args:
        job: The job that was waited for.
        reason: What came in place of an answer.
        goes_on: Whether the job outlives its reader.
    """
    message = f"{job.endpoint}: the deadline passed while the job was {job.status}"
    if job.pending is not None and job.pending.workers == 0:
        message += ", and no worker is online"
    if goes_on:
        message += "; the job goes on"
    if reason is not None:
        message += f"; asked again in vain: {reason}"
    return DeadlineExceededError(message, endpoint=job.endpoint, job_id=job.job_id)


def _again(options: Options, what: str, pause: float, reason: AkiError) -> Flow[None]:
    """Say that something has failed and is tried again, and wait until then."""
    yield Note(f"{what}: trying again in {pause:.2f} s: {reason}")
    if options.on_retry is not None:
        yield Notify(reason, options.on_retry)
    yield Pause(pause)


def _no_answer_in_time(endpoint: str, *, sent: bool) -> DeadlineExceededError:
    what = f"answered; {UNCERTAIN}" if sent else "had the whole request; no job was made"
    return DeadlineExceededError(
        f"{endpoint}: the deadline passed before the hub {what}", endpoint=endpoint, sent=sent
    )
