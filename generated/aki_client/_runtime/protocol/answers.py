"""What an answer means, as values and exceptions: the sans-IO half that faces the caller.

The end of a job is a final `job_state` or the presence of `job_result`, never a percentage. Only declared
fields are taken from a progress answer, because the hub leaks the worker's own credentials into it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic_core import from_json

from .. import errors
from ..shapes import integer_or_none, is_array, is_object, number_or_none
from .explain import CREDENTIAL_FIELDS, sentences, status_phrase

RETRYABLE_STATUSES = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same question may be asked again."""

_LONGEST_STATE = 60


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


@dataclass(frozen=True)
class Submitted:
    """A job was made."""

    job_id: str
    endpoint_version: int | None = None


@dataclass(frozen=True)
class Pending:
    """The job has not ended.

    Attributes:
        state: The hub's word: "queued", "processing", or one that nobody has met yet.
    """

    state: str
    position: int | None = None
    estimate: float | None = None
    workers: int | None = None
    progress: float = 0.0
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Done:
    """The job has ended with a result: the only copy of it."""

    result: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Ended:
    """The job has ended without a result."""

    error: errors.JobError


Report: TypeAlias = Pending | Done | Ended


def read_json(answer: Answer, endpoint: str | None = None) -> dict[str, Any]:
    """Return the JSON object of a successful answer.

    Raises:
        StatusError: The status says that the request failed.
        UnexpectedAnswerError: The body is no JSON object.
    """
    document = decode(answer.body) if answer.status < 300 else None
    if not is_object(document):
        raise _no_document(answer, endpoint)
    return document


def _no_document(answer: Answer, endpoint: str | None, job_id: str = "") -> errors.AkiError:
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


def read_submit(answer: Answer, endpoint: str) -> Submitted:
    """Return the job that a submit made.

    Raises:
        InvalidParametersError: The hub refused the parameters.
        StatusError: Any other refusal.
        UnexpectedAnswerError: The answer names no job.
    """
    if answer.status == 400:
        body = decode(answer.body)
        said = sentences(body)
        if is_object(body) and is_array(body.get("error")) and not _is_queue_full(said):
            raise errors.InvalidParametersError(endpoint, said, by_hub=True)
    document = read_json(answer, endpoint)
    job_id = document.get("job_id")
    if document.get("success") is False or not isinstance(job_id, str) or not job_id:
        said = sentences(document)
        raise errors.UnexpectedAnswerError(
            f"{endpoint}: the hub took the call but named no job: {'; '.join(said)}",
            endpoint=endpoint,
            hub_messages=said,
        )
    return Submitted(job_id, integer_or_none(document.get("ep_version")))


def read_progress(answer: Answer, endpoint: str, job_id: str) -> Report:
    """Return what a progress answer says about the job.

    Raises:
        StatusError: The question failed, which says nothing about the job.
        UnexpectedAnswerError: The answer is not of this protocol.
    """
    body = decode(answer.body)
    fields: dict[str, Any] = body if is_object(body) else {}
    state = fields.get("job_state")
    if state == "lapsed":
        return Ended(_job_error(errors.JobLapsedError, "lapsed", endpoint, job_id, fields))
    if answer.status == 402:
        said = _said(body, answer.status, job_id)
        return Ended(
            errors.JobUnknownError(
                f"{endpoint}: the hub does not know this job (any more): {said[0]}",
                endpoint=endpoint,
                job_id=job_id,
                hub_messages=said,
            )
        )
    if state == "canceled":
        return Ended(_job_error(errors.JobCanceledError, "was canceled", endpoint, job_id, fields))
    if answer.status >= 300 or not is_object(body):
        # A traceback shows the locals, and these may hold what the hub says of its worker.
        del body, fields
        raise _no_document(answer, endpoint, job_id)
    if fields.get("success") is False:
        return Ended(_job_error(errors.JobFailedError, "failed", endpoint, job_id, fields))
    result = fields.get("job_result")
    if is_object(result):
        return _read_result(result, endpoint, job_id)
    if state == "done":
        return Ended(
            errors.ResultGoneError(
                f"{endpoint}: the job is done, but its result was handed out before "
                "(to another reader, or in an answer that was lost on the way); "
                "the hub keeps no second copy",
                endpoint=endpoint,
                job_id=job_id,
            )
        )
    return _pending(fields, state if isinstance(state, str) and _is_word(state) else "unknown")


def status_error(answer: Answer, endpoint: str | None, job_id: str = "") -> errors.StatusError:
    """Make the exception for an error status.

    Args:
        answer: What the hub answered.
        endpoint: The endpoint's name on the hub, where one is meant.
        job_id: The job that was asked after; only its beginning is told.
    """
    body = decode(answer.body)
    said = _said(body, answer.status, job_id)
    kind = _status_kind(answer.status, said)
    where = f"{endpoint}: " if endpoint else ""
    phrase = status_phrase(answer.status)
    text = "; ".join(said)
    message = where + (text if phrase in text else f"{text} ({phrase})")
    return kind(message, status=answer.status, endpoint=endpoint, hub_messages=said)


def without_credentials(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Drop a worker's own credentials."""
    return {name: value for name, value in fields.items() if name not in CREDENTIAL_FIELDS}


def _read_result(result: dict[str, Any], endpoint: str, job_id: str) -> Report:
    if result.get("error") or result.get("success") is False:
        return Ended(
            _job_error(errors.JobFailedError, "failed", endpoint, job_id, {"job_result": result})
        )
    return Done(without_credentials(result))


def _job_error(
    kind: type[errors.JobError],
    what: str,
    endpoint: str,
    job_id: str,
    fields: Mapping[str, Any],
) -> errors.JobError:
    result = _mapping(fields.get("job_result"))
    reason = result.get("error") or fields.get("error")
    said = _said({"error": reason}, None, job_id) if reason else []
    partial = result or _mapping(_mapping(fields.get("progress")).get("progress_data"))
    envelope = {"success", "job_id", "ep_version", "error"}
    return kind(
        f"{endpoint}: the job {what}" + (f": {'; '.join(said)}" if said else ""),
        endpoint=endpoint,
        job_id=job_id,
        partial={k: v for k, v in without_credentials(partial).items() if k not in envelope},
        hub_messages=said,
    )


def _pending(document: Mapping[str, Any], state: str) -> Pending:
    progress = _mapping(document.get("progress"))
    position = integer_or_none(progress.get("queue_position"))
    estimate = number_or_none(progress.get("estimate"))
    return Pending(
        state=state,
        position=position if position is not None and position >= 0 else None,
        estimate=estimate if estimate is not None and estimate >= 0 else None,
        workers=integer_or_none(progress.get("num_workers_online")),
        progress=number_or_none(progress.get("progress")) or 0.0,
        data=without_credentials(_mapping(progress.get("progress_data"))),
    )


def _is_word(state: str) -> bool:
    """Whether a state may be shown as it is: it ends up in sentences, and these in terminals and logs."""
    return 0 < len(state) <= _LONGEST_STATE and state.isprintable()


def _status_kind(status: int, said: list[str]) -> type[errors.StatusError]:
    if status == 400 and _is_queue_full(said):
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


def _mapping(value: object) -> dict[str, Any]:
    return value if is_object(value) else {}


def _said(body: object, status: int | None, job_id: str) -> list[str]:
    # Whoever knows a job's id can read the job, and a sentence may end up in a log.
    said = sentences(body, status)
    return [text.replace(job_id, f"{job_id[:8]}…") for text in said] if len(job_id) > 12 else said


def _is_queue_full(said: list[str]) -> bool:
    return any("queue" in text.lower() and "max length" in text for text in said)
