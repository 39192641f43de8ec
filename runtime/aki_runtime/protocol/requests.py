"""What is sent to a hub, as values: requests, and their bodies as pieces of known length. It performs nothing.

Media are encoded while they are sent, so that one takes no memory beyond the piece that is on its way, whatever its
size. Base64 needs no escapes in JSON, nor in JSON within JSON: a medium's place in the encoded text can be found and
filled in later.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..errors import InvalidParametersError
from ..hub import Address
from ..json_value import JsonText
from ..media.objects import Media
from ..secret import ApiKey
from ..shapes import encode_json

SMALL_BYTES = 65_536
"""Bytes of a body that is sent in one piece; no piece of text is larger."""

Purpose = Literal["submit", "poll", "ask"]
"""Why a request is sent: `submit` makes a job (and costs money), `poll` may hand out its only result, `ask` is free."""


class Body:
    """The values of a request as JSON: text and media in turn.

    Args:
        values: The values; media among them, however deep, stay what they are until they are sent.

    Attributes:
        values: The values, the key among them; never logged.
        length: Bytes in all.

    Raises:
        TypeError, ValueError, RecursionError: A value has no JSON form.
        OSError: A file cannot be read any more.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self._media: list[Media] = []
        self._sign = ""
        try:
            text = encode_json(values)
        except TypeError:  # there are media in it
            text = encode_json(values, self._mark)
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            # A lone surrogate cannot be UTF-8; as an escape it is still JSON.
            self._media = []
            encoded = json.dumps(
                values, default=self._mark, allow_nan=False, separators=(",", ":")
            ).encode()
        self._texts = encoded.split(self._sign.encode()) if self._media else [encoded]
        self.length = sum(map(len, self._texts)) + sum(map(Media.data_uri_length, self._media))

    def __iter__(self) -> Iterator[bytes]:
        """Go through the pieces, as often as the request is sent.

        Raises:
            MediaError: A file cannot be read any more, or has changed its size.
        """
        if self.length > SMALL_BYTES:
            return self._pieces()
        return iter([b"".join(self._pieces())] if self._media else self._texts)

    def _pieces(self) -> Iterator[bytes]:
        for number, text in enumerate(self._texts):
            if number:
                yield from self._media[number - 1].data_uri_pieces()
            for start in range(0, len(text), SMALL_BYTES):
                yield text[start : start + SMALL_BYTES]

    def _mark(self, value: object) -> str:
        """Return what stands for a value that has no JSON form of its own."""
        if isinstance(value, JsonText):
            return encode_json(value.value, self._mark)
        if not isinstance(value, Media):
            raise TypeError(f"{type(value).__name__} has no JSON form")
        # No text of a caller can hold it: it is made after all of them.
        self._sign = self._sign or f"<{os.urandom(16).hex()}>"
        self._media.append(value)
        return self._sign


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        purpose: What a failure of it would mean.
        method: GET or POST.
        url: Without the key.
        endpoint: The endpoint's name on the hub; empty where none is meant.
        query: Query values, the key among them; never logged.
        body: The JSON body, the key in it; None where there is none.
    """

    purpose: Purpose
    method: Literal["GET", "POST"]
    url: str
    endpoint: str = ""
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: Body | None = field(default=None, repr=False, compare=False)


def submit(
    address: Address, key: ApiKey | None, endpoint: str, inputs: Mapping[str, Any]
) -> Request:
    """Make a job. Never blocking: a result that a blocking call misses cannot be had any more.

    Raises:
        InvalidParametersError: The inputs cannot be encoded.
    """
    try:
        # Encoded here, where a failure cannot be taken for one of the connection.
        body = Body({**inputs, **_with_key(key), "wait_for_result": False})
        return Request("submit", "POST", address.url("call", endpoint), endpoint, body=body)
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
    values = {**(extra or {}), **_with_key(key), "job_id": job_id}
    if cancel:
        values["cancel"] = True
    url = address.url("progress", endpoint)
    return Request("poll", "POST", url, endpoint, body=Body(values))


def endpoint_list(address: Address, key: ApiKey | None) -> Request:
    """Ask for the names of the endpoints that the key may use."""
    return Request("ask", "GET", address.url("list"), query=_with_key(key))


def endpoint_details(address: Address, key: ApiKey | None, endpoint: str) -> Request:
    """Ask for one endpoint's details."""
    return Request("ask", "GET", address.url("details", endpoint), endpoint, query=_with_key(key))


def by_post(request: Request) -> Request:
    """Return a request with what is in its query in its body."""
    return replace(request, method="POST", query={}, body=Body(request.query))


def validate_key(address: Address, key: ApiKey | None, client_version: str) -> Request:
    """Ask whether the key is good."""
    query = {**_with_key(key), "version": client_version}
    return Request("ask", "GET", address.url("validate_key"), query=query)


def _with_key(key: ApiKey | None) -> dict[str, str]:
    return {"key": key.reveal()} if key is not None else {}
