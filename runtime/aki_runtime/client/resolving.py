"""An endpoint as batches, tasks and datasets are given it: itself, or text that names it.

An endpoint of a client brings that client's key, hub and options. Text brings none of them, and is all that is ever
pickled.
"""

# pyright: reportPrivateUsage=false
# An endpoint keeps its driver and options to itself; who is given an endpoint reads them here.

import importlib
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..errors import ConfigurationError
from ..hub import Address
from ..options import Options
from ..packages import renewal_of, split_reference
from .core import ClientCore
from .endpoint import AsyncEndpoint, Endpoint, EndpointInfo, EndpointSpec

BoundEndpoint: TypeAlias = Endpoint[..., Any, Any] | AsyncEndpoint[..., Any, Any]
EndpointLike: TypeAlias = BoundEndpoint | EndpointSpec[..., Any, Any] | str
"""An endpoint of a client, as in `aki.flux_dev`; "package:name"; a name alone where one generated package is loaded."""


@dataclass(frozen=True)
class Resolved:
    """An endpoint that was found.

    Attributes:
        package: The generated package it is of.
        name: Its Python name there.
        info: What it is.
        bound: The endpoint itself, where it is of a client that is set up.
    """

    package: str
    name: str
    info: EndpointInfo[Any, Any]
    bound: BoundEndpoint | None = None

    @property
    def reference(self) -> str:
        """The text that names it in any process."""
        return f"{self.package}:{self.name}"

    @property
    def options(self) -> Options | None:
        """The options of the endpoint that was given; None where it was not of a client."""
        return self.bound._options if self.bound is not None else None

    @property
    def address(self) -> Address | None:
        """The hub of the endpoint that was given; None where it was not of a client."""
        return self.bound._driver.context.address if self.bound is not None else None

    @property
    def has_key(self) -> bool:
        """Whether the endpoint that was given has a key."""
        return self.bound is not None and self.bound._driver.context.key is not None

    def new_client(self, kind: Literal["Aki", "AsyncAki"]) -> Any:
        """Make a client with the key, hub and options of the endpoint that was given, or of the environment.

        Raises:
            ConfigurationError: The address cannot be used, or the client has an HTTP client that is for the other kind.
        """
        made = getattr(importlib.import_module(f"{self.package}.client"), kind)
        if self.bound is None:
            return made()
        driver = self.bound._driver
        if driver.http_client is not None:
            raise ConfigurationError(
                f"{self.name} is of a client with an http_client, which {kind} cannot use; give the endpoint of one "
                f"that it can, as in {kind}(http_client=…).{self.name}"
            )
        # What the client was allowed stays allowed; an empty key means no key, whatever the environment says.
        return made(
            driver.context.key or "",
            api_server=driver.context.address.server,
            layout=driver.context.address.layout,
            allow_http=True,
            **vars(self.options),
        )


def resolve(endpoint: EndpointLike, client: ClientCore | None = None) -> Resolved:
    """Find an endpoint.

    Args:
        endpoint: The endpoint, or text that names it.
        client: The client that is asked for a name alone; omitted, one generated package has to be loaded.

    Raises:
        ConfigurationError: There is none of this name, or it was not generated.
    """
    if isinstance(endpoint, str):
        try:
            if client is not None:
                info = client.load_endpoint(endpoint.rpartition(":")[2]).info
            else:
                package, name = split_reference(endpoint)
                info = _client_class(package).load_endpoint(name).info
        except (AttributeError, ValueError) as error:
            raise ConfigurationError(str(error)) from None
        return Resolved(info.origin.package, info.origin.attribute, info)
    if not isinstance(endpoint, Endpoint | AsyncEndpoint | EndpointSpec):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"endpoint={endpoint!r} must be an endpoint of a client, as in aki.flux_dev, or its name as text"
        )
    origin = endpoint.info.origin
    if not origin.attribute:
        raise ConfigurationError(
            f"{endpoint.info.name} is not an endpoint of {origin.package}; run `{renewal_of(origin.package)}` first"
        )
    bound = None if isinstance(endpoint, EndpointSpec) or not _is_set_up(endpoint) else endpoint
    return Resolved(origin.package, origin.attribute, endpoint.info, bound)


def _is_set_up(endpoint: BoundEndpoint) -> bool:
    """Whether an endpoint is of a client, not of its class, as in `Aki.flux_dev`."""
    try:
        _ = endpoint._driver.context
    except ConfigurationError:
        return False
    return True


def _client_class(package: str) -> type[ClientCore]:
    try:
        kind: type[ClientCore] = importlib.import_module(f"{package}.client").AsyncAki
    except ModuleNotFoundError as error:
        if not f"{package}.client".startswith(error.name or "\0"):
            raise
        raise ConfigurationError(
            f"{package!r} is not a generated package that Python finds"
        ) from None
    return kind
