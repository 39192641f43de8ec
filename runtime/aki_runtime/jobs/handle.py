"""What the handles of jobs, sync and async, can say without asking the hub."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Generic

from ..errors import DeadlineExceededError, InvalidParametersError, JobError
from ..hub import Address
from ..json_value import encode_json
from ..options import Options, require_seconds
from ..protocol import polling
from ..protocol.effects import Flow, Session
from ..protocol.state import JobState
from ..protocol.view import JobView, Out, Prog
from .ref import JobRef, Origin


class JobHandle(Generic[Prog, Out]):
    """What both handles can say without asking the hub."""

    _state: JobState
    _view: JobView[Prog, Out]
    _origin: Origin
    _options: Options

    def settle(self, result: Mapping[str, Any] | None, error: JobError | None) -> None:
        """Give the handle an end that is known from elsewhere: the hub would not tell it again."""
        if not self._state.ended:
            self._state.result, self._state.error = result, error

    def _news(self, session: Session, seconds: float | None) -> Callable[[], Flow[None]]:
        """Return what brings one piece of news of the job, within a time that begins now."""
        deadline = self._deadline(session, seconds)
        return lambda: polling.news(session, self._state, self._options, deadline, goes_on=True)

    def _ask(self, session: Session, timeout: float | None) -> Flow[str]:
        job, deadline = self._state, self._deadline(session, timeout)
        if not job.ended:
            yield from polling.ask_how(
                session, job, self._options, deadline, goes_on=True, seen=job.revision
            )
        return job.status

    def _cancel(self, session: Session, wait: float) -> Flow[None]:
        require_seconds("wait", wait)
        yield from polling.cancel(session, self._state, self._options, goes_on=True)
        news = self._news(session, wait)
        with suppress(DeadlineExceededError):
            while wait and not self._state.ended:
                yield from news()

    def _deadline(self, session: Session, timeout: float | None) -> float | None:
        # A hub may say for ever that a job runs; only who asks for it waits as long.
        require_seconds("timeout", timeout)
        return session.deadline(self._options.timeout if timeout is None else timeout)

    def _ref(self, address: Address) -> JobRef:
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
