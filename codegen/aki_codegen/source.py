"""Where metadata comes from over the network: the list and the details of a hub, asked concurrently.

The hub is not trusted: no redirect is followed, no compressed answer is taken, and every document has a
size and a time that it must not pass, and so have all of them together.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from . import __version__
from .problems import GenerationError, Problem
from .runtime.explain import sentences, status_phrase
from .runtime.http import settings
from .runtime.hub import Address
from .runtime.secret import ApiKey
from .runtime.shapes import is_array, is_object
from .wire import is_utf8

MAX_CONCURRENT = 8
"""Documents that are asked for at the same time."""

MAX_DOCUMENT_BYTES = 4_000_000
"""Size of one document at the most; real ones have some kilobytes."""

DOCUMENT_SECONDS = 30.0
"""Time that one document may take altogether."""

MAX_TOTAL_BYTES = 64_000_000
"""Size of all documents together; read, they take some twenty times as much memory in the worst case."""

TOTAL_SECONDS = 600.0
"""Time that all documents together may take: thousands of slow ones would take days."""

MAX_ENDPOINTS = 10_000
MAX_NAME_CHARACTERS = 500


class DocumentError(Exception):
    """One document could not be had; the message is a clause for a person."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Fetched:
    """What a hub told.

    Attributes:
        listed: The names on its list, each once, sorted.
        documents: The details by name, where they could be had.
        problems: Why the others could not, and what was odd about the list.
    """

    listed: tuple[str, ...]
    documents: dict[str, object]
    problems: tuple[Problem, ...] = field(default=())


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


async def fetch(
    address: Address,
    key: ApiKey | None,
    on_document: Callable[[int, int], None] = lambda done, total: None,
    limits: Limits | None = None,
) -> Fetched:
    """Ask a hub for its endpoint list and each endpoint's details.

    Args:
        address: The hub.
        key: Sent in the query, as the hub wants it.
        on_document: Called with the number of details that are here, and of all.
        limits: What one document may cost, and all of them.

    Raises:
        GenerationError: The list itself could not be had.
    """
    budget = _Budget(limits or Limits())
    async with _client(key) as client:
        listed, problems = await _fetch_list(client, address, budget, with_key=key is not None)
        documents: dict[str, object] = {}
        gate = asyncio.Semaphore(MAX_CONCURRENT)
        done = 0

        async def one(name: str) -> None:
            nonlocal done
            async with gate:
                try:
                    documents[name] = await _get(client, address.details_url(name), budget)
                except DocumentError as error:
                    problems.append(_no_details(name, str(error)))
            done += 1
            on_document(done, len(listed))

        async with asyncio.TaskGroup() as tasks:
            for name in listed:
                tasks.create_task(one(name))
    return Fetched(listed, documents, tuple(sorted(problems)))


async def fetch_missing(
    address: Address, key: ApiKey | None, names: Sequence[str], limits: Limits | None = None
) -> dict[str, str | None]:
    """Ask for the details of endpoints that are not on the list.

    Returns:
        By name: None where the hub knows no such endpoint, an empty text where it describes it, and why that could
        not be seen otherwise.
    """
    budget = _Budget(limits or Limits())
    found: dict[str, str | None] = {}
    gate = asyncio.Semaphore(MAX_CONCURRENT)
    async with _client(key) as client:

        async def one(name: str) -> None:
            async with gate:
                try:
                    await _get(client, address.details_url(name), budget)
                except DocumentError as error:
                    found[name] = None if error.status == 404 else str(error)
                else:
                    found[name] = ""

        async with asyncio.TaskGroup() as tasks:
            for name in names:
                tasks.create_task(one(name))
    return found


def _client(key: ApiKey | None) -> httpx.AsyncClient:
    chosen = settings(f"aki-codegen/{__version__}")
    chosen["headers"] |= {"Accept": "application/json", "Accept-Encoding": "identity"}
    query = {"key": key.reveal()} if key is not None else {}
    return httpx.AsyncClient(**chosen, params=query, follow_redirects=False)


async def _fetch_list(
    client: httpx.AsyncClient, address: Address, budget: _Budget, *, with_key: bool
) -> tuple[tuple[str, ...], list[Problem]]:
    try:
        document = await _get(client, address.list_url(), budget)
    except DocumentError as error:
        raise GenerationError(_list_failure(address, error, with_key=with_key)) from None
    names = document.get("endpoints") if is_object(document) else None
    if not is_array(names):
        raise GenerationError(
            f"{address.server} answered no endpoint list (expected an object with 'endpoints'); "
            "check the address"
        )
    problems: list[Problem] = []
    usable: set[str] = set()
    for name in names[:MAX_ENDPOINTS]:
        if isinstance(name, str) and len(name) > MAX_NAME_CHARACTERS:
            fault = f"the list names an endpoint with {len(name):,} characters"
            problems.append(_odd_name(repr(name[:50]), fault))
        elif isinstance(name, str) and is_utf8(name) and name not in ("", ".", ".."):
            usable.add(name)
        else:
            shown = repr(name)[:60]
            problems.append(_odd_name(shown, "the list names an endpoint that is no usable text"))
    if len(names) > MAX_ENDPOINTS:
        problems.append(
            _odd_name("(list)", f"the list holds more than {MAX_ENDPOINTS:,} endpoints")
        )
    return tuple(sorted(usable)), problems


async def _get(client: httpx.AsyncClient, url: str, budget: _Budget) -> object:
    try:
        return await _ask(client, url, budget)
    except DocumentError as error:
        # Servers like to repeat the address that they were asked for, and the key is in its query.
        raise DocumentError(_without_key(str(error), client.params), error.status) from None


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
    if response.status_code != 200:
        raise DocumentError(_refusal(document, response.status_code), response.status_code)
    if isinstance(document, str):
        shape = "an HTML page" if "<html" in document[:500].lower() else "something else"
        raise DocumentError(f"{shape} came instead of JSON")
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


def _refusal(document: object, status: int) -> str:
    phrase = status_phrase(status)
    said = "; ".join(sentences(document, status))
    return said if phrase in said else f"{said} ({phrase})"


def _list_failure(address: Address, error: DocumentError, *, with_key: bool) -> str:
    if error.status in (401, 402, 403):
        remedy = (
            "check AKI_API_KEY or the file of --api-key-file"
            if with_key
            else "set AKI_API_KEY or give --api-key-file"
        )
        return f"{address.server} refused the key: {error}; {remedy}"
    return (
        f"the endpoint list could not be had from {address.list_url()}: {error}; "
        "check the address (--server, AKI_API_SERVER) and that the hub is running"
    )


def _no_details(name: str, why: str) -> Problem:
    return Problem(name, "", f"its details could not be had: {why}", "try again later", "skipped")


def _odd_name(shown: str, what: str) -> Problem:
    return Problem(shown, "", what, "ask the hub's administrator", "skipped")
