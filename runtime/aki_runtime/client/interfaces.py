"""Clients of the packages openai and anthropic, for the interfaces that a hub has beside its own.

Owns what of a client of ours they get: its key of the moment, deadline and HTTP client, and no way to send anything
twice. Must not know what is asked over them.
"""
# pyright: reportPrivateUsage=false

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, MissingKeyError
from ..http import drive
from ..secret import how_to_give_a_key

if TYPE_CHECKING:
    from .core import ClientCore


def openai_client(client: "ClientCore") -> Any:
    """Return an `OpenAI` or `AsyncOpenAI` that sends as a client does.

    Raises:
        ConfigurationError: The package is not installed, or there is no key.
    """
    package, made_by = _package(client, "OpenAI")

    def key() -> str:
        return _key(client, "OpenAI")

    async def awaited_key() -> str:
        return key()

    return _client(
        client,
        made_by,
        # The package asks before each request.
        api_key=awaited_key if _is_async(client) else key,
        base_url=f"{client.api_server}/v1",
        # What the environment says of an account at OpenAI does not concern the hub.
        default_headers={
            "OpenAI-Organization": package.Omit(),
            "OpenAI-Project": package.Omit(),
        },
    )


def anthropic_client(client: "ClientCore") -> Any:
    """Return an `Anthropic` or `AsyncAnthropic` that sends as a client does.

    Raises:
        ConfigurationError: The package is not installed, there is no key, or the hub has no such interface.
    """
    if client._driver.context.address.layout == "aime":
        raise ConfigurationError(
            'an AIME API Server has no Anthropic interface; use openai(), or layout="aki" for a hub like AKI.IO'
        )
    package, made_by = _package(client, "Anthropic")
    # From 2.0 on the package sends its `api_key` as a bearer, which the hub does not take; and it keeps it in sight.
    header = "X-Api-Key"
    parts: dict[str, Any] = {
        "auth_headers": property(lambda self: {header: _key(client, "Anthropic")})
    }
    of_the_environment = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").split("\n")
    named = [line.partition(":")[0].strip() for line in of_the_environment if ":" in line]
    if header.lower() in map(str.lower, named):

        def put_key(request: Any) -> Any:
            request.headers[header] = _key(client, "Anthropic")
            return request

        # What the environment says of this one would win.
        parts["custom_auth"] = property(lambda self: put_key)
    return _client(
        client,
        type(made_by.__name__, (made_by,), parts),
        api_key="of the hub's client",
        base_url=f"{client.api_server}/anthropic",
        default_headers={name: package.Omit() for name in named if name.lower() != header.lower()},
    )


def _is_async(client: "ClientCore") -> bool:
    return isinstance(client._driver, drive.AsyncDriver)


def _package(client: "ClientCore", interface: str) -> tuple[Any, Any]:
    """Return a package and its class of clients, where there is a key to use them with and no budget to break."""
    if client._options.budget is not None:
        raise ConfigurationError(
            "no budget holds for calls that other packages make; say so, by with_options(budget=None)"
        )
    name = interface.lower()
    try:
        package: Any = importlib.import_module(name)
    except ImportError:
        raise ConfigurationError(
            f"the {interface} interface needs the package {name}: pip install {name}"
        ) from None
    _key(client, interface)
    return package, getattr(package, f"Async{interface}" if _is_async(client) else interface)


def _client(client: "ClientCore", made_by: Callable[..., Any], **settings: Any) -> Any:
    name = made_by.__name__
    http_client = client._driver.http_client
    is_own = http_client is not None
    if not is_own:
        from ..http.clients import make_client  # with what it needs of the standard library

        kind = "AsyncClient" if _is_async(client) else "Client"
        http_client = make_client(kind, client.api_server, client._driver.user_agent)
    try:
        made = made_by(
            timeout=client._options.timeout,
            # The package would repeat what has made a job: a lost answer, a timeout, any status from 500 on.
            max_retries=client._package_retries,
            http_client=http_client,
            **settings,
        )
    except TypeError as error:
        package = "anthropic 1" if name.endswith("Anthropic") else "openai 3"
        upgrade = f"pip install -U {package.partition(' ')[0]}"
        raise ConfigurationError(
            f"{name} cannot be made: {error}; {package} or newer is needed ({upgrade})"
        ) from None
    if is_own:
        made.close = _leave_open if _is_async(client) else lambda: None
    return made


async def _leave_open() -> None:
    """Leave the HTTP client of the caller's own open."""


def _key(client: "ClientCore", interface: str) -> str:
    """Return the key of a request that is about to be sent."""
    if drive.tape is not None:
        drive.tape.refuse(f"aki.{interface.lower()}()")
    if client.api_key is None:
        raise MissingKeyError(f"the {interface} interface needs a key; {how_to_give_a_key()}")
    return client.api_key.reveal()
