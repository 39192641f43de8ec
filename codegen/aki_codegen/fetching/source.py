"""The list and the details of a hub, asked concurrently. It is not trusted: bounded in time and size, no redirects."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from aki_runtime.errors import ConfigurationError
from aki_runtime.http.clients import add_query, library_of, lowest_transport, make_client
from aki_runtime.hub import Address, Layout, is_endpoint_name
from aki_runtime.metadata import shown
from aki_runtime.protocol.explain import sentences, status_phrase
from aki_runtime.secret import ApiKey, how_to_give_a_key, without_key
from aki_runtime.shapes import is_array, is_object

from .. import __version__
from ..literals import doc_text, visible
from ..problems import GenerationError, Problem
from .target import Target

METHOD_NOT_ALLOWED = 405
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_ASK = "ask the hub's administrator"

MAX_CONCURRENT = 8
"""Documents that are asked for at the same time."""

MAX_ENDPOINTS = 10_000
"""Names that are taken from one list."""

MAX_NAME_CHARACTERS = 500
"""Characters of an endpoint's name at most."""


class DocumentError(Exception):
    """One document could not be had; the message is a clause for a person."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """What one document may cost, and all of them.

    Attributes:
        seconds: Time that one may take altogether.
        size: Bytes of one; real ones have some kilobytes.
        total_seconds: Time that all may take: thousands of slow ones would take days.
        total_size: Bytes of all; read, they take some twenty times as much memory in the worst case.
    """

    seconds: float = 30.0
    size: int = 4_000_000
    total_seconds: float = 600.0
    total_size: int = 64_000_000


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
            # What the HTTP library says, and where a redirect leads, may hold what was asked for.
            said = without_key(str(error).encode("utf-8", "replace"), self._query.get("key"))
            raise DocumentError(said.decode(), error.status) from None

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
            document = json.loads(content, object_pairs_hook=_sharing_texts)
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
        return bytes(without_key(content, self._query.get("key")))


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


def _sharing_texts(members: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON whose names and texts are in memory once: a hub's documents say much the same."""
    return {intern(n): intern(value) if isinstance(value, str) else value for n, value in members}


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


@dataclass(frozen=True)
class Fetched:
    """What a hub answered.

    Attributes:
        listed: The names on its list, each once, sorted.
        documents: The details by name, where they could be had.
        problems: Why the others could not, and what was odd about the list.
        layout: How its routes are laid out, where that was looked for; else as was thought.
        unlisted: What it says of endpoints that it does not list: None where it knows no such endpoint, an empty text
            where it describes it, and why that could not be seen otherwise.
    """

    listed: tuple[str, ...]
    # When an event loop ends, asyncio words what its main task has returned.
    documents: dict[str, object] = field(repr=False)
    problems: tuple[Problem, ...] = field(default=())
    layout: Layout = "aki"
    unlisted: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


async def fetch(
    target: Target,
    on_document: Callable[[int, int], None] = lambda done, total: None,
    limits: Limits | None = None,
    *,
    known: Iterable[str] = (),
    for_calls: bool = False,
) -> Fetched:
    """Ask a hub for its endpoint list and each endpoint's details, and for those of known endpoints that it lacks.

    Args:
        target: The hub, and the key that is sent in the query.
        on_document: Called with the number of details that are here, and of all that are listed.
        limits: What one document may cost, and all of them.
        known: The endpoints that it had before.
        for_calls: Whether a client is made of it, whose calls have to find the hub's routes.

    Raises:
        GenerationError: The list itself could not be had, or the hub has not the layout that was asked for.
    """
    address, layout = target.address, target.address.layout
    async with documents_of(address.server, target.key, limits or Limits()) as client:
        listed, problems = await _fetch_list(client, address, with_key=target.key is not None)
        if for_calls and listed:
            layout = await _find_layout(client, target, listed[0])
        answers = await _details(client, address, listed, on_document)
        lacking = sorted(set(known) - set(listed))
        others = await _details(client, address, lacking, lambda done, total: None)
    # What the hub lists and does not know is not a passing trouble.
    problems += [
        Problem(
            name,
            "",
            f"its details could not be had: {answer}",
            _ASK if answer.status == 404 else "try again later",
            "skipped",
        )
        for name, answer in answers.items()
        if isinstance(answer, DocumentError)
    ]
    documents = {n: d for n, d in answers.items() if not isinstance(d, DocumentError)}
    unlisted = {
        name: "" if not isinstance(a, DocumentError) else None if a.status == 404 else str(a)
        for name, a in others.items()
    }
    return Fetched(listed, documents, tuple(sorted(problems)), layout, unlisted)


