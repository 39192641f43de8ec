"""HTTP clients: which library they are of, those that we make, and what the environment has to do with them.

The library is httpx2, or httpx where there is nothing else; a caller's own client is of either. They have the same
interface under other names, so that only this module knows which one it is. Neither is imported before the first
request: that takes a while. Owns certificates, proxies, the sentence on what is wrong with those, and keeping the key
out of what the libraries log.
"""

import importlib
import logging
import os
import re
from collections.abc import Awaitable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

from ..errors import ConfigurationError
from ..hub import is_loopback

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    import httpx

MAX_CONNECTIONS = 100
"""Connections that one client opens; further requests wait for one."""

IDLE_SECONDS = 15.0
"""Seconds after which an idle connection is closed instead of used. Routers and load balancers forget one after 30 s or
more, and the pauses between the polls of a job are shorter."""

# Compressing base64 costs more time than it saves, and what is not compressed has no hidden size.
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}

_LIBRARIES = ("httpx2", "httpx")
_SCHEMES = ("http", "https", "all")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class SyncResponse(Protocol):
    """What is used of an answer."""

    def iter_bytes(self) -> Iterator[bytes]:
        """Go through the body, decompressed."""
        ...


class SyncHttpClient(Protocol):
    """What is used of a caller's own client: an `httpx2.Client` or `httpx.Client`."""

    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request."""
        ...

    def send(self, *args: Any, **kwargs: Any) -> SyncResponse:
        """Send it."""
        ...


class AsyncHttpClient(Protocol):
    """What is used of a caller's own client: an `httpx2.AsyncClient` or `httpx.AsyncClient`."""

    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request."""
        ...

    def send(self, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        """Send it."""
        ...


def library_of(client: object | None = None) -> Any:
    """Return the library that a caller's own client is of; without one, the one that is installed.

    Raises:
        ConfigurationError: None is installed.
    """
    library, _ = _kind_of(client)
    for name in (library,) if library else _LIBRARIES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ConfigurationError("no HTTP library is installed: pip install httpx2")


def require_kind(client: object | None, wanted: str) -> None:
    """Refuse a caller's own client that is not of the wanted class, "Client" or "AsyncClient".

    Raises:
        ConfigurationError: It is of the other kind.
    """
    library, kind = _kind_of(client)
    if kind and kind != wanted:
        raise ConfigurationError(
            "http_client is of the wrong kind: "
            f"Aki takes an {library}.Client, AsyncAki an {library}.AsyncClient"
        )


def _kind_of(client: object | None) -> tuple[str, str]:
    for kind in type(client).__mro__:
        library = kind.__module__.partition(".")[0]
        if library in _LIBRARIES and kind.__name__ in {"Client", "AsyncClient"}:
            return library, kind.__name__
    return "", ""


def make_client(kind: str, url: str, user_agent: str, cookies: "CookieJar | None" = None) -> Any:
    """Return a client for one hub.

    Args:
        kind: "Client" or "AsyncClient".
        url: The hub's address, or one below it.
        user_agent: What the hub sees as the User-Agent.
        cookies: Where cookies are kept.

    Raises:
        ConfigurationError: The environment names a proxy or certificates that cannot be used.
    """
    library = library_of()
    uses_environment = not _is_asked_directly(url)
    try:
        for proxy in _proxies().values() if uses_environment else ():
            _ = urlsplit(proxy).port  # raises beyond 65535; connecting would do so later, and raw
        return getattr(library, kind)(
            verify=certificates(),
            limits=_limits(library, MAX_CONNECTIONS),
            headers={**HEADERS, "User-Agent": user_agent},
            cookies=cookies,
            trust_env=uses_environment,
        )
    except ConfigurationError:
        raise
    except Exception as error:
        raise _named(error) from None


def fast_http_client(**settings: Any) -> "httpx.AsyncClient":
    """Return an `httpx.AsyncClient` that sends over aiohttp, to be handed to `AsyncAki` and closed by you.

        async with fast_http_client() as http, AsyncAki(http_client=http) as aki: ...

    Args:
        settings: What `httpx.AsyncClient` takes, such as `event_hooks` or `limits`.

    Raises:
        ConfigurationError: The extra `fast` is not installed.
    """
    try:
        library: Any = importlib.import_module("httpx")
        aiohttp: Any = importlib.import_module("aiohttp")
        between: Any = importlib.import_module("httpx_aiohttp")
    except ImportError:
        raise ConfigurationError(
            "the fast transport needs an extra: pip install 'aki-client[fast]'"
        ) from None
    chosen = {"verify": certificates(), "limits": _limits(library, None)}
    chosen |= {name: settings.pop(name) for name in chosen.keys() & settings.keys()}

    class Transport(library.AsyncBaseTransport):  # type: ignore[misc]  # httpx need not be installed
        """Sends by aiohttp, but what has the key in its query by httpx itself, which hides it."""

        takes_target = True

        def __init__(self) -> None:
            self._fast = between.AiohttpTransport(**chosen)
            self._usual = library.AsyncHTTPTransport(**chosen)

        async def handle_async_request(self, request: Any) -> Any:
            if "target" in request.extensions:
                return await self._usual.handle_async_request(request)
            try:
                return await self._fast.handle_async_request(request)
            except library.ConnectTimeout as error:
                # httpx-aiohttp raises this for a connection that broke as well as for one that was never made.
                cause, said = error.__cause__, str(error)
                if isinstance(cause, TimeoutError):
                    raise
            unconnected = isinstance(cause, aiohttp.ClientConnectorError)
            raise (library.ConnectError if unconnected else library.ReadError)(said)

        async def aclose(self) -> None:
            await self._fast.aclose()
            await self._usual.aclose()

    client: httpx.AsyncClient = library.AsyncClient(transport=Transport(), **settings)
    return client


def _limits(library: Any, kept: int | None) -> Any:
    return library.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=kept,
        keepalive_expiry=IDLE_SECONDS,
    )


@cache
def certificates() -> Any:
    """Return what servers are checked against; reading it takes a tenth of a second, so all clients share it.

    Raises:
        ConfigurationError: The environment names a file or folder that cannot be used.
    """
    name = _certificates_variable()
    paths = os.environ.get(name, "").split(os.pathsep)
    if name and not any(map(os.path.exists, paths)):
        raise ConfigurationError(f"{name} names {os.pathsep.join(paths)!r}, which does not exist")
    try:
        return library_of().create_ssl_context()
    except (OSError, ValueError) as error:
        log = os.environ.get("SSLKEYLOGFILE")
        if log and getattr(error, "filename", None) == log:
            raise ConfigurationError(f"SSLKEYLOGFILE cannot be used: {error}") from None
        raise ConfigurationError(
            f"{name or 'the system'} names no certificates that can be read: {error}"
        ) from None


def connection_hint(transport: Any, scheme: str, said: str) -> str:
    """Return what in the environment may be the reason for a failed connection, to be added to what was said of it."""
    hint = ""
    if "CERTIFICATE_VERIFY_FAILED" in said and (name := _certificates_variable()):
        hint = f"; {name} names what is trusted"
    if _is_proxy(transport):
        named = next((each for each in (scheme, "all") if each in _proxies()), "")
        hint += "; it was asked through a proxy"
        hint += f", which {_variable(named)} names" if named else ""
    return hint


def _certificates_variable() -> str:
    return next((name for name in _CERTIFICATES if os.environ.get(name)), "")


def add_query(request: Any, query: Mapping[str, str], transport: Any) -> None:
    """Add a query that holds the key to a client's request.

    It becomes the extension `target`, which httpx and httpx2 document: what is sent in place of the URL's path. So no
    log line, span or breadcrumb of what instruments the client shows it. A transport that does not know it (a mock, an
    application in this process) gets the query in the URL.

    Args:
        request: The request.
        query: The query.
        transport: What sends it, as `lowest_transport` finds it.
    """
    path = request.url.raw_path
    target = path + (b"&" if b"?" in path else b"?") + urlencode(query).encode("ascii")
    if transport is None:
        request.url = request.url.copy_with(raw_path=target)
        return
    if request.url.scheme == "http" and _is_proxy(transport):
        target = b"http://" + request.url.netloc + target
    request.extensions["target"] = target


def lowest_transport(client: Any, library: Any, url: Any) -> Any:
    """Return the library's own transport below all that wrap it, or ours; None where a client has neither."""
    choose = getattr(client, "_transport_for_url", None)
    return _lowest(choose(url), library) if choose is not None else None


