"""One document from a hub that is not trusted: bounded in time and size, never redirected, never compressed."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from aki_runtime.errors import ConfigurationError
from aki_runtime.http.clients import add_query, library_of, lowest_transport, make_client
from aki_runtime.protocol.explain import sentences, status_phrase
from aki_runtime.secret import ApiKey
from aki_runtime.shapes import is_object

from .. import __version__
from ..literals import doc_text
from ..problems import GenerationError

METHOD_NOT_ALLOWED = 405
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}

MAX_DOCUMENT_BYTES = 4_000_000
"""Size of one document at most; real ones have some kilobytes."""

DOCUMENT_SECONDS = 30.0
"""Time that one document may take altogether."""

MAX_TOTAL_BYTES = 64_000_000
"""Size of all documents together; read, they take some twenty times as much memory in the worst case."""

TOTAL_SECONDS = 600.0
"""Time that all documents together may take: thousands of slow ones would take days."""


class DocumentError(Exception):
    """One document could not be had; the message is a clause for a person."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """What one document may cost, and all of them."""

    seconds: float = DOCUMENT_SECONDS
    size: int = MAX_DOCUMENT_BYTES
    total_seconds: float = TOTAL_SECONDS
    total_size: int = MAX_TOTAL_BYTES


class DocumentClient:
    """Asks one hub for documents; it is closed when the block of `documents_of` ends.

    Args:
        client: Sends the requests.
        query: What each question holds: the key, where there is one.
        limits: What one document may cost, and all of them.
    """

    def __init__(self, client: Any, query: dict[str, str], limits: Limits) -> None:
        self._client = client
        self._query = query
        self._limits = limits
        self._deadline = asyncio.get_running_loop().time() + limits.total_seconds
        self._bytes_left = limits.total_size

    async def get(self, url: str) -> object:
        """Return a JSON document.

        Raises:
            DocumentError: It could not be had, or is not JSON.
        """
        try:
            try:
                return await self._ask("GET", url, self._query)
            except DocumentError as error:
                if error.status != METHOD_NOT_ALLOWED:
                    raise
            # A server may let an endpoint be described, as called, by POST only.
            return await self._ask("POST", url, self._query)
        except DocumentError as error:
            # Servers like to repeat what they were asked for, and the key is in it.
            raise DocumentError(
                _without_key(str(error), self._query.get("key", "")), error.status
            ) from None

    async def has_route(self, url: str) -> bool | None:
        """Whether a hub has a route for the progress of jobs; None where its answer does not show that."""
        try:
            answer = await self._ask("POST", url, {"job_id": "none"})
        except DocumentError as error:
            if error.status in (404, METHOD_NOT_ALLOWED):
                return False
            return True if error.status in (400, 401, 402, 403) else None
        return True if is_object(answer) else None

    async def _ask(self, method: str, url: str, values: dict[str, str]) -> object:
        """Ask for a document, with values in the query of a GET or the body of a POST."""
        seconds = min(self._deadline - asyncio.get_running_loop().time(), self._limits.seconds)
        if seconds <= 0:
            total = f"{self._limits.total_seconds:,.3g} s"
            raise DocumentError(f"the hub took more than {total} for all of them")
        library = library_of()
        body = values if method == "POST" else None
        try:
            async with asyncio.timeout(seconds):
                request = self._client.build_request(
                    method, url, json=body, headers=_HEADERS, timeout=seconds
                )
                if body is None and values:
                    transport = lowest_transport(self._client, library, request.url)
                    add_query(request, values, transport)
                response = await self._client.send(request, stream=True)
                async with aclosing(response):
                    content = await self._read(response)
        except TimeoutError:
            raise DocumentError(f"no complete answer within {seconds:.3g} s") from None
        except (library.HTTPError, library.InvalidURL) as error:
            raise DocumentError(str(error) or type(error).__name__) from None
        document: object
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            document = content.decode("utf-8", "replace")
        if response.has_redirect_location:
            place = doc_text(response.headers["location"])
            phrase = status_phrase(response.status_code)
            raise DocumentError(f"{phrase}, a redirect to {place}", response.status_code)
        if response.status_code != 200:
            raise DocumentError(_refusal(document, response.status_code), response.status_code)
        if isinstance(document, str):
            raise DocumentError(f"{_shape(document)} came instead of JSON")
        return document

    async def _read(self, response: Any) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise DocumentError("the answer is compressed though that was not asked for")
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            # All documents are read at the same time, so what is left shrinks while this one comes.
            self._bytes_left -= len(chunk)
            if len(content) > self._limits.size:
                raise DocumentError(f"the answer is larger than {self._limits.size:,} bytes")
            if self._bytes_left < 0:
                total = f"{self._limits.total_size:,} bytes"
                raise DocumentError(f"all of them together are larger than {total}")
        return bytes(content)


@asynccontextmanager
async def documents_of(
    server: str, key: ApiKey | None, limits: Limits
) -> AsyncGenerator[DocumentClient]:
    """Make a client of one hub, whose limits begin now.

    Args:
        server: The hub's address.
        key: Sent in the query, as the hub wants it.
        limits: What one document may cost, and all of them.

    Raises:
        GenerationError: The environment names a proxy or certificates that cannot be used.
    """
    try:
        client = make_client("AsyncClient", server, f"aki-codegen/{__version__}")
    except ConfigurationError as error:
        raise GenerationError(str(error)) from None
    async with client:
        yield DocumentClient(client, {"key": key.reveal()} if key is not None else {}, limits)


def _without_key(text: str, key: str) -> str:
    for secret in (key, quote_plus(key)):
        text = text.replace(secret, "***") if secret else text
    return text


def _shape(text: str) -> str:
    if not text.strip():
        return "an empty answer"
    if "<html" in text[:500].lower():
        return "an HTML page"
    return "a damaged document" if text.lstrip().startswith(("{", "[")) else "something else"


def _refusal(document: object, status: int) -> str:
    phrase = status_phrase(status)
    said = "; ".join(sentences(document, status))
    if said in phrase:
        return phrase
    return said if phrase in said else f"{said} ({phrase})"
