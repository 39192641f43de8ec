"""One document from a hub that is not trusted: bounded in time and size, never redirected, never compressed."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote_plus

from aki_runtime.errors import ConfigurationError
from aki_runtime.http.clients import add_query, lowest_transport, make_client
from aki_runtime.http.library import library_of
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


class _Budget:
    """What is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = asyncio.get_running_loop().time() + limits.total_seconds
        self._size = limits.total_size

    def seconds(self) -> float:
        """Return what the next document may take."""
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise DocumentError(
                f"the hub took more than {self._limits.total_seconds:,.3g} s for all of them"
            )
        return min(left, self._limits.seconds)

    def spend(self, size: int, so_far: int) -> None:
        """Take note of bytes that came; `so_far` of them for this document."""
        self._size -= size
        if so_far > self._limits.size:
            raise DocumentError(f"the answer is larger than {self._limits.size:,} bytes")
        if self._size < 0:
            raise DocumentError(
                f"all of them together are larger than {self._limits.total_size:,} bytes"
            )


class DocumentClient:
    """Asks one hub for documents, within an `async with` block.

    Args:
        server: The hub's address.
        key: Sent in the query, as the hub wants it.
        limits: What one document may cost, and all of them.

    Raises:
        GenerationError: The environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, server: str, key: ApiKey | None, limits: Limits) -> None:
        self._query = {"key": key.reveal()} if key is not None else {}
        try:
            self._client = make_client("AsyncClient", server, f"aki-codegen/{__version__}")
        except ConfigurationError as error:
            raise GenerationError(str(error)) from None
        self._budget = _Budget(limits)

    async def get(self, url: str) -> object:
        """Return a JSON document.

        Raises:
            DocumentError: It could not be had, or is none.
        """
        try:
            try:
                return await _ask(self._client, url, self._budget, query=self._query)
            except DocumentError as error:
                if error.status != METHOD_NOT_ALLOWED:
                    raise
            # A server may let an endpoint be described, as called, by POST only.
            return await _ask(self._client, url, self._budget, payload=self._query)
        except DocumentError as error:
            # Servers like to repeat what they were asked for, and the key is in it.
            raise DocumentError(
                _without_key(str(error), self._query.get("key", "")), error.status
            ) from None

    async def has_route(self, url: str) -> bool | None:
        """Whether a hub has a route to ask after jobs, told by one that there is not; None where it cannot be told."""
        try:
            answer = await _ask(self._client, url, self._budget, payload={"job_id": "none"})
        except DocumentError as error:
            if error.status in (404, METHOD_NOT_ALLOWED):
                return False
            return True if error.status in (400, 401, 402, 403) else None
        return True if is_object(answer) else None

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)


async def _ask(
    client: Any,
    url: str,
    budget: _Budget,
    query: dict[str, str] | None = None,
    payload: dict[str, str] | None = None,
) -> object:
    """Ask for a document: by POST where there is a payload."""
    seconds = budget.seconds()
    library = library_of()
    try:
        async with asyncio.timeout(seconds):
            method = "GET" if payload is None else "POST"
            request = client.build_request(
                method, url, json=payload, headers=_HEADERS, timeout=seconds
            )
            if query:
                add_query(request, query, lowest_transport(client, library, request.url))
            response = await client.send(request, stream=True)
            async with aclosing(response):
                body = await _read(response, budget)
    except TimeoutError:
        raise DocumentError(f"no complete answer within {seconds:.3g} s") from None
    except (library.HTTPError, library.InvalidURL) as error:
        raise DocumentError(str(error) or type(error).__name__) from None
    document: object
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = body.decode("utf-8", "replace")
    if response.has_redirect_location:
        place = doc_text(response.headers["location"])
        said = f"{status_phrase(response.status_code)}, a redirect to {place}"
        raise DocumentError(said, response.status_code)
    if response.status_code != 200:
        raise DocumentError(_refusal(document, response.status_code), response.status_code)
    if isinstance(document, str):
        raise DocumentError(f"{_shape(document)} came instead of JSON")
    return document


async def _read(response: Any, budget: _Budget) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise DocumentError("the answer is compressed though that was not asked for")
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        budget.spend(len(chunk), size)
        chunks.append(chunk)
    return b"".join(chunks)


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
