"""The clients that generated ones inherit from: settings, questions to the hub, and the way to its endpoints."""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, ClassVar, Self, Unpack, cast

import httpx

from . import answers, flows, requests
from .endpoint import AsyncEndpoint, Endpoint, EndpointSpec
from .errors import ConfigurationError, UnexpectedAnswerError
from .explain import sentences
from .flows import Flow, Session
from .hub import Address, Hub, Layout, http_allowed_by_environment
from .options import OptionChanges, Options
from .requests import Request
from .runner import AsyncRunner, SyncRunner
from .secret import ApiKey
from .shapes import is_array
from .transport import AsyncTransport, SyncTransport


@dataclass(frozen=True)
class KeyCheck:
    """What the hub says about a key; true when the key is good.

    Attributes:
        valid: Whether the key is good.
        message: Why it is not.
    """

    valid: bool
    message: str = ""

    def __bool__(self) -> bool:
        return self.valid


class _ClientCore:
    """Settings, and everything that a client says without performing I/O."""

    _hub: ClassVar[Hub]
    _options: Options
    _key: ApiKey | None
    _session: Session

    def _set_up(
        self,
        api_key: str | None,
        api_server: str | None,
        layout: Layout | None,
        options: Options,
        *,
        allow_http: bool,
    ) -> None:
        key = api_key if api_key is not None else os.environ.get("AKI_API_KEY", "")
        self._allow_http = allow_http or http_allowed_by_environment()
        self._options = options
        self._key = None
        server = api_server or os.environ.get("AKI_API_SERVER") or self._hub.server
        self._address = Address.parse(server, layout or self._hub.layout)
        self.api_key = key

    @property
    def api_server(self) -> str:
        """The hub's address."""
        return self._address.server

    @property
    def api_key(self) -> ApiKey | None:
        """The key, hidden; assign a string to replace it for all further requests, None to send none."""
        return self._key

    @api_key.setter
    def api_key(self, value: str | ApiKey | None) -> None:
        text = value.reveal() if isinstance(value, ApiKey) else value
        key = ApiKey(text.strip()) if text and text.strip() else None
        self._address.require_private(key, allow_http=self._allow_http)
        self._key = key

    def _new_session(self, now: Callable[[], float]) -> Session:
        return Session(self._address, lambda: self._key, now)

    def _copy(self, options: Options) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = options
        other._session = other._new_session(self._session.now)
        return other

    def _read_endpoints(self, answer: answers.Answer) -> list[str]:
        listed = answers.read_json(answer).get("endpoints")
        if not is_array(listed):
            raise UnexpectedAnswerError("the hub's list of endpoints is not in its answer")
        return [name for name in listed if isinstance(name, str)]

    def _read_key_check(self, answer: answers.Answer) -> KeyCheck:
        document = answers.read_json(answer)
        valid = document.get("valid", document.get("success")) is True
        return KeyCheck(valid, "" if valid else "; ".join(sentences(document)))

    def _ask(self, request: Request) -> Flow[answers.Answer]:
        return flows.ask(self._session, request, self._options.max_retries)

    @classmethod
    def load_endpoint(cls, name: str) -> EndpointSpec[Any, Any, Any]:
        """Import the module of an endpoint."""
        module = cls._hub.endpoints.get(name)
        if module is None:
            raise AttributeError(
                f"{cls.__name__} has no endpoint {name!r}; "
                f"it was generated with {len(cls._hub.endpoints)} endpoints, see dir()"
            )
        loaded = importlib.import_module(f"{cls._hub.package}.endpoints.{module}")
        return cast("EndpointSpec[Any, Any, Any]", getattr(loaded, name))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._hub.endpoints})

    def __repr__(self) -> str:
        key = "with a key" if self._key is not None else "without a key"
        return f"<{type(self).__name__} {self.api_server} {key}>"

    def __reduce__(self) -> Any:
        raise ConfigurationError(
            "a client is never pickled, because it holds the key; make one where it is needed"
        )


