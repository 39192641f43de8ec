"""The HTTP clients that we make ourselves, and what the environment has to do with them.

Owns connections, certificates, proxies, and the sentence on what is wrong with those.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies

from ..errors import ConfigurationError
from ..hub import is_loopback
from .connection import IDLE_SECONDS
from .library import MAX_CONNECTIONS, library_of

_SCHEMES = ("http", "https", "all")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def make_client(kind: str, url: str, user_agent: str, cookies: CookieJar | None = None) -> Any:
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
    limits = library.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=IDLE_SECONDS,
    )
    uses_environment = not _is_asked_directly(url)
    try:
        for proxy in _proxies().values() if uses_environment else ():
            _ = urlsplit(proxy).port  # raises beyond 65535; connecting would do so later, and raw
        return getattr(library, kind)(
            verify=certificates(),
            limits=limits,
            headers={"User-Agent": user_agent},
            cookies=cookies,
            trust_env=uses_environment,
        )
    except ConfigurationError:
        raise
    except Exception as error:
        raise _named(error) from None


@cache
def certificates() -> Any:
    """Return what servers are checked against; reading it takes a tenth of a second, so all clients share it.

    Raises:
        ConfigurationError: The environment names a file or folder that cannot be used.
    """
    name = next((each for each in _CERTIFICATES if os.environ.get(each)), "")
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


def certificates_hint(said: str) -> str:
    """Return what to add to a failure for a certificate that is not trusted."""
    name = next((each for each in _CERTIFICATES if os.environ.get(each)), "")
    failed = name and "CERTIFICATE_VERIFY_FAILED" in said
    return f"; {name} names what is trusted" if failed else ""


def proxy_hint(transport: Any, scheme: str) -> str:
    """Return what to add to a failed connection that was one to a proxy."""
    if not _is_proxy(transport):
        return ""
    named = next((each for each in (scheme, "all") if each in _proxies()), "")
    return "; it was asked through a proxy" + (f", which {_variable(named)} names" if named else "")


def _is_proxy(transport: Any) -> bool:
    return "Proxy" in type(getattr(transport, "_pool", None)).__name__


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
    choose: Callable[[Any], Any] | None = getattr(client, "_transport_for_url", None)
    return _lowest(choose(url), library) if choose is not None else None


def _lowest(transport: Any, library: Any) -> Any:
    ours = hasattr(transport, "takes_target")
    if ours or isinstance(transport, (library.HTTPTransport, library.AsyncHTTPTransport)):
        return transport
    kinds = (library.BaseTransport, library.AsyncBaseTransport)
    wrapped: dict[str, Any] = getattr(transport, "__dict__", {})
    below = (_lowest(each, library) for each in wrapped.values() if isinstance(each, kinds))
    return next((each for each in below if each is not None), None)


def _is_asked_directly(url: str) -> bool:
    """Whether a hub is on this machine and a proxy on another one, which could not reach it, and would read the key."""
    if not is_loopback(urlsplit(url).hostname):
        return False
    return not all(is_loopback(_host(proxy)) for proxy in _proxies().values())


def _proxies() -> dict[str, str]:
    """Return the addresses of the environment's proxies, by what goes through them."""
    named = {scheme: getproxies().get(scheme) for scheme in _SCHEMES}
    return {
        scheme: proxy if "://" in proxy else f"http://{proxy}"
        for scheme, proxy in named.items()
        if proxy
    }


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
