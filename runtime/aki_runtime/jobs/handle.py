"""What the handles and streams of jobs, sync and async, are without asking the hub."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ..errors import DeadlineExceededError, InvalidParametersError, JobError
from ..http.drive import Driver
from ..json_value import encode_json
from ..options import Options, require_seconds
from ..protocol import flows, polling
from ..protocol.effects import Flow
from ..protocol.view import EventReader, JobView, Out, Prog
from .ref import JobRef, Origin
from .slots import SLOTS, JobSlot

D = TypeVar("D", bound=Driver[Any])


class JobHandle(Generic[D, Prog, Out]):
    """What both handles can say without asking the hub."""

    def __init__(
        self, driver: D, view: JobView[Prog, Out], options: Options, origin: Origin
    ) -> None:
        self._driver = driver
        self._options = options
        self._origin = origin
        self._slot = SLOTS.of(driver.session.address.server, view.state)
        self._state = self._slot.state
        self._view = self._slot.view(view.reading)

    def settle(self, result: Mapping[str, Any] | None, error: JobError | None) -> None:
        """Give the handle an end that is known from elsewhere: the hub would not tell it again."""
        if not self._state.ended:
            self._state.result, self._state.error = result, error

    def _news(self, seconds: float | None) -> Callable[[], Flow[None]]:
        """Return what brings one piece of news of the job, within a time that begins now."""
        session, deadline = self._driver.session, self._deadline(seconds)
        return lambda: polling.news(session, self._state, self._options, deadline, goes_on=True)

    def _ask(self, timeout: float | None) -> Flow[str]:
        job, deadline = self._state, self._deadline(timeout)
        if not job.ended:
            yield from polling.ask_how(
                self._driver.session,
                job,
                self._options,
                deadline,
                goes_on=True,
                seen=job.revision,
            )
        return job.status

    def _cancel(self, wait: float) -> Flow[None]:
        require_seconds("wait", wait)
        yield from polling.cancel(self._driver.session, self._state, self._options, goes_on=True)
        news = self._news(wait)
        with suppress(DeadlineExceededError):
            while wait and not self._state.ended:
                yield from news()

    def _deadline(self, timeout: float | None) -> float | None:
        # A hub may say for ever that a job runs; only who asks for it waits as long.
        require_seconds("timeout", timeout)
        return self._driver.session.deadline(self._options.timeout if timeout is None else timeout)

    def _ref(self) -> JobRef:
        address = self._driver.session.address
        return JobRef(self._origin, self.endpoint, address.server, address.layout, self.id)

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
            InvalidParametersError: A value that is no JSON.
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.endpoint} {polling.short(self.id)}… {self._state.status}>"


def result_fields(job: JobHandle[Any, Any, Any]) -> dict[str, Any] | None:
    """Return a job's result as the hub's fields, for `settle` in another process; None where there is none."""
    result = job._state.result  # pyright: ignore[reportPrivateUsage]
    return dict(result) if result is not None else None


def canceled_too_late(job: JobHandle[Any, Any, Any]) -> DeadlineExceededError:
    """Make the exception for a job that was cancelled when its time was over."""
    late = polling.too_late(job._state)  # pyright: ignore[reportPrivateUsage]
    return late.with_hint("the hub was asked to cancel it")


class JobWatch(Generic[D, Prog, Out]):
    """What both streams are: a job that is submitted when it is first read, and how far it was read."""

    _slot: JobSlot
    _reader: EventReader[Prog, Out] | None = None

    def __init__(self, driver: D, start: Flow[JobView[Prog, Out]], options: Options) -> None:
        self._driver = driver
        self._start = start
        self._options = options

    def __repr__(self) -> str:
        state = self._reader.view.state.status if self._reader is not None else "not started"
        return f"<{type(self).__name__} {state}>"

    @property
    def job_id(self) -> str | None:
        """The job's id on the hub; None before the stream has begun."""
        return self._reader.view.state.job_id if self._reader is not None else None

    def _begun(self, view: JobView[Prog, Out]) -> EventReader[Prog, Out]:
        self._slot = SLOTS.of(self._driver.session.address.server, view.state)
        self._reader = EventReader(self._slot.view(view.reading))
        return self._reader

    def _news(self) -> Flow[None]:
        return flows.watch(self._driver.session, self._slot.state, self._options)

    def _abandon(self) -> Flow[None]:
        return polling.abandon(self._driver.session, self._slot.state, self._options)
