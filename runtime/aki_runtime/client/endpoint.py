"""One signature for every way of calling an endpoint.

A generated module holds one typed function per endpoint. The decorator here turns it into an `EndpointSpec`, whose
signature call, stream and submit have at run time, sync and async alike. To type checkers and editors, the module
spells them out in classes of its own, which inherit from those here.
"""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    ParamSpec,
    Self,
    TypeVar,
    Unpack,
    cast,
)

from pydantic import PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeVar as DefaultTypeVar

from ..errors import (
    ConfigurationError,
    EndpointRemovedError,
    InvalidParametersError,
    keywords_only,
    removed_in_words,
)
from ..fields.base import InputModel
from ..fields.parameters import Parameter, parameters_of
from ..fields.refusals import problems_of
from ..http.drive import AsyncDriver, Driver, SyncDriver
from ..jobs.async_job import AsyncJob, AsyncStream
from ..jobs.handle import JOBS
from ..jobs.ref import EndpointRef, packed, restore_endpoint
from ..jobs.sync_job import Job, Stream
from ..media.objects import takes_long
from ..options import AllowedPaths, OptionChanges, Options, changed
from ..protocol import flows
from ..protocol.effects import Flow, Work
from ..protocol.job import JobState, Out, Prog, Reading
from . import staleness

if TYPE_CHECKING:
    from ..store.budget import Budget, Reservation

D = TypeVar("D", bound=Driver[Any])
P = ParamSpec("P")
T = TypeVar("T")
Me = TypeVar("Me", bound="_EndpointBase[Any, Any, Any, Any, Any]")  # jedi does not read typing.Self
In = DefaultTypeVar("In", bound=InputModel, default=Any)
Method = TypeVar("Method", bound=Callable[..., object])
Called = TypeVar("Called")
Streamed = TypeVar("Streamed")
Submitted = TypeVar("Submitted")


