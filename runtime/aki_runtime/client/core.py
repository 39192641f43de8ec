"""What both clients are without I/O: settings, the key, questions to the hub."""
# pyright: reportPrivateUsage=false
# Clients, their endpoints and what stands in for a driver know one another.

import importlib
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, Unpack, cast

from ..errors import ConfigurationError, NotFoundError, closest
from ..http.drive import Driver
from ..hub import Address, Hub, HubContext, Layout, is_set
from ..jobs.ref import EndpointRef
from ..options import OptionChanges, Options, changed
from ..protocol import answers, flows, requests
from ..protocol.effects import Flow
from ..protocol.explain import sentences
from ..secret import ApiKey
from . import staleness
from .endpoint import Endpoint, EndpointSpec, with_budget

if TYPE_CHECKING:
    from ..changes.compare import Change
    from ..chat.functions import Step


Me = TypeVar("Me", bound="ClientCore")  # jedi does not read typing.Self

_ARGUMENTS = ("api_key", "api_server", "layout", "http_client", "allow_http")


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


def as_key(value: str | ApiKey | None) -> ApiKey | None:
    """Hide a key; None takes the one in AKI_API_KEY, an empty one counts as none."""
    given: Any = os.environ.get("AKI_API_KEY", "") if value is None else value
    if isinstance(given, ApiKey):
        return given
    # What is not text is hidden as well, and refused where no local shows it.
    text = given.strip() if isinstance(given, str) else given
    return ApiKey(text) if text else None


class LateDriver:
    """What stands in for a client's driver until it is needed, where a client has yet to be made."""

    def __init__(self, client: "Callable[[], ClientCore]") -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        # Only these: mocks and their like probe every object for attributes of their own, which must not make a client.
        if name not in ("context", "http_client", "run"):
            raise AttributeError(name)
        return getattr(self._client()._driver, name)