def _lowest(transport: Any, library: Any) -> Any:
    ours = hasattr(transport, "takes_target")
    if ours or isinstance(transport, (library.HTTPTransport, library.AsyncHTTPTransport)):
        return transport
    kinds = (library.BaseTransport, library.AsyncBaseTransport)
    wrapped: dict[str, Any] = getattr(transport, "__dict__", {})
    below = (_lowest(each, library) for each in wrapped.values() if isinstance(each, kinds))
    return next((each for each in below if each is not None), None)


def _is_proxy(transport: Any) -> bool:
    return "Proxy" in type(getattr(transport, "_pool", None)).__name__


def _is_asked_directly(url: str) -> bool:
    """Whether a hub is on this machine and a proxy on another one, which could not reach it, and would read the key."""
    if not is_loopback(urlsplit(url).hostname):
        return False
    return not all(is_loopback(_host(proxy)) for proxy in _proxies().values())


def _proxies() -> dict[str, str]:
    """Return the addresses of the environment's proxies, by what goes through them."""
    from urllib.request import getproxies  # with half of the standard library

    found, proxies = getproxies(), dict[str, str]()
    for scheme in _SCHEMES:
        if proxy := found.get(scheme):
            proxies[scheme] = proxy if "://" in proxy else f"http://{proxy}"
    return proxies


