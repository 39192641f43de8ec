"""What the hub says of a job: that it was made, how it is, how it has ended.

The end of a job is a final `job_state` or the presence of `job_result`, never a percentage. Only declared
fields are taken from a progress answer, because the hub leaks the worker's own credentials into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .. import errors
from ..shapes import integer_or_none, is_array, is_object, number_or_none
from .answers import Answer, is_queue_full, no_document, read_json
from .explain import CREDENTIAL_FIELDS, sentences

_LONGEST_STATE = 60
_ABOUT_A_JOB = ("job_id", "job_state", "job_result")


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


def read_submit(answer: Answer, endpoint: str) -> Submitted:
    """Return the job that a submit made.

    Raises:
        InvalidParametersError: The hub refused the parameters.
        StatusError: Any other refusal.
        UnexpectedAnswerError: The answer names no job.
    """
    if answer.status == 400:
        body = answer.document
        said = sentences(body)
        if is_object(body) and is_array(body.get("error")) and not is_queue_full(said):
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
        UnexpectedAnswerError: The answer is not of this protocol, or is about another job.
    """
    body = answer.document
    fields: dict[str, Any] = body if is_object(body) else {}
    if _names_another(fields, job_id) or _names_another(_mapping(fields.get("job_result")), job_id):
        del body, fields
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
        # A traceback shows the locals, and these may hold what the hub says of its worker.
        del body, fields
        raise no_document(answer, endpoint, job_id)
    if fields.get("success") is False:
        if fields.keys().isdisjoint(_ABOUT_A_JOB):
            reason = "; ".join(sentences(body, None, job_id))
            del body, fields
            raise errors.UnexpectedAnswerError(
                f"{endpoint}: the hub's answer names no job: {reason}", endpoint=endpoint
            )
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
    said = sentences({"error": reason}, None, job_id) if reason else []
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


def without_credentials(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Drop a worker's own credentials."""
    return {name: value for name, value in fields.items() if name not in CREDENTIAL_FIELDS}


def _names_another(fields: Mapping[str, Any], job_id: str) -> bool:
    return fields.get("job_id") not in (None, "", job_id)


def _is_word(state: str) -> bool:
    """Whether a state may be shown as it is: it ends up in sentences, and these in terminals and logs."""
    return 0 < len(state) <= _LONGEST_STATE and state.isprintable()


def _mapping(value: object) -> dict[str, Any]:
    return value if is_object(value) else {}
