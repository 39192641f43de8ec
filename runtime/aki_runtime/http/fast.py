"""A client of httpx over aiohttp, for callers who have thousands of jobs under way at a time."""

import importlib
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .library import MAX_CONNECTIONS

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
    from .clients import certificates
    from .connection import IDLE_SECONDS

    try:
        library: Any = importlib.import_module("httpx")
        aiohttp: Any = importlib.import_module("aiohttp")
        between: Any = importlib.import_module("httpx_aiohttp")
    except ImportError:
        raise ConfigurationError(
            "the fast transport needs an extra: pip install 'aki-client[fast]'"
        ) from None
    limits = library.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=None,
        keepalive_expiry=IDLE_SECONDS,
    )
    chosen = {
        "verify": settings.pop("verify", certificates()),
        "limits": settings.pop("limits", limits),
    }

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
                # So it calls every connection that fails, whether or not it was made.
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
