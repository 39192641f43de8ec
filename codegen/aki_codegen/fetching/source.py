"""Where metadata comes from over the network: the list and the details of a hub, asked concurrently."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aki_runtime.hub import Address
from aki_runtime.metadata import is_utf8, shown
from aki_runtime.secret import ApiKey
from aki_runtime.shapes import is_array, is_object

from ..literals import visible
from ..problems import GenerationError, Problem
from .documents import DocumentClient, DocumentError, Limits, documents_of

MAX_CONCURRENT = 8
"""Documents that are asked for at the same time."""

MAX_ENDPOINTS = 10_000
MAX_NAME_CHARACTERS = 500


@dataclass(frozen=True)
class Fetched:
    """What a hub answered.

    Attributes:
        listed: The names on its list, each once, sorted.
        documents: The details by name, where they could be had.
        problems: Why the others could not, and what was odd about the list.
    """

    listed: tuple[str, ...]
    # When an event loop ends, asyncio words what its main task has returned.
    documents: dict[str, object] = field(repr=False)
    problems: tuple[Problem, ...] = field(default=())


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
    async with documents_of(address.server, key, limits or Limits()) as client:
        listed, problems = await _fetch_list(client, address, with_key=key is not None)
        answers = await _details(client, address, listed, on_document)
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
    return Fetched(listed, documents, tuple(sorted(problems)))


async def fetch_missing(
    address: Address, key: ApiKey | None, names: Sequence[str], limits: Limits | None = None
) -> dict[str, str | None]:
    """Ask for the details of endpoints that are not on the list.

    Returns:
        By name: None where the hub knows no such endpoint, an empty text where it describes it, and why that could
        not be seen otherwise.
    """
    async with documents_of(address.server, key, limits or Limits()) as client:
        answers = await _details(client, address, names, lambda done, total: None)
    refused = {n: a for n, a in answers.items() if isinstance(a, DocumentError)}
    absent = {n: None if error.status == 404 else str(error) for n, error in refused.items()}
    return {name: absent.get(name, "") for name in names}


async def require_layout(address: Address, endpoint: str) -> None:
    """See to it that calls will find the hub's routes. No job is made, and no key sent.

    Raises:
        GenerationError: The hub has the routes of the other layout.
    """
    other = Address(address.server, "aki" if address.layout == "aime" else "aime")
    async with documents_of(address.server, None, Limits()) as client:
        if (
            await client.has_route(address.progress_url(endpoint)) is False
            and await client.has_route(other.progress_url(endpoint)) is True
        ):
            raise GenerationError(
                f"{address.server} has the routes of layout {other.layout!r} and not those of {address.layout!r}, "
                f"where every call would fail; nothing was changed. Give --layout {other.layout}"
            )


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
                answers[name] = await client.get(address.details_url(name))
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
        document = await client.get(address.list_url())
    except DocumentError as error:
        raise GenerationError(_list_failure(address, error, with_key=with_key)) from None
    names = document.get("endpoints") if is_object(document) else None
    if not is_array(names):
        raise GenerationError(
            f"{address.server} answered no endpoint list (expected an object with 'endpoints'); "
            "check the address"
        )
    odd: list[tuple[str, str]] = []
    usable: set[str] = set()
    for name in names[:MAX_ENDPOINTS]:
        if isinstance(name, str) and len(name) > MAX_NAME_CHARACTERS:
            fault = f"the list names an endpoint with {len(name):,} characters"
            odd.append((visible(shown(name)), fault))
        elif isinstance(name, str) and is_utf8(name) and name not in ("", ".", ".."):
            usable.add(name)
        else:
            odd.append((visible(shown(name)), "the list names an endpoint that is not usable text"))
    if len(names) > MAX_ENDPOINTS:
        odd.append(("(list)", f"the list holds more than {MAX_ENDPOINTS:,} endpoints"))
    return tuple(sorted(usable)), [Problem(at, "", fault, _ASK, "skipped") for at, fault in odd]


def _list_failure(address: Address, error: DocumentError, *, with_key: bool) -> str:
    if error.status in (401, 402, 403):
        if not with_key:
            return f"{address.server} wants a key: {error}; set AKI_API_KEY or give --api-key-file"
        remedy = "check AKI_API_KEY or the file of --api-key-file"
        return f"{address.server} refused the key: {error}; {remedy}"
    return (
        f"the endpoint list could not be had from {address.list_url()}: {error}; "
        "check the address (--server, AKI_API_SERVER) and that the hub is running"
    )


_ASK = "ask the hub's administrator"