async def _find_layout(client: DocumentClient, target: Target, endpoint: str) -> Layout:
    """Find out how a hub lays out its routes. No job is made, and no key sent."""
    address = target.address
    other = Address(address.server, "aki" if address.layout == "aime" else "aime")
    if (
        await client.has_route(address.url("progress", endpoint)) is not False
        or await client.has_route(other.url("progress", endpoint)) is not True
    ):
        return address.layout
    if target.layout_is_asked_for:
        raise GenerationError(
            f"{address.server} has the routes of layout {other.layout!r} and not those of {address.layout!r}, "
            "where every call would fail; nothing was changed. Leave the layout out of the command line and "
            "pyproject.toml, and it is found out"
        )
    return other.layout


async def _details(
    client: DocumentClient,
    address: Address,
    names: Sequence[str],
    on_document: Callable[[int, int], None],
) -> dict[str, object]:
    answers: dict[str, object] = {}
    gate = asyncio.Semaphore(MAX_CONCURRENT)

    async def one(name: str) -> None:
        async with gate:
            try:
                answers[name] = await client.get(address.url("details", name))
            except DocumentError as error:
                answers[name] = error
        on_document(len(answers), len(names))

    async with asyncio.TaskGroup() as tasks:
        for name in names:
            tasks.create_task(one(name))
    return answers


async def _fetch_list(
    client: DocumentClient, address: Address, *, with_key: bool
) -> tuple[tuple[str, ...], list[Problem]]:
    try:
        document = await client.get(address.url("list"))
    except DocumentError as error:
        raise GenerationError(_list_failure(address, error, with_key=with_key)) from None
    names = document.get("endpoints") if is_object(document) else None
    if not is_array(names):
        said = "; ".join(sentences(document))
        raise GenerationError(
            f"{address.server} answered no endpoint list (expected an object with 'endpoints'): {said}; "
            "check the address"
        )
    odd: list[tuple[str, str]] = []
    usable: set[str] = set()
    for name in names[:MAX_ENDPOINTS]:
        if isinstance(name, str) and len(name) > MAX_NAME_CHARACTERS:
            fault = f"the list names an endpoint with {len(name):,} characters"
            odd.append((visible(shown(name)), fault))
        elif is_endpoint_name(name):
            usable.add(name)
        else:
            odd.append((visible(shown(name)), "the list names an endpoint that is not usable text"))
    if odd and not usable:
        raise GenerationError(
            f"{address.server} answered an endpoint list that holds no name of one, but {odd[0][0]}; check the address"
        )
    if len(names) > MAX_ENDPOINTS:
        odd.append(("(list)", f"the list holds more than {MAX_ENDPOINTS:,} endpoints"))
    return tuple(sorted(usable)), [Problem(at, "", fault, _ASK, "skipped") for at, fault in odd]


def _list_failure(address: Address, error: DocumentError, *, with_key: bool) -> str:
    if error.status in (401, 402, 403):
        if not with_key:
            how = how_to_give_a_key(" or give --api-key-file")
            return f"{address.server} wants a key: {error}; {how}"
        remedy = "check AKI_API_KEY or the file of --api-key-file"
        return f"{address.server} refused the key: {error}; {remedy}"
    return (
        f"the endpoint list could not be had from {address.url('list')}: {error}; "
        "check the address (--server, AKI_API_SERVER) and that the hub is running"
    )