@dataclass(frozen=True)
class EndpointInfo(Generic[Prog, Out]):
    """What an endpoint is, apart from its parameters.

    Attributes:
        name: Its name on the hub.
        title: What people call it.
        description: What the hub says about it.
        category: The hub's word for its kind, such as "chat"; None where the hub gives none.
        version: The endpoint's version when this package was generated.
        reading: How its answers are read.
        origin: Which generated function it comes from.
        input: The model of its parameters; None where nothing is known of them.
        check: Makes of arguments by name what the hub wants, or raises an `InvalidParametersError` with every problem
            at once, an `EndpointRemovedError` where the hub has no such endpoint any more. Its second argument says
            whether media may be paths, which are opened, as the option `allow_paths` does; it does where omitted.
        removed: What to say where the hub has removed the endpoint; empty where it is there.
    """

    name: str
    title: str
    description: str
    category: str | None
    version: int | None
    reading: Reading[Prog, Out] = field(repr=False)
    origin: EndpointRef = field(repr=False)
    input: type[InputModel] | None = field(repr=False)
    check: Callable[[dict[str, Any], AllowedPaths], Mapping[str, Any]] = field(repr=False)
    removed: str = field(default="", repr=False)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What each parameter takes, by its Python name."""
        return parameters_of(self.input) if self.input is not None else {}


def check_with_model(
    endpoint: str,
    model: type[InputModel],
    removed: str,
    given: dict[str, Any],
    allow_paths: AllowedPaths = True,
) -> Mapping[str, Any]:
    """Check the arguments of one call of a generated endpoint, as the attribute `check` of `EndpointInfo` says."""
    if removed:
        raise EndpointRemovedError(removed, endpoint=endpoint)
    try:
        return model.model_validate(given, context={"allow_paths": allow_paths}).to_wire()
    except ValidationError as error:
        problems = problems_of(error, model)
    raise InvalidParametersError(endpoint, problems)


def _fitting(model: type[InputModel], name: str, allow_paths: AllowedPaths, value: Any) -> Any:
    """Return the value of one parameter, which a call takes; raises what makes pydantic say why it does not."""
    if value is None and not model.model_fields[name].is_required():
        return None
    given, context = model.model_construct(), {"allow_paths": allow_paths}
    try:
        model.__pydantic_validator__.validate_assignment(given, name, value, context=context)
    except ValidationError as error:
        (problem,) = problems_of(error, model)
        raise PydanticCustomError("parameter", "{problem}", {"problem": problem}) from None
    return value


def endpoint(
    name: str,
    *,
    output: type[Out],
    progress: type[Prog],
    title: str,
    description: str = "",
    category: str | None = None,
    version: int | None = None,
    removed: str = "",
    alternatives: Sequence[str] = (),
) -> Callable[[Callable[P, InputModel]], "EndpointSpec[P, Out, Prog]"]:
    """Make an endpoint of a typed function whose annotation of the result names its input model.

    The function is never called, and needs no body: a call builds the input model from the very arguments
    it was given, so that those it was not given are left to the hub.

    An endpoint that the hub has removed says so when its module is imported, and when it is called; `removed` is the
    day on which that was found.
    """
    gone = ""
    if removed:
        gone = removed_in_words(name, removed, alternatives)
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
            origin=EndpointRef(function.__module__.partition(".endpoints.")[0], function.__name__),
            input=model,
            check=partial(check_with_model, name, model, gone),  # which can be pickled
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

    def __repr__(self) -> str:
        return f"<EndpointSpec {self.info.name}>"


# A callback that is shown a call's events may read the job as well: both then share what is known of it.
_CALL = partial(flows.call, share=JOBS.of)


class _BoundMethod(partial[Any]):
    """A method of one endpoint, which says what that endpoint takes to whoever asks for its signature."""

    @property
    def __signature__(self) -> inspect.Signature:
        endpoint = self.args[0]
        reading = endpoint.info.reading
        returned = inspect.signature(self.func).return_annotation[reading.progress, reading.output]
        return inspect.signature(endpoint).replace(return_annotation=returned)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return f"{self.func.__doc__}\n\n{self.args[0].__doc__}"


class _EndpointMethod:
    """A method of an endpoint's class; asked of an endpoint, it is a `_BoundMethod`."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__doc__ = method.__doc__
        self.__wrapped__ = method

    def __get__(self, endpoint: object, owner: object) -> Any:
        return self._method if endpoint is None else _BoundMethod(self._method, endpoint)


def _endpoint_method(method: Method) -> Method:
    return cast("Method", _EndpointMethod(method))


