"""One document from a hub that is not trusted: bounded in time and size, never redirected, never compressed."""

import asyncio
import json
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import httpx
from aki_runtime.http.outgoing import client_settings
from aki_runtime.protocol.explain import sentences, status_phrase
from aki_runtime.secret import ApiKey

from .. import __version__
from ..literals import doc_text

MAX_DOCUMENT_BYTES = 4_000_000
"""Size of one document at the most; real ones have some kilobytes."""

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
        key: Sent in the query, as the hub wants it.
        limits: What one document may cost, and all of them.
    """

    def __init__(self, key: ApiKey | None, limits: Limits) -> None:
        chosen = client_settings(f"aki-codegen/{__version__}")
        chosen["headers"] |= {"Accept": "application/json", "Accept-Encoding": "identity"}
        query = {"key": key.reveal()} if key is not None else {}
        self._client = httpx.AsyncClient(**chosen, params=query, follow_redirects=False)
        self._budget = _Budget(limits)
        self._while_open = ExitStack()

    async def get(self, url: str) -> object:
        """Return a JSON document.

        Raises:
            DocumentError: It could not be had, or is none.
        """
        try:
            return await _ask(self._client, url, self._budget)
        except DocumentError as error:
            # Servers like to repeat the address that they were asked for, and the key is in its query.
            raise DocumentError(
                _without_key(str(error), self._client.params), error.status
            ) from None

    async def __aenter__(self) -> Self:
        self._while_open.enter_context(_without_searches())
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._while_open:
            await self._client.__aexit__(kind, error, traceback)


@contextmanager
def _without_searches() -> Generator[None, None, None]:
    """Keep Python from searching all its folders for sniffio, several times for every request.

    httpcore imports it, if it can, whenever it needs to know who runs it; that an import has failed is not
    remembered. Where it is missing that takes a third of the time of asking for a thousand documents.
    """
    if find_spec("sniffio") is not None:
        yield
        return
    # None stands for a module that can not be imported.
    modules: dict[str, Any] = sys.modules
    modules["sniffio"] = None
    try:
        yield
    finally:
        modules.pop("sniffio", None)


async def _ask(client: httpx.AsyncClient, url: str, budget: _Budget) -> object:
    seconds = budget.seconds()
    try:
        async with asyncio.timeout(seconds):
            async with client.stream("GET", url, timeout=seconds) as response:
                body = await _read(response, budget)
    except TimeoutError:
        raise DocumentError(f"no complete answer within {seconds:.3g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
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


async def _read(response: httpx.Response, budget: _Budget) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise DocumentError("the answer is compressed though that was not asked for")
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        budget.spend(len(chunk), size)
        chunks.append(chunk)
    return b"".join(chunks)


def _without_key(text: str, query: httpx.QueryParams) -> str:
    for secret in (query.get("key", ""), str(query).removeprefix("key=")):
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