def _host(proxy: str) -> str | None:
    try:
        return urlsplit(proxy).hostname
    except ValueError:
        return None


def _named(error: Exception) -> ConfigurationError:
    """Say which variable of the environment keeps a client from being made; a proxy's address may hold a password."""
    library = library_of()
    for scheme, proxy in _proxies().items():
        try:
            _ = urlsplit(proxy).port
            library.HTTPTransport(proxy=proxy, verify=False)
        except ImportError:
            need = f"a SOCKS proxy needs a package: pip install '{library.__name__}[socks]'"
            return ConfigurationError(f"{_variable(scheme)}: {need}")
        except Exception:
            return ConfigurationError(
                f"{_variable(scheme)} is not the address of a proxy; "
                "give one such as http://host:3128, with http, https, socks5 or socks5h"
            )
    return ConfigurationError(f"{_variable('no')} cannot be used: {error}")


def _variable(scheme: str) -> str:
    """Return the name by which the environment sets a proxy, or by which it would."""
    name = f"{scheme}_proxy"
    return next((each for each in os.environ if each.lower() == name), name.upper())


def without_key_in_urls(text: str) -> str:
    """Hide the key in the queries of the URLs of a text."""
    return _KEY_IN_URL.sub(r"\1***", text)


class _RedactKeys(logging.Filter):
    """The libraries log URLs, and a redirect may repeat the query that the hub was sent, with the key in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = without_key_in_urls(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without_key(arg) for arg in record.args)
        return True


_KEY_IN_URL = re.compile(r"([?&]key=)[^&#\s'\")]*")


def _without_key(value: Any) -> Any:
    if type(value).__name__ == "URL" and "key" in value.params:
        return value.copy_set_param("key", "***")
    return value


_filter = _RedactKeys()
for _name in _LIBRARIES:
    logging.getLogger(_name).addFilter(_filter)
for _core in ("httpcore", "httpcore2"):
    for _part in ("connection", "http11", "http2", "proxy", "socks"):
        logging.getLogger(f"{_core}.{_part}").addFilter(_filter)
