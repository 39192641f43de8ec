"""The sync client that generated ones inherit from: questions to the hub, and the way to its endpoints."""

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

from ..http.clients import SyncHttpClient
from ..http.drive import SyncDriver
from ..hub import Layout
from ..jobs.sync_job import Job, Stream
from ..options import OptionChanges
from ..protocol.job import Out
from .core import ClientCore, KeyCheck, as_key
from .endpoint import Endpoint
from .untyped import AnyOutput, AnyProgress, untyped_spec

if TYPE_CHECKING:
    from ..changes.compare import Change


class SyncClient(ClientCore):
    """A client of one hub. It may be shared by threads; use it in a `with` block or close it.

    Args:
        api_key: The hub's key; defaults to AKI_API_KEY.
        api_server: The hub's address, with or without `/api`; defaults to AKI_API_SERVER, or to the hub that this
            package was generated from.
        layout: `"aki"` or `"aime"`, how the hub lays out its routes; defaults to the one of the generated package.
        http_client: Your own `Client` of httpx2 or httpx, for proxies, certificates or hooks; not closed here.
        allow_http: Allow the key to go over plain http to another machine (AKI_ALLOW_HTTP=1).
        options: `timeout`, `progress_interval`, `max_retries`, `on_progress`, `on_retry`, `allow_paths`, `prices`,
            `budget`, for all calls.

    Raises:
        ConfigurationError: The address cannot be used, or the key would go over plain http.
    """

    _driver: SyncDriver
    _endpoint_type = Endpoint

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_server: str | None = None,
        layout: Layout | None = None,
        http_client: SyncHttpClient | None = None,
        allow_http: bool = False,
        **options: Unpack[OptionChanges[Any]],
    ) -> None:
        # A traceback of what fails from here on may show the locals.
        key, api_key = as_key(api_key), None
        self._set_up(
            SyncDriver, key, api_server, layout, http_client, options, allow_http=allow_http
        )

    def endpoints(self) -> list[str]:
        """Ask the hub for the names of the endpoints that the key may use."""
        return self._driver.run(self._endpoints())

    def endpoint_details(self, name: str) -> Mapping[str, Any]:
        """Ask the hub for an endpoint's details, parameters and workers, as the hub words them."""
        return self._driver.run(self._details(name))

    def validate_key(self) -> KeyCheck:
        """Ask the hub whether the key is good."""
        return self._driver.run(self._key_check())

    def endpoint(self, name: str) -> Endpoint[..., AnyOutput, AnyProgress]:
        """Return any endpoint by the hub's name for it, with unchecked parameters and untyped outputs."""
        spec = untyped_spec(name, self._hub.package)
        return Endpoint(self._driver, spec, self._options)

    def call(self, name: str, params: Mapping[str, Any]) -> AnyOutput:
        """Call an endpoint that was not generated; lists, dicts and media are encoded as the hub wants."""
        return self.endpoint(name)(**params)

    def submit(self, name: str, params: Mapping[str, Any]) -> Job[AnyProgress, AnyOutput]:
        """Submit a job to an endpoint that was not generated, and return its handle at once."""
        return self.endpoint(name).submit(**params)

    def stream(self, name: str, params: Mapping[str, Any]) -> Stream[AnyProgress, AnyOutput]:
        """Stream an endpoint that was not generated."""
        return self.endpoint(name).stream(**params)

    def job(self, name: str, job_id: str) -> Job[AnyProgress, AnyOutput]:
        """Return the handle of a job of an endpoint that was not generated."""
        return self.endpoint(name).job(job_id)

    def chat(
        self,
        endpoint: "Endpoint[..., Out, Any, Any]",
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
            tools: Functions with annotations and docstrings. The model learns which arguments do not fit.
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
            value = step()  # outside: a function that raises StopIteration has no answer

    def check(self, name: str | None = None) -> "tuple[Change, ...]":
        """Compare the endpoints, or one of them, with the hub of today; nothing where all is as generated.

        Args:
            name: An endpoint, by its Python name or the hub's; omitted, all of them, newcomers included.

        Raises:
            ConfigurationError: The package has no such endpoint.
            AkiError: The hub could not be asked.
        """
        return self._driver.run(self._check(name))

    def close(self) -> None:
        """Close the connections; jobs go on."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()
