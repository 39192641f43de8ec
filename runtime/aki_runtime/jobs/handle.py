"""What the handles and streams of jobs, sync and async, are without asking the hub.

Two readers of one job that did not know of each other would poll it side by side, and only one of them would get its
result. So handles, streams and copies of them, sync and async, share what is known of a job, and a turn to ask.
"""
# pyright: reportPrivateUsage=false
# A stream knows its handle from inside.

import asyncio
import math
import os
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Generic, TypeVar, cast
from weakref import WeakValueDictionary

from ..errors import AkiError, DeadlineExceededError, InvalidParametersError, JobError
from ..http.drive import Driver
from ..options import Options, require_seconds
from ..protocol.effects import Flow, TakeTurn
from ..protocol.flows import JobReader, too_late
from ..protocol.job import EventReader, JobState, Out, Prog, Reading
from ..shapes import encode_json
from .ref import EndpointRef, packed, restore_job

D = TypeVar("D", bound=Driver[Any])
H = TypeVar("H", bound="JobHandle[Any, Any, Any]")


class SharedTurn:
    """A lock that threads wait for, and tasks of any event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[Future[None]] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for the turn, and return whether it came in time."""
        waiter = self._ask()
        if waiter is None:
            return True
        try:
            waiter.result(None if math.isinf(seconds) else seconds)
        except TimeoutError:
            return not waiter.cancel()
        except BaseException:
            self._decline(waiter)
            raise
        return True

    async def take_async(self, seconds: float) -> bool:
        """Wait for the turn in a task, and return whether it came in time."""
        waiter = self._ask()
        if waiter is None:
            return True
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                await asyncio.wrap_future(waiter)
        except TimeoutError:
            return not waiter.cancel()
        except BaseException:
            self._decline(waiter)
            raise
        return True

    def release(self) -> None:
        """Let the one who has waited longest have it."""
        with self._lock:
            while self._waiting:
                waiter = self._waiting.popleft()
                if waiter.set_running_or_notify_cancel():
                    break
            else:
                self._is_taken = False
                return
        waiter.set_result(None)

    def _ask(self) -> Future[None] | None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return None
            waiter: Future[None] = Future()
            self._waiting.append(waiter)
            return waiter

    def _decline(self, waiter: Future[None]) -> None:
        if not waiter.cancel():
            self.release()  # it came amid the interruption


class JobRegistry:
    """The jobs in use, forgotten with their last reader."""

    def __init__(self) -> None:
        self.forget()

    def of(self, server: str, state: JobState) -> JobState:
        """Return what is known of a job: where it is in use, that of its readers instead of this one."""
        key = (server, state.endpoint, state.job_id)
        with self._lock:
            known = self._jobs.get(key)
            if known is None:
                state.turn = SharedTurn()
                self._jobs[key] = known = state
            elif not known.ended:
                known.reservation = known.reservation or state.reservation
            return known

    def forget(self) -> None:
        """Begin anew, as if no job were in use."""
        self._jobs: WeakValueDictionary[tuple[str, str, str], JobState] = WeakValueDictionary()
        self._lock = threading.Lock()


JOBS = JobRegistry()

if hasattr(os, "register_at_fork"):
    # A thread that held a lock here is not there in a forked process, and could not give it back.
    os.register_at_fork(after_in_child=JOBS.forget)


