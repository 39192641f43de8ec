"""A client of httpx over another transport, for callers who have thousands of jobs under way at a time."""

import importlib
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import httpx


def fast_http_client(**settings: Any) -> "httpx.AsyncClient":
    """Return an `httpx.AsyncClient` that sends over aiohttp, to be handed to `AsyncAki` and closed by you.

        async with fast_http_client() as http, AsyncAki(http_client=http) as aki: ...

    Args:
        settings: What `httpx.AsyncClient` takes, such as `event_hooks` or `limits`.

    Raises:
        ConfigurationError: The extra `fast` is not installed.
    """
    import httpx

    from .outgoing import MAX_CONNECTIONS, certificates

    try:
        aiohttp: Any = importlib.import_module("httpx_aiohttp")
    except ImportError:
        raise ConfigurationError(
            "the fast transport needs an extra: pip install 'aki-client[fast]'"
        ) from None
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=None)
    transport = aiohttp.AiohttpTransport(
        verify=settings.pop("verify", certificates()), limits=settings.pop("limits", limits)
    )
    return httpx.AsyncClient(transport=transport, **settings)
