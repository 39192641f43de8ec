"""One signature for every way of calling an endpoint.

A generated module holds one typed function per endpoint. The decorator here turns it into an `EndpointSpec`,
and a `ParamSpec` carries the function's signature to call, stream and submit, sync and async alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Unpack, cast, overload

from pydantic import ValidationError

from . import flows
from .errors import InvalidParametersError
from .explain_inputs import problems_of
from .flows import Flow
from .jobs import AsyncJob, Job
from .jobstate import JobState, Out, Prog, Reading
from .models import InputModel
from .options import OptionChanges, Options
from .runner import AsyncRunner, SyncRunner
from .streams import AsyncStream, Stream

if TYPE_CHECKING:
    from .client import AsyncClient, SyncClient

if TYPE_CHECKING:
    from .client import AsyncClient, SyncClient

P = ParamSpec("P")


@dataclass(frozen=True)
class EndpointInfo(Generic[Prog, Out]):
    """What an endpoint is, apart from its parameters.

    Attributes:
        name: Its name on the hub.
        title: What people call it.
        category: The hub's word for its kind, such as "chat"; None where the hub gives none.
        version: The endpoint's version when this package was generated.
    """

    name: str
    title: str
    category: str | None
    version: int | None
    input: type[InputModel]
    reading: Reading[Prog, Out]

    def inputs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Check the arguments of one call and return them as the hub wants them.

        Raises:
            InvalidParametersError: With every problem of the call at once.
        """
        if args:
            raise TypeError(f"{self.name} takes keyword arguments only, as in name=value")
        try:
            return self.input.model_validate(kwargs).to_wire()
        except ValidationError as error:
            problems = problems_of(error, self.input)
        raise InvalidParametersError(self.name, problems)


def endpoint(
    name: str,
    *,
    output: type[Out],
    progress: type[Prog],
    title: str,
    category: str | None = None,
    version: int | None = None,
) -> Callable[[Callable[P, InputModel]], "EndpointSpec[P, Out, Prog]"]:
    """Make an endpoint of a typed function whose annotation of the result names its input model.

    The function's body is for type checkers and readers: a call builds the input model from the very
    arguments it was given, so that those it was not given are left to the hub.
    """

    def decorate(function: Callable[P, InputModel]) -> "EndpointSpec[P, Out, Prog]":
        info = EndpointInfo(
            name=name,
            title=title,
            category=category,
            version=version,
            input=cast("type[InputModel]", function.__annotations__["return"]),
            reading=Reading(name, output, progress),
        )
        return EndpointSpec(info, function)

    return decorate


class EndpointSpec(Generic[P, Out, Prog]):
    """An endpoint that is not bound to a client yet."""

    def __init__(self, info: EndpointInfo[Prog, Out], function: Callable[P, InputModel]) -> None:
        self.info = info
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__wrapped__ = function

    if TYPE_CHECKING:
        # At run time a client loads its endpoints when they are first asked for.
        @overload
        def __get__(self, client: SyncClient, owner: object) -> "Endpoint[P, Out, Prog]": ...
        @overload
        def __get__(self, client: AsyncClient, owner: object) -> "AsyncEndpoint[P, Out, Prog]": ...
        def __get__(self, client: Any, owner: object) -> Any: ...

    def __repr__(self) -> str:
        return f"<EndpointSpec {self.info.name}>"


class _Bound(Generic[P, Out, Prog]):
    """What both kinds of endpoint are made of."""

    def __init__(self, spec: EndpointSpec[P, Out, Prog], options: Options) -> None:
        self._spec = spec
        self._options = options
        self.__doc__ = spec.__doc__
        self.__name__ = spec.__name__
        self.__wrapped__ = spec.__wrapped__  # what inspect.signature and help() show

    @property
    def info(self) -> EndpointInfo[Prog, Out]:
        """The endpoint's name, title, category and version."""
        return self._spec.info

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.name}>"


class Endpoint(_Bound[P, Out, Prog]):
    """One endpoint of a runner: call it, stream it, or submit a job."""

    def __init__(
        self, runner: SyncRunner, spec: EndpointSpec[P, Out, Prog], options: Options
    ) -> None:
        super().__init__(spec, options)
        self._runner = runner

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Out:
        """Submit a job, wait for it and return its result."""
        inputs = self.info.inputs(args, kwargs)
        return self._runner.run(
            flows.call(self._runner.session, self.info.reading, inputs, self._options)
        )

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> Stream[Prog, Out]:
        """Submit a job and watch it; use it in a `with` block."""
        return Stream(self._runner, self._start(args, kwargs), self._options)

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Job[Prog, Out]:
        """Submit a job and return its handle at once; the job goes on whatever becomes of the handle."""
        state = self._runner.run(self._start(args, kwargs))
        return Job(self._runner, state, self._options)

    def job(self, job_id: str) -> Job[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return Job(self._runner, JobState(self.info.reading, job_id), self._options)

    def with_options(self, **changes: Unpack[OptionChanges[Prog]]) -> "Endpoint[P, Out, Prog]":
        """Return the same endpoint with other options; `Options` says what each means."""
        return Endpoint(self._runner, self._spec, replace(self._options, **changes))

    def _start(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Flow[JobState[Prog, Out]]:
        inputs = self.info.inputs(args, kwargs)
        return flows.submit(self._runner.session, self.info.reading, inputs, self._options)


class AsyncEndpoint(_Bound[P, Out, Prog]):
    """One endpoint of an async runner: await it, stream it, or submit a job."""

    def __init__(
        self, runner: AsyncRunner, spec: EndpointSpec[P, Out, Prog], options: Options
    ) -> None:
        super().__init__(spec, options)
        self._runner = runner

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Out:
        """Submit a job, wait for it and return its result."""
        inputs = self.info.inputs(args, kwargs)
        return await self._runner.run(
            flows.call(self._runner.session, self.info.reading, inputs, self._options)
        )

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Prog, Out]:
        """Submit a job and watch it; use it in an `async with` block."""
        return AsyncStream(self._runner, self._start(args, kwargs), self._options)

    async def submit(self, *args: P.args, **kwargs: P.kwargs) -> AsyncJob[Prog, Out]:
        """Submit a job and return its handle at once; the job goes on whatever becomes of the handle."""
        state = await self._runner.run(self._start(args, kwargs))
        return AsyncJob(self._runner, state, self._options)

    def job(self, job_id: str) -> AsyncJob[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return AsyncJob(self._runner, JobState(self.info.reading, job_id), self._options)

    def with_options(self, **changes: Unpack[OptionChanges[Prog]]) -> "AsyncEndpoint[P, Out, Prog]":
        """Return the same endpoint with other options; `Options` says what each means."""
        return AsyncEndpoint(self._runner, self._spec, replace(self._options, **changes))

    def _start(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Flow[JobState[Prog, Out]]:
        inputs = self.info.inputs(args, kwargs)
        return flows.submit(self._runner.session, self.info.reading, inputs, self._options)
