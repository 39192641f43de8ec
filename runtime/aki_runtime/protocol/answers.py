"""What an answer of the hub means: a JSON object or an exception, and what it says of a job.

The end of a job is a final `job_state` or the presence of `job_result`, never a percentage. Only declared
fields are taken from a progress answer, because the hub leaks the worker's own credentials into it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from pydantic_core import from_json

from .. import errors
from ..shapes import (
    integer_or_none,
    is_array,
    is_object,
    number_or_none,
    object_or_empty,
    shallow,
)
from .explain import CREDENTIAL_FIELDS, sentences, status_phrase

_PASSING_REFUSALS = frozenset({408, 425, 429})
_MOST_DIGITS = 4000  # Python refuses to write, or to read, whole numbers a little longer
_STATUS_KINDS: dict[int, type[errors.StatusError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.NotEntitledError,
    404: errors.NotFoundError,
    413: errors.TooLargeError,
    429: errors.RateLimitedError,
}
_LONGEST_STATE = 60
_ABOUT_A_JOB = ("job_id", "job_state", "job_result")
_NOT_OUTPUTS = frozenset({"success", "job_id", "ep_version", "error"})


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
        """The body decoded as JSON, or as text where it is not JSON."""
        with suppress(ValueError):
            return from_json(self.body)
        # The fast parser refuses lone surrogates, a byte order mark and deep nesting, as `json` does bytes that are
        # not UTF-8 and long numbers; but what holds the only copy of a result is read as far as it can be.
        text = self.body.decode("utf-8-sig", "replace")
        for form in (self.body, text):
            with suppress(ValueError, RecursionError):
                return shallow(json.loads(form, parse_int=_integer))
        return text

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


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def status_error(answer: Answer, endpoint: str | None, job_id: str = "") -> errors.StatusError:
    """Make the exception for an error status.

    Args:
        answer: What the hub answered.
        endpoint: The endpoint's name on the hub, where one is meant.
        job_id: The job that was asked after; only its beginning is shown.
    """
    status = answer.status
    said = sentences(answer.document, status, job_id)
    kind = _STATUS_KINDS.get(status, errors.ServerError if status >= 500 else errors.StatusError)
    if status == 400 and is_queue_full(said):
        kind = errors.QueueFullError
    where = f"{endpoint}: " if endpoint else ""
    phrase = status_phrase(status)
    text = "; ".join(said)
    message = where + (text if phrase in text else f"{text} ({phrase})")
    return kind(message, status=status, endpoint=endpoint, hub_messages=said)


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


def read_submit(answer: Answer, endpoint: str) -> str:
    """Return the id of the job that a submit made.

    Raises:
        InvalidParametersError: The hub refused the parameters.
        StatusError: Any other refusal.
        UnexpectedAnswerError: The answer names no job.
    """
    body = answer.document
    if answer.status == 400:
        said = sentences(body)
        if is_object(body) and is_array(body.get("error")) and not is_queue_full(said):
            raise errors.InvalidParametersError(endpoint, said, by_hub=True)
    if answer.status >= 300 or not is_object(body):
        raise no_document(answer, endpoint)
    job_id = body.get("job_id")
    if body.get("success") is False or not isinstance(job_id, str) or not job_id:
        said = sentences(body)
        raise errors.UnexpectedAnswerError(
            f"{endpoint}: the hub took the call but named no job: {'; '.join(said)}",
            endpoint=endpoint,
            hub_messages=said,
        )
    return job_id


def read_progress(answer: Answer, endpoint: str, job_id: str) -> Report:
    """Return what a progress answer says about the job.

    Raises:
        StatusError: The question failed, which says nothing about the job.
        UnexpectedAnswerError: The answer is not of this protocol, or is about another job.
    """
    body = answer.document
    fields = object_or_empty(body)
    result = object_or_empty(fields.get("job_result"))
    mine = (None, "", job_id)
    if fields.get("job_id") not in mine or result.get("job_id") not in mine:
        # A traceback shows the locals, and these may hold what the hub says of its worker.
        del body, fields, result
        raise errors.UnexpectedAnswerError(
            f"{endpoint}: the hub answered for another job than the one it was asked for",
            endpoint=endpoint,
        )
    state = fields.get("job_state")
    if state == "lapsed":
        return Ended(_job_error(errors.JobLapsedError, "lapsed", endpoint, job_id, fields))
    if answer.status == 402 and is_object(body):
        said = sentences(body, answer.status, job_id)
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
        del body, fields, result
        raise no_document(answer, endpoint, job_id)
    if fields.get("success") is False:
        if fields.keys().isdisjoint(_ABOUT_A_JOB):
            reason = "; ".join(sentences(body, None, job_id))
            del body, fields, result
            raise errors.UnexpectedAnswerError(
                f"{endpoint}: the hub's answer names no job: {reason}", endpoint=endpoint
            )
        return Ended(_job_error(errors.JobFailedError, "failed", endpoint, job_id, fields))
    if result.get("error") or result.get("success") is False:
        failure = {"job_result": result}
        return Ended(_job_error(errors.JobFailedError, "failed", endpoint, job_id, failure))
    if is_object(fields.get("job_result")):
        return Done(without_credentials(result))
    if state == "done":
        gone = (
            "is done, but its result was handed out before (to another reader, or in an answer "
            "that was lost on the way); the hub keeps no second copy"
        )
        return Ended(_job_error(errors.ResultGoneError, gone, endpoint, job_id, {}))
    # It ends up in sentences, and these in terminals and logs.
    if (
        not isinstance(state, str)
        or not 0 < len(state) <= _LONGEST_STATE
        or not state.isprintable()
    ):
        state = "unknown"
    progress = object_or_empty(fields.get("progress"))
    position = integer_or_none(progress.get("queue_position"))
    estimate = number_or_none(progress.get("estimate"))
    return Pending(
        state=state,
        position=position if position is not None and position >= 0 else None,
        estimate=estimate if estimate is not None and estimate >= 0 else None,
        workers=integer_or_none(progress.get("num_workers_online")),
        progress=number_or_none(progress.get("progress")) or 0.0,
        data=without_credentials(object_or_empty(progress.get("progress_data"))),
    )


def _job_error(
    kind: type[errors.JobError],
    what: str,
    endpoint: str,
    job_id: str,
    fields: Mapping[str, Any],
) -> errors.JobError:
    result = object_or_empty(fields.get("job_result"))
    reason = result.get("error") or fields.get("error")
    said = sentences({"error": reason}, None, job_id) if reason else []
    partial = result or object_or_empty(
        object_or_empty(fields.get("progress")).get("progress_data")
    )
    return kind(
        f"{endpoint}: the job {what}" + (f": {'; '.join(said)}" if said else ""),
        endpoint=endpoint,
        job_id=job_id,
        partial={k: v for k, v in without_credentials(partial).items() if k not in _NOT_OUTPUTS},
        hub_messages=said,
    )


def without_credentials(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Drop a worker's own credentials."""
    kept = dict(fields)
    for name in CREDENTIAL_FIELDS:
        kept.pop(name, None)
    return kept
