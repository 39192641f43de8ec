"""What any answer of the hub means: a JSON object, or an exception whose kind the status tells."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from .. import errors
from ..shapes import is_object
from .explain import sentences, status_phrase

RETRYABLE_STATUSES = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same question may be asked again."""


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


def read_json(answer: Answer, endpoint: str | None = None) -> dict[str, Any]:
    """Return the JSON object of a successful answer.

    Raises:
        StatusError: The status says that the request failed.
        UnexpectedAnswerError: The body is no JSON object.
    """
    document = decode(answer.body) if answer.status < 300 else None
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
    """Decode a body as JSON, or as text where it is none."""
    with suppress(ValueError):
        return from_json(body)
    # The fast parser takes no lone surrogates, no byte order mark and no deep nesting.
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def status_error(answer: Answer, endpoint: str | None, job_id: str = "") -> errors.StatusError:
    """Make the exception for an error status.

    Args:
        answer: What the hub answered.
        endpoint: The endpoint's name on the hub, where one is meant.
        job_id: The job that was asked after; only its beginning is told.
    """
    body = decode(answer.body)
    said = said_of(body, answer.status, job_id)
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


def said_of(body: object, status: int | None, job_id: str) -> list[str]:
    """Return the hub's sentences, with no more of a job's id than its beginning."""
    # Whoever knows a job's id can read the job, and a sentence may end up in a log.
    said = sentences(body, status)
    return [text.replace(job_id, f"{job_id[:8]}…") for text in said] if len(job_id) > 12 else said


def is_queue_full(said: list[str]) -> bool:
    """Whether the hub refused because its queue is full."""
    return any("queue" in text.lower() and "max length" in text for text in said)
