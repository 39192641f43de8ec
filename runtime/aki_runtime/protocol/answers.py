"""What any answer of the hub means: a JSON object, or an exception whose kind the status tells."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic_core import from_json

from .. import errors
from ..shapes import is_object
from .explain import sentences, status_phrase

_PASSING_REFUSALS = frozenset({408, 425, 429})
_MOST_DIGITS = 4000  # Python refuses to write, or to read, whole numbers a little longer


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, whole.

    Attributes:
        status: HTTP status.
        body: The bytes of the body, decompressed.
        retry_after: Seconds that the server asked to wait, where it did.
    """

    status: int
    body: bytes | bytearray = field(repr=False)
    retry_after: float | None = None

    @cached_property
    def document(self) -> Any:
        """The body, decoded."""
        return decode(self.body)

    @property
    def is_last_word(self) -> bool:
        """Whether asking again would bring the same: a JSON object as it was asked for, or the hub's own refusal.

        All else may come from anything on the way, and may pass: pages, empty and broken bodies, redirects, 5xx.
        """
        if self.status >= 300 and (self.status in _PASSING_REFUSALS or self.status // 100 != 4):
            return False
        return is_object(self.document)


def read_json(answer: Answer, endpoint: str | None = None) -> dict[str, Any]:
    """Return the JSON object of a successful answer.

    Raises:
        StatusError: The status says that the request failed.
        UnexpectedAnswerError: The body is not a JSON object.
    """
    document = answer.document if answer.status < 300 else None
    if not is_object(document):
        raise no_document(answer, endpoint)
    return document


def no_document(answer: Answer, endpoint: str | None, job_id: str = "") -> errors.AkiError:
    """Make the exception for an answer that is not the JSON object that was asked for; see `status_error`."""
    if answer.status >= 300:
        return status_error(answer, endpoint, job_id)
    return errors.UnexpectedAnswerError(
        f"the hub answered {_shape(answer.body)} instead of a JSON object; "
        "is this the address of a hub?",
        endpoint=endpoint,
    )


def decode(body: bytes | bytearray) -> Any:
    """Decode a body as JSON, or as text where it is not."""
    with suppress(ValueError):
        return from_json(body)
    # The fast parser refuses lone surrogates, a byte order mark and deep nesting, as `json` does bytes that are not
    # UTF-8 and long numbers; but what holds the only copy of a result is read as far as it can be.
    text = body.decode("utf-8-sig", "replace")
    for form in (body, text):
        with suppress(ValueError, RecursionError):
            return json.loads(form, parse_int=_integer)
    return text


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def status_error(answer: Answer, endpoint: str | None, job_id: str = "") -> errors.StatusError:
    """Make the exception for an error status.

    Args:
        answer: What the hub answered.
        endpoint: The endpoint's name on the hub, where one is meant.
        job_id: The job that was asked after; only its beginning is told.
    """
    said = sentences(answer.document, answer.status, job_id)
    kind = _status_kind(answer.status, said)
    where = f"{endpoint}: " if endpoint else ""
    phrase = status_phrase(answer.status)
    text = "; ".join(said)
    message = where + (text if phrase in text else f"{text} ({phrase})")
    return kind(message, status=answer.status, endpoint=endpoint, hub_messages=said)


def _status_kind(status: int, said: list[str]) -> type[errors.StatusError]:
    if status == 400 and is_queue_full(said):
        return errors.QueueFullError
    kinds: dict[int, type[errors.StatusError]] = {
        400: errors.BadRequestError,
        401: errors.AuthenticationError,
        402: errors.NotEntitledError,
        404: errors.NotFoundError,
        413: errors.TooLargeError,
        429: errors.RateLimitedError,
    }
    return kinds.get(status, errors.ServerError if status >= 500 else errors.StatusError)


def _shape(body: bytes | bytearray) -> str:
    start = body.lstrip()[:15].lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype", b"<html", b"<head")):
        return "an HTML page"
    return "something else"


def is_queue_full(said: list[str]) -> bool:
    """Whether the hub refused because its queue is full."""
    return any("queue" in text.lower() and "max length" in text for text in said)