class SyncClient(_ClientCore):
    """A client of one hub. It may be shared by threads; use it in a `with` block or close it.

    Args:
        api_key: The hub's key; AKI_API_KEY where it is not given.
        api_server: The hub's address, with or without `/api`; AKI_API_SERVER, or the hub that this package was
            generated from, where it is not given.
        layout: `"aki"` or `"aime"`, how the hub lays out its routes; as generated where it is not given.
        http_client: Your own `httpx.Client`, for proxies, certificates or hooks; it is not closed here.
        allow_http: Allow the key to go over plain http to another machine (AKI_ALLOW_HTTP=1).
        options: `timeout`, `progress_interval`, `max_retries`, `on_progress`, for all calls.

    Raises:
        ConfigurationError: The address is none, or the key would go over plain http.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_server: str | None = None,
        layout: Layout | None = None,
        http_client: httpx.Client | None = None,
        allow_http: bool = False,
        **options: Unpack[OptionChanges[Any]],
    ) -> None:
        self._set_up(
            api_key, api_server, layout, replace(Options(), **options), allow_http=allow_http
        )
        self._transport = SyncTransport(http_client, self._hub.client_version.replace(" ", "/"))
        self._session = self._new_session(self._transport.now)

    def endpoints(self) -> list[str]:
        """Ask the hub for the names of the endpoints that the key may use."""
        request = requests.endpoint_list(self._address, self._key)
        return self._read_endpoints(self._transport.run(self._ask(request)))

    def endpoint_details(self, name: str) -> Mapping[str, Any]:
        """Ask the hub for an endpoint's details, parameters and workers, as the hub words them."""
        request = requests.endpoint_details(self._address, self._key, name)
        return answers.read_json(self._transport.run(self._ask(request)), name)

    def validate_key(self) -> KeyCheck:
        """Ask the hub whether the key is good."""
        request = requests.validate_key(self._address, self._key, self._hub.client_version)
        return self._read_key_check(self._transport.run(self._ask(request)))

    def with_options(self, **changes: Unpack[OptionChanges[Any]]) -> Self:
        """Return the same client with other options for all its calls; connections are shared."""
        return self._copy(replace(self._options, **changes))

    def parts(self) -> tuple[Session, SyncTransport]:
        """Return what the flows of this client run on."""
        return self._session, self._transport

    def close(self) -> None:
        """Close the connections; jobs go on."""
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        endpoint = self.load_endpoint(name)
        return Endpoint(SyncRunner(self.parts), endpoint, self._options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(_ClientCore):
    """A client of one hub for async code (asyncio). It may be shared by tasks; use it in an `async with` block.

    Args:
        api_key: The hub's key; AKI_API_KEY where it is not given.
        api_server: The hub's address, with or without `/api`; AKI_API_SERVER, or the hub that this package was
            generated from, where it is not given.
        layout: `"aki"` or `"aime"`, how the hub lays out its routes; as generated where it is not given.
        http_client: Your own `httpx.AsyncClient`, for proxies, certificates or hooks; it is not closed here.
        allow_http: Allow the key to go over plain http to another machine (AKI_ALLOW_HTTP=1).
        options: `timeout`, `progress_interval`, `max_retries`, `on_progress`, for all calls.

    Raises:
        ConfigurationError: The address is none, or the key would go over plain http.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_server: str | None = None,
        layout: Layout | None = None,
        http_client: httpx.AsyncClient | None = None,
        allow_http: bool = False,
        **options: Unpack[OptionChanges[Any]],
    ) -> None:
        self._set_up(
            api_key, api_server, layout, replace(Options(), **options), allow_http=allow_http
        )
        self._transport = AsyncTransport(http_client, self._hub.client_version.replace(" ", "/"))
        self._session = self._new_session(self._transport.now)

    async def endpoints(self) -> list[str]:
        """Ask the hub for the names of the endpoints that the key may use."""
        request = requests.endpoint_list(self._address, self._key)
        return self._read_endpoints(await self._transport.run(self._ask(request)))

    async def endpoint_details(self, name: str) -> Mapping[str, Any]:
        """Ask the hub for an endpoint's details, parameters and workers, as the hub words them."""
        request = requests.endpoint_details(self._address, self._key, name)
        return answers.read_json(await self._transport.run(self._ask(request)), name)

    async def validate_key(self) -> KeyCheck:
        """Ask the hub whether the key is good."""
        request = requests.validate_key(self._address, self._key, self._hub.client_version)
        return self._read_key_check(await self._transport.run(self._ask(request)))

    def with_options(self, **changes: Unpack[OptionChanges[Any]]) -> Self:
        """Return the same client with other options for all its calls; connections are shared."""
        return self._copy(replace(self._options, **changes))

    def parts(self) -> tuple[Session, AsyncTransport]:
        """Return what the flows of this client run on."""
        return self._session, self._transport

    async def aclose(self) -> None:
        """Close the connections; jobs go on."""
        await self._transport.aclose()

    def __getattr__(self, name: str) -> Any:
        endpoint = self.load_endpoint(name)
        return AsyncEndpoint(AsyncRunner(self.parts), endpoint, self._options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
