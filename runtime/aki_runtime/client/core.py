"""What both clients are without I/O: settings, the key, reading the hub's answers to questions."""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from ..errors import ConfigurationError, NotFoundError, UnexpectedAnswerError
from ..hub import Address, Hub, Layout, http_allowed_by_environment
from ..jobs.ref import Origin
from ..options import Options, changed
from ..protocol import answers, flows
from ..protocol.effects import Flow
from ..protocol.explain import sentences
from ..protocol.requests import Request
from ..secret import ApiKey
from ..shapes import is_array
from . import staleness
from .endpoint import EndpointSpec

if TYPE_CHECKING:
    from ..changes.compare import Change


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
    """Hide a key; None takes the one in AKI_API_KEY, an empty one is none."""
    given: Any = os.environ.get("AKI_API_KEY", "") if value is None else value
    if isinstance(given, ApiKey):
        return given
    # What is no text is hidden as well, and refused where no local shows it.
    text = given.strip() if isinstance(given, str) else given
    return ApiKey(text) if text else None


def _require_text(key: ApiKey | None) -> None:
    if key is not None and not _is_text(key.reveal()):
        raise ConfigurationError(
            "the API key is no text that can be sent: a string without line breaks is wanted"
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


@dataclass
class KeyHolder:
    """The key that a client and its copies with other options share, so that replacing it reaches all of them."""

    key: ApiKey | None = None

    def __call__(self) -> ApiKey | None:
        """Return the key of this moment."""
        return self.key


class _EndpointAttribute:
    """An endpoint of a client, imported when it is asked for; of a client class, one that says what it takes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, client: "ClientCore | None", owner: "type[ClientCore]") -> Any:
        spec = owner.load_endpoint(self._name)
        return (client or owner.__new__(owner))._bound(spec)  # pyright: ignore[reportPrivateUsage]  # part of the core


class ClientCore:
    """Settings, and everything that a client says without performing I/O."""

    _hub: ClassVar[Hub]
    _options: Options = Options()
    _driver: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Mocks and their like ask the class what its instances have.
        for name in cls._hub.endpoints if "_hub" in vars(cls) else ():
            setattr(cls, name, _EndpointAttribute(name))

    def _set_up(
        self,
        key: ApiKey | None,
        api_server: str | None,
        layout: Layout | None,
        options: Mapping[str, Any],
        *,
        allow_http: bool,
    ) -> None:
        self._allow_http = allow_http or http_allowed_by_environment()
        self._options = changed(Options(), options, _ARGUMENTS)
        self._openai_retries = options.get("max_retries", 0)
        self._key_holder = KeyHolder()
        server = api_server or os.environ.get("AKI_API_SERVER") or self._hub.server
        self._address = Address.parse(server, layout or self._hub.layout)
        self.api_key = key

    def _bound(self, spec: EndpointSpec[Any, Any, Any]) -> Any:
        raise NotImplementedError

    @property
    def api_server(self) -> str:
        """The hub's address."""
        return self._address.server

    @property
    def api_key(self) -> ApiKey | None:
        """The key, hidden; assign a string to replace it for all further requests, None to send none."""
        return self._key_holder.key

    @api_key.setter
    def api_key(self, value: str | ApiKey | None) -> None:
        # A traceback of a refusal may show the locals.
        key, value = as_key("" if value is None else value), None
        _require_text(key)
        self._address.require_private(key, allow_http=self._allow_http)
        self._key_holder.key = key

    @property
    def _user_agent(self) -> str:
        return self._hub.client_version.replace(" ", "/")

    def _copy(self, changes: Mapping[str, Any]) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = changed(self._options, changes)
        other._openai_retries = changes.get("max_retries", self._openai_retries)
        return other

    def _read_endpoints(self, answer: answers.Answer) -> list[str]:
        listed = answers.read_json(answer).get("endpoints")
        if not is_array(listed):
            raise UnexpectedAnswerError("the hub's list of endpoints is not in its answer")
        return [name for name in listed if isinstance(name, str)]

    def _read_details(self, answer: answers.Answer, name: str) -> Mapping[str, Any]:
        try:
            return answers.read_json(answer, name)
        except NotFoundError as error:
            staleness.name_nearest(error, self._hub.package)
            raise

    def _read_key_check(self, answer: answers.Answer) -> KeyCheck:
        document = answers.read_json(answer)
        valid = document.get("valid", document.get("success")) is True
        return KeyCheck(valid, "" if valid else "; ".join(sentences(document)))

    def _openai(self, kind: str, key: Callable[[], object], close: Callable[[], object]) -> Any:
        """Return a client of the package openai that sends as this one does.

        Args:
            kind: Its class, "OpenAI" or "AsyncOpenAI".
            key: Returns the key of the moment; the package asks before each request.
            close: Takes the place of its `close` where the HTTP client is the caller's own.
        """
        try:
            package = importlib.import_module("openai")
        except ImportError:
            raise ConfigurationError(
                "the OpenAI interface needs the package openai: pip install openai"
            ) from None
        self._require_key()
        http_client = self._driver.http_client
        if http_client is None:
            from ..http.clients import make_client  # with what it needs of the standard library

            http_client = make_client(
                kind.replace("OpenAI", "Client"), self.api_server, self._user_agent
            )
        try:
            made = getattr(package, kind)(
                api_key=key,
                base_url=f"{self.api_server}/v1",
                timeout=self._options.timeout,
                # The package would repeat what has made a job: a lost answer, a timeout, any status from 500 on.
                max_retries=self._openai_retries,
                # What the environment says of an account at OpenAI does not concern the hub.
                default_headers={
                    "OpenAI-Organization": package.Omit(),
                    "OpenAI-Project": package.Omit(),
                },
                http_client=http_client,
            )
        except TypeError as error:
            raise ConfigurationError(
                f"this needs openai 3 or newer, pip install -U openai: {error}"
            ) from None
        if self._driver.http_client is not None:
            made.close = close
        return made

    def _require_key(self) -> str:
        if self.api_key is None:
            raise ConfigurationError("the OpenAI interface needs a key; set AKI_API_KEY")
        return self.api_key.reveal()

    def _check(self, name: str | None) -> "Flow[tuple[Change, ...]]":
        package = self._hub.package
        if name is None:
            shipped = staleness.shipped_documents(package)
            return staleness.check_all(self._driver.session, shipped, self._options)
        if name in self._hub.endpoints:
            shipped = staleness.shipped_document(Origin(package, name))
        else:
            shipped = {n: d for n, d in staleness.shipped_documents(package).items() if n == name}
        if not shipped:
            raise ConfigurationError(self._missing(name))
        return staleness.check(self._driver.session, shipped, self._options)

    def _ask(self, request: Request) -> Flow[answers.Answer]:
        return flows.ask(self._driver.session, request, self._options)

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
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]}?" if close else "see dir() for those there are"
        return f"no endpoint {name!r} in {cls._hub.package}; {hint}"

    if not TYPE_CHECKING:
        # Hidden from type checkers: to them a name that is not declared is a mistake.

        def __getattr__(self, name: str) -> Any:
            if name == "_driver":
                raise ConfigurationError(f"this client is not set up; {type(self).__name__}() is")
            raise AttributeError(self._missing(name), name=name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__()} - {"load_endpoint"})

    def __copy__(self) -> Self:
        return self._copy({})

    def __deepcopy__(self, memo: object) -> Self:
        # Connections and the key are shared, as they are with `with_options`.
        return self._copy({})

    def __repr__(self) -> str:
        if "_address" not in vars(self):
            return f"<{type(self).__name__}, not set up>"
        key = "with a key" if self.api_key is not None else "without a key"
        return f"<{type(self).__name__} {self.api_server} {key}>"

    def __reduce__(self) -> Any:
        raise ConfigurationError(
            "a client is never pickled, because it holds the key; make one where it is needed"
        )