def with_budget(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return changes of options in which an amount has become a `Budget`, which all that have the options share."""
    amount = changes.get("budget")
    if amount is None:
        return changes
    from ..store.budget import Budget  # with SQLite, which few programs need

    return {**changes, "budget": amount if isinstance(amount, Budget) else Budget(amount)}


class _EndpointBase(Generic[D, P, Out, Prog, In]):
    """State and behaviour that Endpoint and AsyncEndpoint share."""

    _client: ClassVar[str]

    def __init__(self, driver: D, spec: EndpointSpec[P, Out, Prog], options: Options) -> None:
        self._driver = driver
        self._spec = spec
        self._options = options
        reading, prices = spec.info.reading, options.prices
        self._reading = reading if prices is None else replace(reading, prices=prices)
        self.__doc__ = spec.__doc__
        self.__name__ = spec.__name__
        self.__annotations__ = spec.__annotations__
        self.__wrapped__ = spec.__wrapped__  # what inspect.signature and help() show

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the endpoint and its hub, never the key, which is AKI_API_KEY wherever it is restored."""
        info, address = self.info, self._driver.context.address
        place = (self._client, info.origin, info.name, address, "")
        return restore_endpoint, packed(*place, vars(self._options))

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

    def tool_schema(self, form: Literal["openai", "anthropic"] = "openai") -> dict[str, Any]:
        """Return the endpoint as a tool that a model may call, as JSON.

        Args:
            form: Whose words: those of OpenAI's interface, which this hub's chats take as well, or of Anthropic's.

        Raises:
            ConfigurationError: There is no such form.
        """
        if form not in ("openai", "anthropic"):
            raise ConfigurationError(f"form={form!r} must be 'openai' or 'anthropic'")
        model, name = self.info.input, self._spec.__name__
        schema = model.model_json_schema() if model is not None else {"type": "object"}
        about = {"name": name, "description": inspect.getdoc(self._spec.__wrapped__) or name}
        if form == "anthropic":
            return {**about, "input_schema": schema}
        return {"type": "function", "function": {**about, "parameters": schema}}

    def tool(self) -> Callable[P, Out]:
        """Return a plain function that calls the endpoint, for frameworks that make tools of functions.

        Its signature and docstring are the endpoint's. To pydantic its annotations say the hub's ranges, and check as a
        call does, so that a framework can have a model try again. What a model says opens no file, unless the option
        `allow_paths` names folders. Of an async client it is an async function.
        """
        paths = False if self._options.allow_paths is True else self._options.allow_paths
        function = self.with_options(allow_paths=paths)._function()
        signature = inspect.signature(self._spec.__wrapped__)
        model, parameters = self.info.input, list(signature.parameters.values())
        if model is not None:
            shown = model.model_json_schema()["properties"]
            parameters = [
                p.replace(
                    annotation=Annotated[
                        p.annotation,
                        PlainValidator(partial(_fitting, model, p.name, paths)),
                        WithJsonSchema(shown[p.name]),
                    ]
                )
                for p in parameters
            ]
        function.__name__ = function.__qualname__ = self._spec.__name__
        function.__module__, function.__doc__ = self._spec.__module__, inspect.getdoc(self)
        function.__signature__ = signature.replace(parameters=parameters)
        function.__annotations__ = {p.name: p.annotation for p in parameters}
        function.__annotations__["return"] = signature.return_annotation
        return cast("Callable[P, Out]", function)

    def _function(self) -> Any:
        raise NotImplementedError

    def with_options(self: Me, **changes: Unpack[OptionChanges[Prog]]) -> Me:
        """Return the same endpoint with other options; `Options` says what each means."""
        options = changed(self._options, with_budget(changes))
        return type(self)(self._driver, self._spec, options)

    def _begin(
        self, life: Callable[..., Flow[T]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Flow[T]:
        """Check the arguments, and begin a job's life with them."""
        context, info, options = self._driver.context, self._spec.info, self._options
        if args:
            raise TypeError(keywords_only(info.name))
        inputs = info.check(kwargs, options.allow_paths)
        explain = partial(staleness.explained, context, info.origin)
        budget = options.budget
        reservation = self._reserved(budget, sent=inputs) if budget is not None else None
        return life(context, self._reading, inputs, options, explain, reservation)

    def _reserved(self, budget: "Budget", **of: Any) -> "Reservation":
        prices, server = self._options.prices, self._driver.context.address.server
        assert prices is not None  # `Options` refuses a budget without them
        return budget.reservation(prices, self._spec.info, server, **of)

    def _given(self, inputs: InputModel) -> Any:
        """Return the parameters that an input model was given, by name, for a call."""
        model = self.info.input
        if model is None or not isinstance(inputs, model):
            wanted = "parameters by name" if model is None else f"a {model.__name__}"
            raise TypeError(f"{self.info.name} takes {wanted}, not a {type(inputs).__name__}")
        return {name: getattr(inputs, name) for name in inputs.model_fields_set}

    def _known(self, job_id: object) -> JobState:
        if not isinstance(job_id, str) or not job_id:
            reason = f"job_id={job_id!r}: give the id of a job, as text"
            raise InvalidParametersError(self.info.name, [reason])
        budget = self._options.budget
        reservation = self._reserved(budget, job_id=job_id) if budget is not None else None
        return JobState(self.info.name, job_id, reservation=reservation)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.name}>"


class Endpoint(_EndpointBase[SyncDriver, P, Out, Prog, In]):
    """One endpoint of a client: call it, stream it, or submit a job."""

    _client = "Aki"

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Out:
        """Submit a job, wait for it and return its result."""
        call: Flow[Out] = self._begin(_CALL, args, kwargs)
        return self._driver.run(call)

    @_endpoint_method
    def stream(self, /, *args: P.args, **kwargs: P.kwargs) -> Stream[Prog, Out]:
        """Submit a job and watch it; use it in a `with` block."""
        return Stream(self._driver, self._begin(flows.submit, args, kwargs), self._handle)

    @_endpoint_method
    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> Job[Prog, Out]:
        """Submit a job and return its handle at once; the job goes on whatever becomes of the handle."""
        return self._handle(self._driver.run(self._begin(flows.submit, args, kwargs)))

    def call_with(self, inputs: In) -> Out:
        """Call it with the parameters that an input model holds."""
        return self(**self._given(inputs))  # type: ignore[call-arg]

    def stream_with(self, inputs: In) -> Stream[Prog, Out]:
        """Stream it with the parameters that an input model holds."""
        return self.stream(**self._given(inputs))  # type: ignore[call-arg]

    def submit_with(self, inputs: In) -> Job[Prog, Out]:
        """Submit a job with the parameters that an input model holds."""
        return self.submit(**self._given(inputs))  # type: ignore[call-arg]

    def _function(self) -> Any:
        def call(**parameters: Any) -> Any:
            return self(**parameters)  # type: ignore[call-arg]

        return call

    def job(self, job_id: str) -> Job[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return self._handle(self._known(job_id))

    def _handle(self, state: JobState) -> Job[Prog, Out]:
        origin = self._spec.info.origin
        return Job(self._driver, state, self._reading, self._options, origin)


class AsyncEndpoint(_EndpointBase[AsyncDriver, P, Out, Prog, In]):
    """One endpoint of an async client: await it, stream it, or submit a job."""

    _client = "AsyncAki"

    async def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Out:
        """Submit a job, wait for it and return its result."""
        call: Flow[Out] = self._begin(_CALL, args, kwargs)
        return await self._driver.run(call)

    @_endpoint_method
    def stream(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Prog, Out]:
        """Submit a job and watch it; use it in an `async with` block."""
        return AsyncStream(self._driver, self._begin(flows.submit, args, kwargs), self._handle)

    @_endpoint_method
    async def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncJob[Prog, Out]:
        """Submit a job and return its handle at once; the job goes on whatever becomes of the handle."""
        return self._handle(await self._driver.run(self._begin(flows.submit, args, kwargs)))

    async def call_with(self, inputs: In) -> Out:
        """Call it with the parameters that an input model holds."""
        return await self(**self._given(inputs))  # type: ignore[call-arg]

    def stream_with(self, inputs: In) -> AsyncStream[Prog, Out]:
        """Stream it with the parameters that an input model holds."""
        return self.stream(**self._given(inputs))  # type: ignore[call-arg]

    async def submit_with(self, inputs: In) -> AsyncJob[Prog, Out]:
        """Submit a job with the parameters that an input model holds."""
        return await self.submit(**self._given(inputs))  # type: ignore[call-arg]

    def _function(self) -> Any:
        async def call(**parameters: Any) -> Any:
            return await self(**parameters)  # type: ignore[call-arg]

        return call

    def job(self, job_id: str) -> AsyncJob[Prog, Out]:
        """Return the handle of a job that was submitted before, by any process."""
        return self._handle(self._known(job_id))

    def _handle(self, state: JobState) -> AsyncJob[Prog, Out]:
        origin = self._spec.info.origin
        return AsyncJob(self._driver, state, self._reading, self._options, origin)

    def _begin(
        self, life: Callable[..., Flow[T]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Flow[T]:
        if takes_long(kwargs):
            return self._begin_later(life, args, kwargs)
        return super()._begin(life, args, kwargs)

    def _begin_later(
        self, life: Callable[..., Flow[T]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Flow[T]:
        """Check the arguments in a thread: decoding large media would stop the event loop."""
        flow: Flow[T] = yield Work(partial(super()._begin, life, args, kwargs))
        return (yield from flow)
