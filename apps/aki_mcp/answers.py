"""What came of a call, as an agent gets it: text, small pictures, paths of what was saved whole, and plain JSON.

Outputs are a model's, whatever they say; nothing in them is opened or obeyed. Which files there are, the server's own
notes say.
"""

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from aki_runtime.batch.journal import RowState
from aki_runtime.errors import AkiError
from aki_runtime.events import in_words
from aki_runtime.shapes import is_array, is_object
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    ImageContent,
    ResourceLink,
    TextContent,
)

from .calls import KEPT_MINUTES, AgentCall

T = TypeVar("T")

LONGEST_SIDE = 768
"""Pixels of the longer side of a picture that a model is shown."""

MOST_SOUND = 1 << 20
"""Bytes of a sound that is sent along; of a longer one the path alone."""

_LONGEST_TEXT = 50_000
_WORDS = {
    RowState.DONE: "done",
    RowState.FAILED: "failed",
    RowState.UNCERTAIN: "uncertain",
}


def status_of(call: AgentCall) -> str:
    """Return how a call stands, in one word."""
    if call.failure is not None or call.state not in _WORDS:
        return "failed" if call.failure is not None else "running"
    return "cancelled" if _error_of(call).get("type") == "JobCanceledError" else _WORDS[call.state]


def message_of(call: AgentCall) -> str:
    """Say how a call stands, and what to do next, in a sentence or two."""
    if call.failure is not None:
        return refusal_of(call.failure)
    if call.state is RowState.DONE:
        return ""
    error = _error_of(call).get("message")
    if error is not None:
        job = f"; job {call.job_id}" if call.state is RowState.UNCERTAIN and call.job_id else ""
        return f"{error}{job}"
    words = in_words(call.event) if call.event is not None else "submitted"
    return (
        f"{words}. job_result with call={call.call_id!r} waits for it. The job goes on without this session; once it "
        f"has ended, the hub keeps its result for about {KEPT_MINUTES} minutes, unless this server has fetched it."
    )


def refusal_of(error: AkiError) -> str:
    """Say why a call was refused."""
    problems = getattr(error, "problems", None)
    return "; ".join(str(problem) for problem in problems) if problems else error.message


def sendable(value: T) -> T:
    """Return a JSON value without halves of surrogate pairs, which a hub may send and the protocol's UTF-8 has not."""
    made: T = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return made


def refused(message: str) -> CallToolResult:
    """Answer that something was refused, and nothing sent."""
    message = sendable(message)
    return CallToolResult(
        content=[TextContent(text=message)],
        structured_content={"status": "failed", "message": message},
        is_error=True,
    )


def answer_of(call: AgentCall) -> CallToolResult:
    """Answer with what came of a call, or how far it is."""
    status, message = status_of(call), message_of(call)
    noted, message = sendable(call.noted or {}), sendable(message)
    outputs: Mapping[str, Any] = found if is_object(found := noted.get("outputs")) else {}
    files = [file for file in _files(noted) if Path(file["path"]).is_file()]
    content: list[ContentBlock] = [TextContent(text=message)] if message else []
    text = outputs.get("text")
    rest = {name: value for name, value in outputs.items() if name != "text"}
    if isinstance(text, str) and text:
        content.append(TextContent(text=_shortened(text)))
    if rest:
        content.append(TextContent(text=_shortened(json.dumps(rest, ensure_ascii=False))))
    for file in files:
        content += _blocks(file)
    structured = {
        "call": call.call_id,
        "status": status,
        "outputs": dict(outputs),
        "files": [file["path"] for file in files],
    }
    if message:
        structured["message"] = message
    return CallToolResult(
        content=content or [TextContent(text="The job is done; it has no outputs.")],
        structured_content=structured,
        is_error=status in ("failed", "uncertain"),
    )


def _error_of(call: AgentCall) -> Mapping[str, Any]:
    error = (call.noted or {}).get("error")
    return error if is_object(error) else {}


def _files(noted: Mapping[str, Any]) -> list[dict[str, str]]:
    files = noted.get("files")
    return files if is_array(files) else []


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[:_LONGEST_TEXT]}… ({len(text):,} characters in all; the structured content has the whole)"


def _blocks(file: Mapping[str, str]) -> list[ContentBlock]:
    path = Path(file["path"])
    link = ResourceLink(name=path.name, uri=path.absolute().as_uri(), title=file["output"])
    shown: ContentBlock | None = None
    if file["kind"] == "image":
        shown = _small_picture(path)
    elif file["kind"] == "audio" and path.stat().st_size <= MOST_SOUND:
        kind = path.suffix.lstrip(".").replace("mp3", "mpeg")  # as MIME calls it
        shown = AudioContent(data=_base64(path.read_bytes()), mime_type=f"audio/{kind}")
    return [link] if shown is None else [shown, link]


def _small_picture(path: Path) -> ImageContent | None:
    from PIL import Image

    buffer = io.BytesIO()
    try:
        with Image.open(path) as picture:
            # Reads no more of a JPEG than the small picture needs.
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            picture.convert("RGB").save(buffer, "JPEG", quality=85)
    except Exception:
        return None  # a decoder raises what it likes over bytes of a hub; they are saved
    return ImageContent(data=_base64(buffer.getvalue()), mime_type="image/jpeg")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
