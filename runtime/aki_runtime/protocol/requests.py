"""What to send, as values: the sans-IO half that faces the hub. It performs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..errors import InvalidParametersError
from ..hub import Address
from ..secret import ApiKey
from .body import Body, encode_body

Purpose = Literal["submit", "poll", "ask"]
"""Why a request is sent: `submit` makes a job (and costs money), `poll` may hand out its only result, `ask` is free."""


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        purpose: What a failure of it would mean.
        method: GET or POST.
        url: Without the key.
        endpoint: The endpoint's name on the hub; empty where none is meant.
        query: Query values, the key among them; never logged.
        payload: The JSON body's values, the key among them; never logged.
        body: The JSON body.
    """

    purpose: Purpose
    method: Literal["GET", "POST"]
    url: str
    endpoint: str = ""
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    payload: Mapping[str, Any] | None = field(default=None, repr=False)
    body: Body = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Encode the body here, where a failure cannot be taken for one of the connection.

        Raises:
            TypeError, ValueError, RecursionError: A value has no JSON form.
            OSError: A file cannot be read any more.
        """
        object.__setattr__(self, "body", encode_body(self.payload or {}))


def submit(
    address: Address, key: ApiKey | None, endpoint: str, inputs: Mapping[str, Any]
) -> Request:
    """Make a job. Never blocking: a result that a blocking call misses cannot be had any more.

    Raises:
        InvalidParametersError: The inputs cannot be encoded.
    """
    try:
        return Request(
            "submit",
            "POST",
            address.call_url(endpoint),
            endpoint,
            payload={**inputs, **_with_key(key), "wait_for_result": False},
        )
    except (OSError, RecursionError, TypeError, ValueError) as error:
        reason = f"the request cannot be encoded: {error}"
    # Raised here, so that no traceback leads to a frame that holds the key.
    raise InvalidParametersError(endpoint, [reason])


def poll(
    address: Address,
    key: ApiKey | None,
    endpoint: str,
    job_id: str,
    *,
    cancel: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> Request:
    """Ask how a job is; its cancelling and extra inputs for the worker ride along."""
    payload = {**(extra or {}), **_with_key(key), "job_id": job_id}
    if cancel:
        payload["cancel"] = True
    return Request("poll", "POST", address.progress_url(endpoint), endpoint, payload=payload)


def endpoint_list(address: Address, key: ApiKey | None) -> Request:
    """Ask for the names of the endpoints that the key may use."""
    return Request("ask", "GET", address.list_url(), query=_with_key(key))


def endpoint_details(address: Address, key: ApiKey | None, endpoint: str) -> Request:
    """Ask for one endpoint's details."""
    return Request("ask", "GET", address.details_url(endpoint), endpoint, query=_with_key(key))


def by_post(request: Request) -> Request:
    """Return a request with what is in its query in its body."""
    return replace(request, method="POST", query={}, payload=request.query)


def validate_key(address: Address, key: ApiKey | None, client_version: str) -> Request:
    """Ask whether the key is good."""
    query = {**_with_key(key), "version": client_version}
    return Request("ask", "GET", address.validate_key_url(), query=query)


def _with_key(key: ApiKey | None) -> dict[str, str]:
    return {"key": key.reveal()} if key is not None else {}