class JobHandle(Generic[D, Prog, Out]):
    """What both handles can say without asking the hub."""

    _client: ClassVar[str]

    def __init__(
        self,
        driver: D,
        state: JobState,
        reading: Reading[Prog, Out],
        options: Options,
        origin: EndpointRef,
    ) -> None:
        self._driver = driver
        self._state = JOBS.of(driver.context.address.server, state)
        self._reading = reading
        self._options = options
        self._origin = origin

    def settle(self, result: Mapping[str, Any] | None, error: JobError | None) -> None:
        """Give the handle an end that is known from elsewhere: the hub would not tell it again."""
        if not self._state.ended:
            self._state.result, self._state.error = result, error

    def _read(self, timeout: float | None) -> JobReader[Prog, Out]:
        """Return one who waits for the job, for a time that begins now."""
        # A hub may say forever that a job runs; only a caller who asks for it waits as long.
        seconds = self._options.timeout
        if timeout is not None:
            require_seconds("timeout", timeout)
            seconds = timeout
        context = self._driver.context
        deadline = context.deadline(seconds)
        return JobReader(context, self._state, self._reading, self._options, deadline, goes_on=True)

    def _ask(self, timeout: float | None) -> Flow[str]:
        reader = self._read(timeout)
        if not self.ended:
            yield from reader.news(at_once=True)
        return self._state.status

    def _cancel(self, wait: float) -> Flow[None]:
        require_seconds("wait", wait)
        yield from self._read(None).cancel()
        reader = self._read(wait)
        with suppress(DeadlineExceededError):
            while wait and not self.ended:
                yield from reader.news()

    @property
    def id(self) -> str:
        """The job's id on the hub. Whoever knows it can read the job: treat it as a secret."""
        return self._state.job_id

    @property
    def endpoint(self) -> str:
        """The endpoint's name on the hub."""
        return self._state.endpoint

    @property
    def ended(self) -> bool:
        """Whether the job's end is known here."""
        return self._state.ended

    def send(self, **progress_inputs: Any) -> None:
        """Give the running job extra inputs; they ride on the next poll.

        Raises:
            InvalidParametersError: A value is not JSON.
        """
        try:
            encode_json(progress_inputs)
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"progress inputs must be JSON values: {error}"
            raise InvalidParametersError(self.endpoint, [reason]) from None
        self._state.inputs_to_send.update(progress_inputs)

    def __eq__(self, other: object) -> bool:
        """Two handles are equal where they know the same job, and know the same of it."""
        state: object = getattr(other, "_state", None)
        return type(other) is type(self) and self._state is state

    def __hash__(self) -> int:
        return hash((self.endpoint, self.id))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle where the job is and how it ended, never the key."""
        address, state = self._driver.context.address, self._state
        place = (self._client, self._origin, self.endpoint, address, self.id)
        return restore_job, packed(*place, state.result, state.error)

    def __repr__(self) -> str:
        state = self._state
        return f"<{type(self).__name__} {self.endpoint} {state.short_id}… {state.status}>"


def result_fields(job: JobHandle[Any, Any, Any]) -> dict[str, Any] | None:
    """Return a job's result as the hub's fields, for `settle` in another process; None where there is none."""
    result = job._state.result
    return dict(result) if result is not None else None


@contextmanager
def giving_up(job: JobHandle[Any, Any, Any], reason: BaseException | None) -> Generator[None]:
    """Cancel a job in a block, for a reason that its span ends with, unless the result comes all the same."""
    state = job._state
    state.abandoned = True
    try:
        yield
    finally:
        if state.trace is not None:
            state.trace.end(state, reason)


def canceled_too_late(job: JobHandle[Any, Any, Any]) -> DeadlineExceededError:
    """Make the exception for a job that was cancelled when its time was over."""
    return too_late(job._state).with_hint("the hub was asked to cancel it")


class JobStream(Generic[D, H, Prog, Out]):
    """What both streams are: a job that is submitted when it is first read, and how far it was read."""

    _job: H | None = None
    _reader: JobReader[Prog, Out]
    _events: EventReader[Prog, Out]
    _process: int

    def __init__(self, driver: D, start: Flow[JobState], handle: Callable[[JobState], H]) -> None:
        self._driver = driver
        self._start = start
        self._starting = SharedTurn()
        self._handle = handle

    def __del__(self) -> None:
        # Whoever leaves a loop by `break` or an exception, without a `with` block, says so in no other way.
        job = self._job
        if job is None or job.ended or self._reader.job.abandoned or sys.is_finalizing():
            return
        if self._process != os.getpid():
            return  # a fork drops its copy; the stream itself goes on
        message = (
            f"{self!r} was dropped before its end, and its job is cancelled; use a `with` block"
        )
        self._run_later(self._reader.cancel_on_error())
        warnings.warn(message, ResourceWarning, stacklevel=2, source=self)  # may raise

    def _run_later(self, flow: Flow[None]) -> None:
        """Run a flow beside the code that goes on, which may be any: a stream is dropped where its last name goes."""
        raise NotImplementedError

    def __repr__(self) -> str:
        state = self._job._state.status if self._job is not None else "not started"
        return f"<{type(self).__name__} {state}>"

    @property
    def job_id(self) -> str | None:
        """The job's id on the hub; None before the stream has started."""
        return self._job.id if self._job is not None else None

    def _opened(self) -> Flow[JobReader[Prog, Out]]:
        """Submit the job, unless another reader of this stream has done so; return who reads it.

        Raises:
            AkiError: The job could not be submitted, now or before.
        """
        yield TakeTurn(self._starting, math.inf)
        try:
            if self._job is None:
                submitted = cast("JobState | None", (yield from self._start))
                if submitted is None:  # the flow was at its end: it has failed for another reader
                    raise AkiError("the stream could not be started; make another one")
                self._begin(submitted)
        finally:
            self._starting.release()
        return self._reader

    def _begin(self, submitted: JobState) -> None:
        job = self._handle(submitted)
        state, reading = job._state, job._reading
        self._reader = JobReader(
            self._driver.context, state, reading, job._options, submitted.deadline
        )
        self._events = EventReader(state, reading)
        self._process = os.getpid()
        self._job = job
