"""One signature for every way of calling an endpoint.

A generated module holds one typed function per endpoint. The decorator here turns it into an `EndpointSpec`,
and a `ParamSpec` carries the function's signature to call, stream and submit, sync and async alike.
An editor lets the function's docstring come with it, for every method that has no docstring of its own.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    Unpack,
    cast,
    overload,
)

from ..errors import InvalidParametersError
from ..fields.base import InputModel
from ..fields.parameters import Parameter
from ..http.runner import AsyncRunner, SyncRunner
from ..jobs.async_job import AsyncJob
from ..jobs.async_stream import AsyncStream
from ..jobs.ref import JobRef, Origin, restore_endpoint
from ..jobs.sync_job import Job
from ..jobs.sync_stream import Stream
from ..media.inputs import takes_long
from ..options import OptionChanges, Options, changed
from ..protocol import flows
from ..protocol.effects import Flow, Session, Work
from ..protocol.state import JobState
from ..protocol.view import JobView, Out, Prog, Reading
from . import staleness
from .info import EndpointInfo, check_with_model, removal_notice

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .sync_client import SyncClient

P = ParamSpec("P")
T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., object])


def endpoint(
    name: str,
    *,
    output: type[Out],
    progress: type[Prog],
    title: str,
    description: str = "",
    category: str | None = None,
    version: int | None = None,
    removed: bool = False,
    alternatives: Sequence[str] = (),
) -> Callable[[Callable[P, InputModel]], "EndpointSpec[P, Out, Prog]"]:
    """Make an endpoint of a typed function whose annotation of the result names its input model.

    The function's body is for type checkers and readers: a call builds the input model from the very
    arguments it was given, so that those it was not given are left to the hub.

    An endpoint that the hub has removed says so when its module is imported, and when it is called.
    """
    gone = removal_notice(name, alternatives) if removed else ""
    if gone:
        warnings.warn(gone, DeprecationWarning, stacklevel=2)

    def decorate(function: Callable[P, InputModel]) -> "EndpointSpec[P, Out, Prog]":
        model = cast("type[InputModel]", function.__annotations__["return"])
        # To whoever asks for the signature, the function is what a call of the endpoint is.
        function.__annotations__["return"] = output
        info = EndpointInfo(
            name=name,
            title=title,
            description=description,
            category=category,
            version=version,
            reading=Reading(name, output, progress),
            origin=Origin(function.__module__.partition(".endpoints.")[0], function.__name__),
            input=model,
            check=check_with_model(name, model),
            removed=gone,
        )
        return EndpointSpec(info, function)

    return decorate


class EndpointSpec(Generic[P, Out, Prog]):
    """An endpoint that is not bound to a client yet."""

    def __init__(self, info: EndpointInfo[Prog, Out], function: Callable[P, InputModel]) -> None:
        self.info = info
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__name__ = function.__name__
        self.__annotations__ = function.__annotations__
        self.__wrapped__ = function

    def __reduce__(self) -> str:
        # As functions are: by module and name.
        return self.__name__

    if TYPE_CHECKING:
        # At run time a client loads its endpoints when they are first asked for.
        @overload
        def __get__(self, client: SyncClient, owner: object) -> "Endpoint[P, Out, Prog]": ...
        @overload
        def __get__(self, client: AsyncClient, owner: object) -> "AsyncEndpoint[P, Out, Prog]": ...
        def __get__(self, client: Any, owner: object) -> Any: ...

    def __repr__(self) -> str:
        return f"<EndpointSpec {self.info.name}>"


def _doc(text: str) -> Callable[[Method], Method]:
    """Document a method for `help` alone, so that editors show the endpoint's docstring in its place."""

    def decorate(method: Method) -> Method:
        method.__doc__ = text
        return method

    return decorate


class _Bound(Generic[P, Out, Prog]):
    """What both kinds of endpoint are made of."""

    _client: ClassVar[str]
    _runner: Any

    def __init__(self, spec: EndpointSpec[P, Out, Prog], options: Options) -> None:
        self._spec = spec
        self._options = options
        self.__doc__ = spec.__doc__
        self.__name__ = spec.__name__
        self.__annotations__ = spec.__annotations__
        self.__wrapped__ = spec.__wrapped__  # what inspect.signature and help() show

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the endpoint and its hub, never the key, which is AKI_API_KEY wherever it is restored."""
        address = self._runner.session.address
        ref = JobRef(self.info.origin, self.info.name, address.server, address.layout, job_id="")
        return restore_endpoint, (self._client, ref, self._options)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    @property
    def info(self) -> EndpointInfo[Prog, Out]:
        """The endpoint's name, title, description, category, version and parameters."""
        return self._spec.info

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What each parameter takes (range, step, choices, default), by its Python name."""
        return self.info.parameters

    def _with_inputs(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        life: Callable[[Mapping[str, Any]], Flow[T]],
    ) -> Flow[T]:
        """Check the arguments, at once or, where that takes long, beside the event loop; then begin a job's life."""
        if not takes_long(kwargs):
            return life(self._inputs(args, kwargs))

        def later() -> Flow[T]:
            inputs: Mapping[str, Any] = yield Work(lambda: self._inputs(args, kwargs))
            return (yield from life(inputs))

        return later()

    def _inputs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, Any]:
        return self.info.inputs(args, kwargs, allow_paths=self._options.allow_paths)

    def _found(self, job_id: object) -> JobView[Prog, Out]:
        if not isinstance(job_id, str) or not job_id:
            reason = f"job_id={job_id!r}: give the id of a job, as text"
            raise InvalidParametersError(self.info.name, [reason])
        return JobView(JobState(self.info.name, job_id), self.info.reading)

    def _explaining(self, session: Session, flow: Flow[T]) -> Flow[T]:
        return staleness.explaining(session, self.info.origin, flow)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.name}>"


