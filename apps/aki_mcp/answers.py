"""What came of a call, as an agent gets it: text, small pictures, paths of what was saved whole, and plain JSON.

Outputs are a model's, whatever they say; nothing in them is opened or obeyed. Which files there are, the server's own
notes say.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aki_runtime.batch.public import RowState
from aki_runtime.errors import AkiError
from mcp.server.mcpserver import Audio, Image
from mcp_types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent

from .calls import KEPT_MINUTES, AgentCall

LONGEST_SIDE = 768
"""Pixels of the longer side of a picture that a model is shown."""

MOST_SOUND = 1 << 20
"""Bytes of a sound that is sent along; of a longer one the path alone."""

_LONGEST_TEXT = 50_000


def status_of(call: AgentCall) -> str:
    """Return how a call stands, in one word."""
    if not call.is_over:
        return "running"
    if call.failure is not None:
        return "failed"
    is_cancelled = call.noted.get("error", {}).get("type") == "JobCanceledError"
    return "cancelled" if is_cancelled else call.state.value


def message_of(call: AgentCall) -> str:
    """Say how a call stands, and what to do next, in a sentence or two."""
    if call.failure is not None:
        return _refusal(call.failure)
    if call.state is RowState.DONE:
        return ""
    if call.is_over:
        job = f"; job {call.job_id}" if call.state is RowState.UNCERTAIN and call.job_id else ""
        return f"{call.noted['error']['message']}{job}"
    return (
        f"{call.progress}. job_result with call={call.call_id!r} waits for it. The job goes on without this session; "
        f"once it has ended, the hub keeps its result for about {KEPT_MINUTES} minutes, unless this server has "
        "fetched it."
    )


def refused(error: AkiError) -> CallToolResult:
    """Answer that something was refused, and nothing sent."""
    message = _refusal(error)
    return CallToolResult(
        content=[TextContent(text=message)],
        structured_content={"status": "failed", "message": message},
        is_error=True,
    )


def standing_of(call: AgentCall) -> dict[str, Any]:
    """Return how a call stands, as plain JSON."""
    message = message_of(call)
    standing = {"call": call.call_id, "status": status_of(call)}
    return {**standing, "message": message} if message else standing


def answer_of(call: AgentCall) -> CallToolResult:
    """Answer with what came of a call, or how far it is."""
    standing = standing_of(call)
    outputs: dict[str, Any] = call.noted.get("outputs", {})
    files = [file for file in call.noted.get("files", ()) if Path(file["path"]).is_file()]
    rest = dict(outputs)
    text = rest.pop("text") if isinstance(rest.get("text"), str) else ""
    said = (standing.get("message"), text, json.dumps(rest, ensure_ascii=False) if rest else "")
    content: list[ContentBlock] = [TextContent(text=_shortened(words)) for words in said if words]
    for file in files:
        content += _blocks(file)
    paths = [file["path"] for file in files]
    return CallToolResult(
        content=content or [TextContent(text="The job is done; it has no outputs.")],
        structured_content={**standing, "outputs": outputs, "files": paths},
        is_error=standing["status"] in ("failed", "uncertain"),
    )


def _refusal(error: AkiError) -> str:
    return "; ".join(getattr(error, "problems", ())) or error.message


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[:_LONGEST_TEXT]}… ({len(text):,} characters in all; the structured content has the whole)"


def _blocks(file: Mapping[str, str]) -> list[ContentBlock]:
    path = Path(file["path"])
    link = ResourceLink(name=path.name, uri=path.absolute().as_uri(), title=file["output"])
    if file["kind"] == "image" and (shown := _small_picture(path)) is not None:
        return [shown, link]
    if file["kind"] == "audio" and path.stat().st_size <= MOST_SOUND:
        kind = path.suffix.lstrip(".").replace("mp3", "mpeg")  # as MIME calls it
        return [Audio(path, format=kind).to_audio_content(), link]
    return [link]


def _small_picture(path: Path) -> ImageContent | None:
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    try:
        with Pillow.open(path) as picture:
            # Reads no more of a JPEG than the small picture needs.
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            picture.convert("RGB").save(buffer, "JPEG", quality=85)
    except Exception:
        return None  # a decoder raises what it likes over bytes of a hub; they are saved
    return Image(data=buffer.getvalue(), format="jpeg").to_image_content()
