"""The one place that turns any error body into clean sentences.

A hub, its workers and the proxies in front of it answer errors as a list of texts, one text, a `message`,
an object, plain text or HTML. This module knows these shapes and nothing of what they mean.
"""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

from ..errors import shorten
from ..shapes import is_array, is_object

MAX_SENTENCE = 2000
"""Characters of one message that are kept: enough for any real one, too few to flood a terminal."""

MAX_SENTENCES = 50
"""Messages that are kept of one answer."""

_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_RULES = re.compile(r"([=_*-])\1{3,}")  # four of one: a key that is left out stands as "?key=***"
_CONFIG_HINT = re.compile(r"Set auto_convert = true for .*", re.DOTALL)
_TEXT_KEYS = ("error", "message", "detail", "description", "errors")
_MOST_READ = 4 * MAX_SENTENCE
_MOST_SAID = 3 * MAX_SENTENCE
_DEEPEST = 20

CREDENTIAL_FIELDS = frozenset({"auth", "auth_key"})
"""Fields of a worker's answer that are its own credentials: dropped wherever they occur."""

_SILENT = frozenset(
    {"success", "status", "job_id", "job_state", "job_result", "progress", "ep_version"}
).union(CREDENTIAL_FIELDS, _TEXT_KEYS)


def sentences(body: Any, status: int | None = None, job_id: str = "") -> list[str]:
    """Say what an error body means, one clean sentence per reason; never an empty list.

    Args:
        body: Decoded JSON of any shape, or the text of an answer that is not JSON.
        status: The HTTP status, named when the body says nothing.
        job_id: The job that was asked after; no more than its beginning is said.
    """
    found: dict[str, None] = {}
    room = _MOST_SAID
    texts = _texts(body)
    for text in islice(texts, MAX_SENTENCES):
        # Whoever knows a job's id can read the job, and a sentence may end up in a log.
        hidden = text.replace(job_id, f"{job_id[:8]}…") if len(job_id) > 12 else text
        said = shorten(_clean(hidden), min(MAX_SENTENCE, room))
        if said and said not in found:
            found[said] = None
            room -= len(said)
        if room < MAX_SENTENCE // 10:
            break
    if found and next(texts, None) is not None:
        found["(more that the hub said is left out)"] = None
    return list(found) or [status_phrase(status)]


def status_phrase(status: int | None) -> str:
    """Name a status, as in "HTTP 502 Bad Gateway"."""
    if status is None:
        return "no reason was given"
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _texts(body: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif depth > _DEEPEST:
        return
    elif is_object(body):
        said = next((body[key] for key in _TEXT_KEYS if body.get(key)), None)
        if said is not None:
            yield from _texts(said, depth + 1)
        elif telling := _telling(body):
            yield json.dumps(telling, default=str)
    elif is_array(body):
        for item in body:
            yield from _texts(item, depth + 1)
    elif body is not None:
        yield str(body)


def _telling(value: Any, depth: int = 0) -> Any:
    """Leave out what names no reason, what is not to be shown, and what lies too deep."""
    inner = depth + 1
    if is_object(value):
        kept = {n: part for n, part in value.items() if n not in _SILENT and depth <= _DEEPEST}
        return {name: _telling(part, inner) for name, part in kept.items()}
    if is_array(value):
        return [_telling(part, inner) for part in value] if depth <= _DEEPEST else []
    return value


def _clean(text: str) -> str:
    # Patterns look far ahead: on an endless text they would take forever.
    text = shorten(text, _MOST_READ)
    if "<" in text and re.search(r"<\s*(!doctype|html|head|body)\b", text, re.IGNORECASE):
        import html  # which few programs need

        title = _TITLE.search(text)
        text = html.unescape(title[1] if title else _TAGS.sub(" ", text))
    # The hub's advice to its own administrator does not help a caller.
    text = _CONFIG_HINT.sub("", text)
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(_RULES.sub(" ", printable).split())
