"""Which hub a package was generated from, how addresses and paths are made, what a client knows. It sends nothing."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, TypeGuard, cast
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from .errors import ConfigurationError
from .options import LONGEST_SECONDS
from .secret import ApiKey
from .shapes import is_utf8

Layout = Literal["aki", "aime"]
"""How a hub lays out its routes: `aki` is AKI.IO's, `aime` that of a self-hosted AIME API Server."""

Route = Literal["list", "details", "validate_key", "call", "progress"]
"""What a hub is asked for: its endpoints, one of them, whether a key is good, to make a job, how a job is."""

_ABOUT_ITSELF: Mapping[Route, str] = {
    "list": "/api/endpoints",
    "details": "/api/endpoints/{name}",
    "validate_key": "/api/validate_key",
}
_LAYOUTS: Mapping[str, Mapping[Route, str]] = {
    "aki": {**_ABOUT_ITSELF, "call": "/api/call/{name}", "progress": "/api/progress/{name}"},
    "aime": {**_ABOUT_ITSELF, "call": "/{name}", "progress": "/{name}/progress"},
}


@dataclass(frozen=True)
class Hub:
    """What a generated package knows about its hub.

    Attributes:
        package: Name of the generated package.
        version: The package's own version.
        server: The hub's address, without `/api`.
        layout: How the hub lays out its routes.
        endpoints: The endpoints' Python names, with the module of each.
    """

    package: str
    version: str
    server: str
    layout: Layout
    endpoints: Mapping[str, str]

    @property
    def client_version(self) -> str:
        """Name and version as sent to the hub."""
        return f"{self.package} {self.version}"


def is_endpoint_name(name: object) -> TypeGuard[str]:
    """Whether an endpoint can be asked for by what stands on a hub's list: no path leads to the other names."""
    return isinstance(name, str) and is_utf8(name) and name not in ("", ".", "..")


@dataclass(frozen=True)
class Address:
    """The address of one hub, checked, and the URLs of its routes.

    Attributes:
        server: Scheme, host, port and path prefix, without a trailing slash and without `/api`.
        layout: How the hub lays out its routes.
    """

    server: str
    layout: Layout

    @classmethod
    def parse(cls, server: str, layout: str) -> "Address":
        """Read an address as people write it: with or without scheme, `/api` and trailing slash.

        Raises:
            ConfigurationError: It is not an http(s) address, or the layout is unknown.
        """
        parts = _split(server.strip())
        if parts is None:
            raise ConfigurationError(
                f"{server!r} is not the address of a hub; give one such as https://aki.io"
            )
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ConfigurationError(
                "the hub's address holds a user name, query or fragment; "
                "give scheme, host and path only"
            )
        if layout not in _LAYOUTS:
            raise ConfigurationError(f"layout {layout!r} is unknown; it is 'aki' or 'aime'")
        path = parts.path.rstrip("/").removesuffix("/api").rstrip("/")
        server = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        return cls(server, cast("Layout", layout))

    @property
    def is_aki_io(self) -> bool:
        """Whether it is the public service, which takes no call without a key."""
        return urlsplit(self.server).hostname == "aki.io"

    def require_private(self, key: ApiKey | None, *, allow_http: bool) -> None:
        """Refuse to send a key where others can read it on the way.

        Raises:
            ConfigurationError: The address is plain http and not this machine's.
        """
        parts = urlsplit(self.server)
        is_plain = parts.scheme == "http" and not is_loopback(parts.hostname)
        if key is not None and is_plain and not allow_http:
            raise ConfigurationError(
                f"the API key would go over plain http to {self.server}; use https, "
                "or say allow_http=True (AKI_ALLOW_HTTP=1, --allow-http) if the network is yours"
            )

    # Every request asks for one. What the cache keeps alive is a few short texts.
    @lru_cache(maxsize=256)  # noqa: B019
    def url(self, route: Route, endpoint: str = "") -> str:
        """Return the URL of a route.

        Args:
            route: What is asked for.
            endpoint: The endpoint's name on the hub, where one is meant.
        """
        path = _LAYOUTS[self.layout][route]
        return self.server + path.format(name=quote(endpoint, safe=""))


@dataclass
class HubContext:
    """The hub's address, the key and the clock that flows need.

    Attributes:
        address: The hub.
        key: The key of this moment; it may be replaced while jobs run, which reaches all who share the context.
        now: Seconds on a monotonic clock.
        is_replayed: Whether a recording answers in the hub's place, for which no key is needed.
        round_trip: Seconds from a request to its answer, as far as is known; 0 before the first answer.
        trace: Returns a job's `JobSpans`, from its address, reading, inputs and, where it was submitted before, its
            state; None where nobody in this process traces jobs.
    """

    trace: ClassVar[Callable[..., Any] | None] = None
    address: Address
    key: ApiKey | None
    now: Callable[[], float]
    is_replayed: Callable[[], bool] = lambda: False
    round_trip: float = 0.0

    def learn(self, began: float) -> float:
        """Take in when a request began that is answered now, and return the round trip."""
        seconds = self.now() - began
        # The shortest counts: making a connection, an upload and a busy hub do not belong to the way. One that has
        # become longer is learned from answer to answer.
        self.round_trip = min(seconds, self.round_trip * 1.1) if self.round_trip else seconds
        return self.round_trip

    def deadline(self, seconds: float | None) -> float:
        """Turn a duration into a moment, infinity where it has no end."""
        return math.inf if seconds is None else self.now() + min(seconds, LONGEST_SECONDS)

    def left(self, deadline: float) -> float:
        """Return the seconds that are left until a moment, at least 0."""
        return max(deadline - self.now(), 0.0)


def is_set(variable: str) -> bool:
    """Whether a variable of the environment says yes: AKI_ALLOW_HTTP that a key may go over plain http."""
    return os.environ.get(variable, "").strip().lower() in ("1", "true", "yes", "on")


def _split(text: str) -> SplitResult | None:
    try:
        if "://" not in text:
            host = urlsplit(f"//{text}").hostname
            text = f"{'http' if is_loopback(host) else 'https'}://{text}"
        parts = urlsplit(text)
        _ = parts.port  # raises where it is not a port
        (parts.hostname or "").encode("idna")  # raises where it cannot be a host
    except ValueError:
        return None
    is_http = parts.scheme in ("http", "https") and bool(parts.hostname)
    return parts if is_http and not any(map(str.isspace, parts.netloc)) else None


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address  # which few addresses need

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
