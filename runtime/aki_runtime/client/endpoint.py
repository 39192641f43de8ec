"""One signature for every way of calling an endpoint.

A generated module holds one typed function per endpoint. The decorator here turns it into an `EndpointSpec`,
and a `ParamSpec` carries the function's signature to call, stream and submit, sync and async alike.
An editor lets the function's docstring come with it, for every method that has no docstring of its own.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
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
from ..http.drive import AsyncDriver, Driver, SyncDriver
from ..jobs.async_job import AsyncJob
from ..jobs.async_stream import AsyncStream
from ..jobs.ref import JobRef, Origin, restore_endpoint
from ..jobs.sync_job import Job
from ..jobs.sync_stream import Stream
from ..media.inputs import takes_long
from ..options import OptionChanges, Options, changed
from ..protocol import flows
from ..protocol.effects import Flow, Work
from ..protocol.state import JobState
from ..protocol.view import JobView, Out, Prog, Reading
from . import staleness
from .info import EndpointInfo, check_with_model, removal_notice

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .sync_client import SyncClient

D = TypeVar("D", bound=Driver[Any])
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


class _Bound(Generic[D, P, Out, Prog]):
    """What both kinds of endpoint are made of."""

    _client: ClassVar[str]

    def __init__(
        self, open_driver: Callable[[], D], spec: EndpointSpec[P, Out, Prog], options: Options
    ) -> None:
        # Called, not a property: whatever looks at all attributes, as mock does, has no client that is set up.
        self._driver = open_driver
        self._spec = spec
        self._options = options
        self.__doc__ = spec.__doc__
        self.__name__ = spec.__name__
        self.__annotations__ = spec.__annotations__
        self.__wrapped__ = spec.__wrapped__  # what inspect.signature and help() show

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the endpoint and its hub, never the key, which is AKI_API_KEY wherever it is restored."""
        address = self._driver().session.address
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

    def _begin(
        self, life: Callable[..., Flow[T]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Flow[T]:
        """Check the arguments, at once or, where that takes long, beside the event loop; then begin a job's life."""
        session, info, options = self._driver().session, self.info, self._options
        explain = partial(staleness.explained, session, info.origin)

        def check() -> Mapping[str, Any]:
            return info.inputs(args, kwargs, allow_paths=options.allow_paths)

        def later() -> Flow[T]:
            inputs: Mapping[str, Any] = yield Work(check)
            return (yield from life(session, info.reading, inputs, options, explain))

        if takes_long(kwargs):
            return later()
        return life(session, info.reading, check(), options, explain)

    def _found(self, job_id: object) -> JobView[Prog, Out]:
        if not isinstance(job_id, str) or not job_id:
            reason = f"job_id={job_id!r}: give the id of a job, as text"
            raise InvalidParametersError(self.info.name, [reason])
        return JobView(JobState(self.info.name, job_id), self.info.reading)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.name}>"


class Endpoint(_Bound[SyncDriver, P, Out, Prog]):
    """One endpoint of a client: call it, stream it, or submit a job."""

    _client = "Aki"

    @_doc("Submit a job, wait for it and return its result.")
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Out:  # noqa: D102
        call: Flow[Out] = self._begin(flows.call, args, kwargs)
        return self._driver().run(call)

    @_doc("Submit a job and watch it; use it in a `with` block.")
    def stream(self, /, *args: P.args, **kwargs: P.kwargs) -> Stream[Prog, Out]:  # noqa: D102
        start: Flow[JobView[Prog, Out]] = self._begin(flows.submit, args, kwargs)
        return Stream(self._driver(), start, self._options)

    @_doc(
        "Submit a job and return its handle at once; the job goes on whatever becomes of the handle."
    )
    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> Job[Prog, Out]:  # noqa: D102
        return self._handle(self._driver().run(self._begin(flows.submit, args, kwargs)))

    def job(self, job_id: str) -> Job[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return self._handle(self._found(job_id))

    def with_options(self, **changes: Unpack[OptionChanges[Prog]]) -> "Endpoint[P, Out, Prog]":
        """Return the same endpoint with other options; `Options` says what each means."""
        return Endpoint(self._driver, self._spec, changed(self._options, changes))

    def _handle(self, view: JobView[Prog, Out]) -> Job[Prog, Out]:
        return Job(self._driver(), view, self._options, self.info.origin)


class AsyncEndpoint(_Bound[AsyncDriver, P, Out, Prog]):
    """One endpoint of an async client: await it, stream it, or submit a job."""

    _client = "AsyncAki"

    @_doc("Submit a job, wait for it and return its result.")
    async def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Out:  # noqa: D102
        call: Flow[Out] = self._begin(flows.call, args, kwargs)
        return await self._driver().run(call)

    @_doc("Submit a job and watch it; use it in an `async with` block.")
    def stream(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Prog, Out]:  # noqa: D102
        start: Flow[JobView[Prog, Out]] = self._begin(flows.submit, args, kwargs)
        return AsyncStream(self._driver(), start, self._options)

    @_doc(
        "Submit a job and return its handle at once; the job goes on whatever becomes of the handle."
    )
    async def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncJob[Prog, Out]:  # noqa: D102
        return self._handle(await self._driver().run(self._begin(flows.submit, args, kwargs)))

    def job(self, job_id: str) -> AsyncJob[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return self._handle(self._found(job_id))

    def with_options(self, **changes: Unpack[OptionChanges[Prog]]) -> "AsyncEndpoint[P, Out, Prog]":
        """Return the same endpoint with other options; `Options` says what each means."""
        return AsyncEndpoint(self._driver, self._spec, changed(self._options, changes))

    def _handle(self, view: JobView[Prog, Out]) -> AsyncJob[Prog, Out]:
        return AsyncJob(self._driver(), view, self._options, self.info.origin)
