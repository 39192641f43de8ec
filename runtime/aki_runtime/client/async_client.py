"""The async client that generated ones inherit from: questions to the hub, and the way to its endpoints."""

import asyncio
import inspect
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

from ..http.clients import AsyncHttpClient
from ..http.drive import AsyncDriver
from ..hub import Layout
from ..jobs.async_job import AsyncJob, AsyncStream
from ..options import OptionChanges
from ..protocol.job import Out
from .core import ClientCore, KeyCheck, as_key
from .endpoint import AsyncEndpoint
from .untyped import AnyOutput, AnyProgress, untyped_spec

if TYPE_CHECKING:
    from ..changes.compare import Change


class AsyncClient(ClientCore):
    """A client of one hub for async code (asyncio). It may be shared by tasks; use it in an `async with` block.

    Args:
        api_key: The hub's key; defaults to AKI_API_KEY.
        api_server: The hub's address, with or without `/api`; defaults to AKI_API_SERVER, or to the hub that this
            package was generated from.
        layout: `"aki"` or `"aime"`, how the hub lays out its routes; defaults to the one of the generated package.
        http_client: Your own `AsyncClient` of httpx2 or httpx, for proxies, certificates or hooks; not closed here.
        allow_http: Allow the key to go over plain http to another machine (AKI_ALLOW_HTTP=1).
        options: `timeout`, `progress_interval`, `max_retries`, `on_progress`, `on_retry`, `allow_paths`, `prices`,
            `budget`, for all calls.

    Raises:
        ConfigurationError: The address cannot be used, or the key would go over plain http.
    """

    _driver: AsyncDriver
    _endpoint_type = AsyncEndpoint

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_server: str | None = None,
        layout: Layout | None = None,
        http_client: AsyncHttpClient | None = None,
        allow_http: bool = False,
        **options: Unpack[OptionChanges[Any]],
    ) -> None:
        # A traceback of what fails from here on may show the locals.
        key, api_key = as_key(api_key), None
        self._set_up(
            AsyncDriver, key, api_server, layout, http_client, options, allow_http=allow_http
        )

    async def endpoints(self) -> list[str]:
        """Ask the hub for the names of the endpoints that the key may use."""
        return await self._driver.run(self._endpoints())

    async def endpoint_details(self, name: str) -> Mapping[str, Any]:
        """Ask the hub for an endpoint's details, parameters and workers, as the hub words them."""
        return await self._driver.run(self._details(name))

    async def validate_key(self) -> KeyCheck:
        """Ask the hub whether the key is good."""
        return await self._driver.run(self._key_check())

    def endpoint(self, name: str) -> AsyncEndpoint[..., AnyOutput, AnyProgress]:
        """Return any endpoint by the hub's name for it, with unchecked parameters and untyped outputs."""
        spec = untyped_spec(name, self._hub.package)
        return AsyncEndpoint(self._driver, spec, self._options)

    async def call(self, name: str, params: Mapping[str, Any]) -> AnyOutput:
        """Call an endpoint that was not generated; lists, dicts and media are encoded as the hub wants."""
        return await self.endpoint(name)(**params)

    async def submit(
        self, name: str, params: Mapping[str, Any]
    ) -> AsyncJob[AnyProgress, AnyOutput]:
        """Submit a job to an endpoint that was not generated, and return its handle at once."""
        return await self.endpoint(name).submit(**params)

    def stream(self, name: str, params: Mapping[str, Any]) -> AsyncStream[AnyProgress, AnyOutput]:
        """Stream an endpoint that was not generated."""
        return self.endpoint(name).stream(**params)

    def job(self, name: str, job_id: str) -> AsyncJob[AnyProgress, AnyOutput]:
        """Return the handle of a job of an endpoint that was not generated."""
        return self.endpoint(name).job(job_id)

    async def chat(
        self,
        endpoint: "AsyncEndpoint[..., Out, Any, Any]",
        messages: MutableSequence[Any],
        *,
        tools: Sequence[Callable[..., Any]] = (),
        max_rounds: int = 8,
        **parameters: Any,
    ) -> Out:
        """Let a model call functions of yours until it has its answer, which is returned.

        Args:
            endpoint: A chat endpoint that takes `tools`, such as `aki.llama3_chat`.
            messages: The conversation; what the model and the functions say is added to it.
            tools: Functions, async ones among them, with annotations and docstrings. The model learns which
                arguments do not fit them. Those that are not async run in a thread.
            max_rounds: How often the endpoint is called at most; each call is a paid job.
            parameters: Further parameters of each call.

        Raises:
            AkiError: A call failed, or the model still asks for functions after the last round; `messages` holds what
                was said until then. What a function raises is raised as well.
        """
        rounds = self._chat_rounds(endpoint, messages, tools, max_rounds, parameters)
        value: Any = None
        while True:
            try:
                step = rounds.send(value)
            except StopIteration as end:
                answer: Out = end.value
                return answer
            is_async = inspect.iscoroutinefunction(step.func) or step.func is endpoint
            value = await step() if is_async else await asyncio.to_thread(step)

    async def check(self, name: str | None = None) -> "tuple[Change, ...]":
        """Compare the endpoints, or one of them, with the hub of today; nothing where all is as generated.

        Args:
            name: An endpoint, by its Python name or the hub's; omitted, all of them, newcomers included.

        Raises:
            ConfigurationError: The package has no such endpoint.
            AkiError: The hub could not be asked.
        """
        return await self._driver.run(self._check(name))

    async def aclose(self) -> None:
        """Close the connections; jobs go on."""
        await self._driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()