class Endpoint(_Bound[P, Out, Prog]):
    """One endpoint of a client: call it, stream it, or submit a job."""

    _client = "Aki"

    def __init__(
        self, runner: SyncRunner, spec: EndpointSpec[P, Out, Prog], options: Options
    ) -> None:
        super().__init__(spec, options)
        self._runner: SyncRunner = runner

    @_doc("Submit a job, wait for it and return its result.")
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Out:  # noqa: D102
        session = self._runner.session
        call = self._with_inputs(
            args,
            kwargs,
            lambda inputs: flows.call(session, self.info.reading, inputs, self._options),
        )
        return self._runner.run(self._explaining(session, call))

    @_doc("Submit a job and watch it; use it in a `with` block.")
    def stream(self, /, *args: P.args, **kwargs: P.kwargs) -> Stream[Prog, Out]:  # noqa: D102
        return Stream(self._runner, self._start(args, kwargs), self._options)

    @_doc(
        "Submit a job and return its handle at once; the job goes on whatever becomes of the handle."
    )
    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> Job[Prog, Out]:  # noqa: D102
        return self._handle(self._runner.run(self._start(args, kwargs)))

    def job(self, job_id: str) -> Job[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return self._handle(self._found(job_id))

    def with_options(self, **changes: Unpack[OptionChanges[Prog]]) -> "Endpoint[P, Out, Prog]":
        """Return the same endpoint with other options; `Options` says what each means."""
        return Endpoint(self._runner, self._spec, changed(self._options, changes))

    def _handle(self, view: JobView[Prog, Out]) -> Job[Prog, Out]:
        return Job(self._runner, view, self._options, self.info.origin)

    def _start(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Flow[JobView[Prog, Out]]:
        session = self._runner.session
        submit = self._with_inputs(
            args,
            kwargs,
            lambda inputs: flows.submit(session, self.info.reading, inputs, self._options),
        )
        return self._explaining(session, submit)


class AsyncEndpoint(_Bound[P, Out, Prog]):
    """One endpoint of an async client: await it, stream it, or submit a job."""

    _client = "AsyncAki"

    def __init__(
        self, runner: AsyncRunner, spec: EndpointSpec[P, Out, Prog], options: Options
    ) -> None:
        super().__init__(spec, options)
        self._runner: AsyncRunner = runner

    @_doc("Submit a job, wait for it and return its result.")
    async def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Out:  # noqa: D102
        session = self._runner.session
        call = self._with_inputs(
            args,
            kwargs,
            lambda inputs: flows.call(session, self.info.reading, inputs, self._options),
        )
        return await self._runner.run(self._explaining(session, call))

    @_doc("Submit a job and watch it; use it in an `async with` block.")
    def stream(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Prog, Out]:  # noqa: D102
        return AsyncStream(self._runner, self._start(args, kwargs), self._options)

    @_doc(
        "Submit a job and return its handle at once; the job goes on whatever becomes of the handle."
    )
    async def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncJob[Prog, Out]:  # noqa: D102
        return self._handle(await self._runner.run(self._start(args, kwargs)))

    def job(self, job_id: str) -> AsyncJob[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return self._handle(self._found(job_id))

    def with_options(self, **changes: Unpack[OptionChanges[Prog]]) -> "AsyncEndpoint[P, Out, Prog]":
        """Return the same endpoint with other options; `Options` says what each means."""
        return AsyncEndpoint(self._runner, self._spec, changed(self._options, changes))

    def _handle(self, view: JobView[Prog, Out]) -> AsyncJob[Prog, Out]:
        return AsyncJob(self._runner, view, self._options, self.info.origin)

    def _start(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Flow[JobView[Prog, Out]]:
        session = self._runner.session
        submit = self._with_inputs(
            args,
            kwargs,
            lambda inputs: flows.submit(session, self.info.reading, inputs, self._options),
        )
        return self._explaining(session, submit)