class _EndpointAttribute:
    """An endpoint of a client, imported when it is asked for; of a client class, one that says what it takes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: EndpointSpec[Any, Any, Any] | None = None

    def __get__(self, client: "ClientCore | None", owner: "type[ClientCore]") -> Any:
        spec = self._spec or owner.load_endpoint(self._name)
        self._spec = spec
        if client is None:
            return owner._endpoint_type(LateDriver(lambda: owner.__new__(owner)), spec, Options())
        return owner._endpoint_type(client._driver, spec, client._options)


class ClientCore:
    """Settings, and everything that a client says without performing I/O."""

    _hub: ClassVar[Hub]
    _options: Options = Options()
    _driver: Any
    _endpoint_type: ClassVar[type[Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Mocks and their like ask the class what its instances have.
        for name in cls._hub.endpoints if "_hub" in vars(cls) else ():
            setattr(cls, name, _EndpointAttribute(name))

    def _set_up(
        self,
        driver: type[Driver[Any]],
        key: ApiKey | None,
        api_server: str | None,
        layout: Layout | None,
        http_client: object,
        options: Mapping[str, Any],
        *,
        allow_http: bool,
    ) -> None:
        self._allow_http = allow_http or is_set("AKI_ALLOW_HTTP")
        self._options = changed(Options(), with_budget(options), _ARGUMENTS)
        self._package_retries = options.get("max_retries", 0)
        server = api_server or os.environ.get("AKI_API_SERVER") or self._hub.server
        address = Address.parse(server, layout or self._hub.layout)
        self._driver = driver(address, http_client, self._hub.client_version.replace(" ", "/"))
        self.api_key = key

    @classmethod
    def sandbox(cls, **options: Unpack[OptionChanges[Any]]) -> Self:
        """Return a client of a hub that pretends, in this process, with the endpoints of this package.

        It answers like a real one, costs nothing, needs no key and no network, and ends with the process.

        Args:
            options: As for the class.

        Raises:
            ConfigurationError: The extra `sandbox` is not installed.
        """
        from .sandbox import sandbox_url  # which few programs need

        client: Any = cls
        return cast("Self", client("sandbox", api_server=sandbox_url(cls._hub.package), **options))

    @property
    def api_server(self) -> str:
        """The hub's address."""
        context: HubContext = self._driver.context
        return context.address.server

    @property
    def api_key(self) -> ApiKey | None:
        """The key, hidden; assign a string to replace it for all further requests, None to send none."""
        context: HubContext = self._driver.context
        return context.key

    @api_key.setter
    def api_key(self, value: str | ApiKey | None) -> None:
        # A traceback of a refusal may show the locals.
        key, value = as_key("" if value is None else value), None
        if key is not None:
            text: Any = key.reveal()
            is_text = isinstance(text, str) and text.isprintable()
            del text
            if not is_text:
                raise ConfigurationError(
                    "the API key cannot be sent: it must be text without line breaks"
                )
        context = self._driver.context
        context.address.require_private(key, allow_http=self._allow_http)
        # Clients with other options share the context, so that this reaches all of them.
        context.key = key

    def with_options(self: Me, **changes: Unpack[OptionChanges[Any]]) -> Me:
        """Return the same client with other options for all its calls; connections are shared."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = changed(self._options, with_budget(changes))
        other._package_retries = changes.get("max_retries", self._package_retries)
        return other

    def openai(self) -> Any:
        """Return an `openai.OpenAI` that talks to the hub's OpenAI interface at `/v1`, or an `openai.AsyncOpenAI`.

        It has this client's `http_client`, proxies, `timeout` and key of the moment. Nothing is sent twice unless
        `with_options(max_retries=…)` asks for it. Its model names are not endpoint names: ask its `models.list()`, and
        stream what takes longer than 60 s.

        Raises:
            ConfigurationError: The package openai is not installed, or there is no key.
        """
        from .interfaces import openai_client  # which few programs need

        return openai_client(self)

    def anthropic(self) -> Any:
        """Return an `anthropic.Anthropic` that talks to the hub's Anthropic interface, or `anthropic.AsyncAnthropic`.

        It has what `openai()` gives, and sends the key as `x-api-key`. Two things are the hub's own: `input` of a
        `tool_use` may be JSON text, and `usage.input_tokens` includes `cache_read_input_tokens`.

        Raises:
            ConfigurationError: The package anthropic is not installed, there is no key, or the hub's layout is "aime".
        """
        from .interfaces import anthropic_client  # which few programs need

        return anthropic_client(self)

    def _endpoints(self) -> Flow[list[str]]:
        return staleness.list_endpoints(self._driver.context, self._options)

    def _details(self, name: str) -> Flow[Mapping[str, Any]]:
        try:
            return (yield from staleness.describe(self._driver.context, name, self._options))
        except NotFoundError as error:
            hint = staleness.nearest_endpoint(error.endpoint, self._hub.package)
            raise error.with_hint(hint) if hint else error from None

    def _key_check(self) -> Flow[KeyCheck]:
        context = self._driver.context
        request = requests.validate_key(context.address, context.key, self._hub.client_version)
        document = answers.read_json((yield from flows.ask(context, request, self._options)))
        valid = document.get("valid", document.get("success")) is True
        return KeyCheck(valid, "" if valid else "; ".join(sentences(document)))

    def _check(self, name: str | None) -> "Flow[tuple[Change, ...]]":
        package, context = self._hub.package, self._driver.context
        if name is None:
            return staleness.check_all(context, staleness.shipped_documents(package), self._options)
        if name in self._hub.endpoints:
            shipped = staleness.shipped_document(EndpointRef(package, name))
        else:
            shipped = {n: d for n, d in staleness.shipped_documents(package).items() if n == name}
        if not shipped:
            raise ConfigurationError(self._missing(name))
        return staleness.check(context, shipped, self._options)

    def _chat_rounds(
        self, endpoint: Any, messages: Any, tools: Any, most: int, parameters: Mapping[str, Any]
    ) -> "Generator[Step, Any, Any]":
        from ..chat.functions import Functions, tool_rounds  # which few programs need

        kind = self._endpoint_type
        if not isinstance(endpoint, kind):
            raise ConfigurationError(
                f"chat takes an endpoint of {type(self).__name__}, as an attribute of the client is, not {endpoint!r}"
            )
        functions = Functions(tools, are_awaited=not issubclass(kind, Endpoint))
        return tool_rounds(endpoint, messages, functions, most, parameters)

    @classmethod
    def load_endpoint(cls, name: str) -> EndpointSpec[Any, Any, Any]:
        """Import the module of an endpoint."""
        module = cls._hub.endpoints.get(name)
        if module is None:
            raise AttributeError(cls._missing(name), name=name)
        loaded = importlib.import_module(f"{cls._hub.package}.endpoints.{module}")
        return cast("EndpointSpec[Any, Any, Any]", getattr(loaded, name))

    @classmethod
    def _missing(cls, name: str) -> str:
        names = [known for known in dir(cls) if not known.startswith("_")]
        meant = closest(name, names)
        hint = f"did you mean {meant}?" if meant else "see dir() for those there are"
        # Mocks and their like ask for names of Python's own, which no endpoint has.
        gone = "" if name.startswith("_") else staleness.why_gone(cls._hub.package, name)
        return f"no endpoint {name!r} in {cls._hub.package}; {f'{gone}; ' if gone else ''}{hint}"

    if not TYPE_CHECKING:
        # Hidden from type checkers: to them a name that is not declared is a mistake.

        def __getattr__(self, name: str) -> Any:
            if name == "_driver":
                raise ConfigurationError(f"this client is not set up; {type(self).__name__}() is")
            raise AttributeError(self._missing(name), name=name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__()} - {"load_endpoint"})

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: object) -> Self:
        # Connections and the key are shared, as they are with `with_options`.
        return self.with_options()

    def __repr__(self) -> str:
        if "_driver" not in vars(self):
            return f"<{type(self).__name__}, not set up>"
        key = "with a key" if self.api_key is not None else "without a key"
        return f"<{type(self).__name__} {self.api_server} {key}>"

    def __reduce__(self) -> Any:
        raise ConfigurationError(
            "a client is never pickled, because it holds the key; make one where it is needed"
        )
