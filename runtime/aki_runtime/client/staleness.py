"""Whether a generated client has grown stale: the details it was made from against the live hub's. Flows, no I/O."""

import importlib.resources
import json
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import (
    AkiError,
    AuthenticationError,
    ConnectionFailedError,
    InvalidParametersError,
    NotFoundError,
    UnexpectedAnswerError,
    closest,
)
from ..hub import HubContext, is_endpoint_name
from ..jobs.ref import EndpointRef
from ..options import Options
from ..packages import renewal_of
from ..protocol import answers, flows, requests
from ..protocol.effects import Flow
from ..protocol.explain import sentences
from ..shapes import is_array, is_object

if TYPE_CHECKING:
    from ..changes.compare import Change

EXPLAIN_SECONDS = 5.0
"""Time that a refusal waits for what explains it."""
_HUB_IS_BAD = 3
"""Endpoints one after the other whose details cannot be read, after which the others are not asked for."""
Documents = dict[str, object]
"""Details by the endpoint's name on the hub; in place of those that could not be read, the error."""


def shipped_documents(package: str) -> Documents:
    """Return the details that a package was made from, by the endpoint's name on the hub."""
    folder = importlib.resources.files(package) / "spec" / "endpoints"
    read = (json.loads(entry.read_text("utf-8")) for entry in folder.iterdir())
    return {document["name"]: document for document in read}


def shipped_document(origin: EndpointRef) -> Documents:
    """Return the details that one endpoint was made from, by its name; none where it was not generated."""
    if not origin.attribute:
        return {}
    folder = importlib.resources.files(origin.package) / "spec" / "endpoints"
    document: dict[str, Any] = json.loads((folder / f"{origin.attribute}.json").read_text("utf-8"))
    return {document["name"]: document}


def list_endpoints(context: HubContext, options: Options) -> Flow[list[str]]:
    """Ask the hub for the names of the endpoints that the key may use.

    Raises:
        AkiError: The hub could not be asked.
    """
    request = requests.endpoint_list(context.address, context.key)
    answer = yield from flows.ask(context, request, options)
    document = answers.read_json(answer)
    listed = document.get("endpoints")
    if not is_array(listed):
        said = "; ".join(sentences(document))
        raise UnexpectedAnswerError(f"the hub answered no list of endpoints: {said}")
    names = [name for name in listed if is_endpoint_name(name)]
    if listed and not names:
        raise UnexpectedAnswerError("the hub's list of endpoints holds no name of one")
    return names


def describe(context: HubContext, name: str, options: Options) -> Flow[dict[str, Any]]:
    """Ask the hub for an endpoint's details.

    Raises:
        NotFoundError: It has no such endpoint.
        AkiError: The hub could not be asked.
    """
    request = requests.endpoint_details(context.address, context.key, name)
    answer = yield from flows.ask(context, request, options)
    return answers.read_json(answer, name)


def check(context: HubContext, shipped: Documents, options: Options) -> "Flow[tuple[Change, ...]]":
    """Compare some endpoints with the hub.

    Raises:
        AkiError: The hub could not be asked.
    """
    live: Documents = {}
    for name in shipped:
        with suppress(NotFoundError):
            live[name] = yield from describe(context, name, options)
    return _compare(shipped, live)


def check_all(
    context: HubContext, shipped: Documents, options: Options
) -> "Flow[tuple[Change, ...]]":
    """Compare all endpoints with the hub, newcomers included.

    Raises:
        AkiError: The hub could not be asked.
    """
    names = yield from list_endpoints(context, options)
    live: Documents = {}
    failures = 0
    for name in sorted({*names, *shipped}):
        try:
            with suppress(NotFoundError):
                live[name] = yield from describe(context, name, options)
            failures = 0
        except AkiError as error:
            failures += 1
            is_of_hub = isinstance(error, AuthenticationError) or failures == _HUB_IS_BAD
            if is_of_hub or (isinstance(error, ConnectionFailedError) and not error.sent):
                raise
            live[name] = error
    if failures and failures == len(live):
        raise next(error for error in live.values() if isinstance(error, AkiError))
    return _compare(shipped, live)


def nearest_endpoint(name: str | None, package: str) -> str:
    """Ask whether another endpoint of a package was meant, as a hint for an error; empty where none is near."""
    names = names_of(package, "names.json").keys() - {name}
    folded = {known.casefold(): known for known in sorted(names)}
    meant = closest((name or "").casefold(), folded)
    return f"did you mean {folded[meant]}?" if meant else ""


@lru_cache(maxsize=8)
def names_of(package: str, file: str) -> dict[str, Any]:
    """Return the endpoints of a file of names that a package was made with, by the hub's names; none without it."""
    try:
        read = (importlib.resources.files(package) / "spec" / file).read_text("utf-8")
        names: dict[str, Any] = json.loads(read)
    except (OSError, ValueError):
        return {}
    return {wire: given for wire, given in names.items() if is_object(given)}


def why_gone(package: str, name: str) -> str:
    """Say when and why a package has an endpoint no longer; empty where it has had none of this Python name."""
    past = [
        given for given in names_of(package, "history.json").values() if given.get("name") == name
    ]
    day = next((given["removed"] for given in past if given.get("removed")), None)
    if day is not None:
        return f"the hub has removed it (found on {day})"
    kept = (given.get("name") for given in names_of(package, "names.json").values())
    return "[tool.aki-codegen] skipped it when the package was made" if name in kept else ""


def explained(context: HubContext, origin: EndpointRef, refusal: AkiError) -> Flow[AkiError]:
    """Return what to raise for a refusal of an endpoint, or of parameters that the client thought valid."""
    if isinstance(refusal, NotFoundError):
        layout = context.address.layout
        other = "aki" if layout == "aime" else "aime"
        near = "" if origin.attribute else nearest_endpoint(refusal.endpoint, origin.package)
        return refusal.with_hint(
            near
            or f"calls go by the layout {layout!r}: if the hub has the endpoint, give layout={other!r}"
        )
    if isinstance(refusal, InvalidParametersError):
        with suppress(AkiError, OSError, ValueError):
            brief = Options(timeout=EXPLAIN_SECONDS, max_retries=0)
            if changes := (yield from check(context, shipped_document(origin), brief)):
                return refusal.because_of(changes, renewal_of(origin.package))
    return refusal


def _compare(shipped: Documents, live: Documents) -> "tuple[Change, ...]":
    # Its rules take a while to import, and few calls need them.
    from ..changes.compare import compare_hubs

    return compare_hubs(shipped, live)
