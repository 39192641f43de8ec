"""The Anthropic interface of a hub: messages, plain and streaming.

Owns how that interface words requests, answers and errors, and where a live hub differs from it: a tool's input is JSON
text, and input tokens include those that were read from the cache. Must not know more of the hub than `chat` offers.
"""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from aki_sandbox.jsontypes import Json, JsonObject, objects
from aki_sandbox.web.chat import (
    ChatInterface,
    ModelTurn,
    Piece,
    RefusedError,
    text_of,
)

_ALIKE = ("model", "max_tokens", "temperature", "top_p", "top_k")
_KINDS_OF_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    529: "overloaded_error",
}
_DELTAS: dict[Piece, tuple[str, str]] = {
    "thinking": ("thinking_delta", "thinking"),
    "text": ("text_delta", "text"),
    "call": ("input_json_delta", "partial_json"),
}


class AnthropicRoutes(ChatInterface):
    """Handlers of the Anthropic interface."""

    status_of_lacking = 404

    def all(self) -> list[BaseRoute]:
        """Return the routes."""
        post = ["POST"]
        path = "/anthropic/v1/messages"
        return [
            Route(path, self.answer, methods=post, name="chat"),
            Route(f"{path}/count_tokens", self.lacking, methods=post, name="unknown"),
        ]

    def key(self, request: Request) -> str | None:
        """Return the key of a request; a bearer token is none."""
        return request.headers.get("x-api-key")

    def read(self, asked: JsonObject) -> JsonObject:
        """Return a request as OpenAI words it."""
        for name, kind in (("model", str), ("messages", list), ("max_tokens", int)):
            if not isinstance(asked.get(name), kind):
                raise RefusedError(400, f"{name}: must be given.")
        system = text_of(asked.get("system"))
        messages: list[Json] = [{"role": "system", "content": system}] if system else []
        for message in objects(asked["messages"]):
            messages += _messages(message)
        return {
            **{name: asked.get(name) for name in _ALIKE},
            "messages": messages,
            "tools": [_tool(tool) for tool in objects(asked.get("tools"))],
            "tool_choice": _choice(asked.get("tool_choice")),
            "stop": asked.get("stop_sequences"),
        }

    def whole(self, turn: ModelTurn, asked: JsonObject) -> JsonObject:
        """Return a finished message."""
        thinking, content = turn.said
        blocks: list[Json] = []
        if thinking and _wants_thoughts(asked):
            blocks.append(_block("thinking", turn, thinking))
        if content or not turn.call:
            blocks.append(_block("text", turn, content))
        if turn.call:
            blocks.append(_block("call", turn, turn.call[1]))
        return {**_message(turn, turn.usage[2]), "content": blocks, **_stopped(turn)}

    async def events(self, turn: ModelTurn, asked: JsonObject) -> AsyncIterator[bytes]:
        """Go through the events of a streamed message."""
        start = {**_message(turn, 0), "content": [], "stop_reason": None, "stop_sequence": None}
        yield _event("message_start", message=start)
        index, opened = -1, None
        try:
            async for kind, text in turn.pieces():
                if kind == "thinking" and not _wants_thoughts(asked):
                    continue
                if kind != opened:
                    if opened:
                        yield _event("content_block_stop", index=index)
                    index, opened = index + 1, kind
                    block = _block(kind, turn, {} if kind == "call" else "")
                    yield _event("content_block_start", index=index, content_block=block)
                if text:
                    type_word, name = _DELTAS[kind]
                    delta: JsonObject = {"type": type_word, name: text}
                    yield _event("content_block_delta", index=index, delta=delta)
        except RefusedError as refusal:
            yield _event("error", **self.error(refusal))
            return
        if opened:
            yield _event("content_block_stop", index=index)
        yield _event("message_delta", delta=_stopped(turn), usage=_usage(turn, turn.usage[2]))
        yield _event("message_stop")

    def error(self, refusal: RefusedError) -> JsonObject:
        """Return the body of an error."""
        kind = _KINDS_OF_ERRORS.get(refusal.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.message}}


def _message(turn: ModelTurn, written: int) -> JsonObject:
    return {
        "id": f"msg_{turn.job.id}",
        "type": "message",
        "role": "assistant",
        "model": turn.model,
        "usage": _usage(turn, written),
    }


def _usage(turn: ModelTurn, written: int) -> JsonObject:
    read, cached, _ = turn.usage
    return {
        # At Anthropic the two add up; here, as live, the first includes the second.
        "input_tokens": read,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": written,
    }


def _stopped(turn: ModelTurn) -> JsonObject:
    reason = "max_tokens" if turn.is_cut else "stop_sequence" if turn.stop_sequence else "end_turn"
    return {
        "stop_reason": "tool_use" if turn.call else reason,
        "stop_sequence": turn.stop_sequence,
    }


def _block(kind: Piece, turn: ModelTurn, said: Json) -> JsonObject:
    match kind:
        case "thinking":
            return {"type": "thinking", "thinking": said, "signature": ""}
        case "text":
            return {"type": "text", "text": said}
        case "call":
            name = turn.call[0] if turn.call else ""
            used: JsonObject = {"type": "tool_use", "id": f"toolu_{turn.job.number}", "name": name}
            return {**used, "input": said}


def _event(kind: str, **body: Json) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **body})}\n\n".encode("ascii")


def _wants_thoughts(asked: JsonObject) -> bool:
    thinking = asked.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") != "disabled"


def _tool(tool: JsonObject) -> Json:
    function: JsonObject = {"name": tool.get("name"), "parameters": tool.get("input_schema")}
    if tool.get("description") is not None:
        function["description"] = tool["description"]
    return {"type": "function", "function": function}


def _choice(choice: Json) -> Json:
    match choice:
        case {"type": "tool", "name": str(name)}:
            return {"function": {"name": name}}
        case {"type": "any"}:
            return "required"
        case {"type": "none"}:
            return "none"
        case _:
            return "auto"


def _messages(message: JsonObject) -> list[Json]:
    """Return what a message holds as messages; results of tools come first, as they must."""
    role, content = message.get("role"), message.get("content")
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    made: list[Json] = []
    parts: list[Json] = []
    calls: list[Json] = []
    for block in objects(content):
        match block.get("type"):
            case "text":
                parts.append({"type": "text", "text": block.get("text")})
            case "image":
                parts.append({"type": "image_url", "image_url": _data_uri(block.get("source"))})
            case "tool_use":
                # As it came, which is JSON text, or as Anthropic has it.
                function: JsonObject = {"name": block.get("name"), "arguments": block.get("input")}
                calls.append({"id": block.get("id"), "function": function})
            case "tool_result":
                result: JsonObject = {"role": "tool", "content": block.get("content")}
                made.append({**result, "tool_call_id": block.get("tool_use_id")})
            case "thinking" | "redacted_thinking":
                pass
            case other:
                raise RefusedError(400, f"messages: a block of type {other} is not supported.")
    if parts or calls or not made:
        made.append({"role": role, "content": parts or None, "tool_calls": calls})
    return made


def _data_uri(source: Json) -> Json:
    match source:
        case {"type": "base64", "media_type": str(media_type), "data": str(data)}:
            return f"data:{media_type};base64,{data}"
        case _:
            raise RefusedError(400, "messages: an image must have a source of type base64.")
