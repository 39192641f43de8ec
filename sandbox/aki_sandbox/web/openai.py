"""The OpenAI interface of a hub: its models and chat completions, plain and streaming.

Owns how that interface words answers and errors. Must not know more of the hub than `chat` offers.
"""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aki_sandbox.jsontypes import Json, JsonObject, as_object
from aki_sandbox.web.chat import (
    KEY_NOT_VALID,
    ChatInterface,
    ModelTurn,
    RefusedError,
    models,
)
from aki_sandbox.web.http import json_response

_PREFIXES = ("/v1", "/openai/v1")
_LACKING = ("responses", "embeddings", "audio/{rest:path}", "images/{rest:path}")


class OpenAIRoutes(ChatInterface):
    """Handlers of the OpenAI interface, under both prefixes that are documented."""

    status_of_lacking = 500

    def all(self) -> list[BaseRoute]:
        """Return the routes."""
        answers = (
            ("models", "GET", self._models, "models"),
            ("chat/completions", "POST", self.answer, "chat"),
            *((path, "POST", self.lacking, "unknown") for path in _LACKING),
        )
        return [
            Route(f"{prefix}/{path}", answer, methods=[method], name=name)
            for prefix in _PREFIXES
            for path, method, answer, name in answers
        ]

    async def _models(self, request: Request) -> Response:
        if not self.hub.settings.accepts(self.key(request) or ""):
            return self.refused(RefusedError(401, *KEY_NOT_VALID))
        data: list[Json] = [
            {"id": model, "object": "model", "created": 0, "owned_by": "sandbox"}
            for model in models(self.hub)
        ]
        return json_response(200, {"object": "list", "data": data})

    def key(self, request: Request) -> str | None:
        """Return the key of a request."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key if scheme == "Bearer" else None

    def read(self, asked: JsonObject) -> JsonObject:
        """Return a request as it came."""
        if not isinstance(asked.get("model"), str) or not isinstance(asked.get("messages"), list):
            raise RefusedError(400, "model and messages must be given.")
        return asked

    def whole(self, turn: ModelTurn, asked: JsonObject) -> JsonObject:
        """Return a finished chat completion."""
        thinking, content = turn.said
        message: JsonObject = {"role": "assistant", "content": content}
        message |= {"refusal": None, "annotations": []}
        if thinking:
            message["reasoning"] = thinking
        if turn.call:
            message |= {"content": content or None, "tool_calls": [_call(turn, turn.call[1])]}
        # Beside calls of tools a live hub says "stop" as well, unless it streams.
        reason = "length" if turn.is_cut else "stop"
        answer = _chosen(turn, "chat.completion", {"message": message}, reason)
        return {**answer, "usage": _usage(turn), "service_tier": "default"}

    async def events(self, turn: ModelTurn, asked: JsonObject) -> AsyncIterator[bytes]:
        """Go through the chunks of a streamed chat completion."""
        with_usage = as_object(asked.get("stream_options")).get("include_usage") is True

        def chunk(delta: JsonObject, reason: str | None = None) -> bytes:
            body = _chosen(turn, "chat.completion.chunk", {"delta": delta}, reason)
            return _event({**body, "usage": None} if with_usage else body)

        yield chunk({"role": "assistant", "content": ""})
        try:
            async for kind, text in turn.pieces():
                if kind == "call":
                    more: JsonObject = {"function": {"arguments": text}}
                    called = more if text else _call(turn, "")
                    yield chunk({"tool_calls": [{"index": 0, **called}]})
                else:
                    yield chunk({"reasoning" if kind == "thinking" else "content": text})
        except RefusedError as refusal:
            yield _event(self.error(refusal))
        else:
            reason = "length" if turn.is_cut else "tool_calls" if turn.call else "stop"
            yield chunk({}, reason)
            if with_usage:
                body = _chosen(turn, "chat.completion.chunk", {}, None)
                yield _event({**body, "choices": [], "usage": _usage(turn)})
        yield b"data: [DONE]\n\n"

    def error(self, refusal: RefusedError) -> JsonObject:
        """Return the body of an error."""
        kind = "invalid_request_error" if refusal.status < 500 else "server_error"
        error: JsonObject = {
            "message": refusal.message,
            "type": refusal.code if refusal.status == 529 else kind,
            "param": None,
            "code": refusal.code,
        }
        return {"error": error}


def _chosen(turn: ModelTurn, kind: str, said: JsonObject, reason: str | None) -> JsonObject:
    return {
        "id": f"chatcmpl-{turn.job.id}",
        "object": kind,
        "created": int(turn.job.submitted_at),
        "model": turn.model,
        "choices": [{"index": 0, **said, "logprobs": None, "finish_reason": reason}],
    }


def _usage(turn: ModelTurn) -> JsonObject:
    read, cached, written = turn.usage
    reasoning = len(turn.job.work.thinking.split())
    details = ("audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens")
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning, **dict.fromkeys(details, 0)},
    }


def _call(turn: ModelTurn, arguments: str) -> JsonObject:
    function: JsonObject = {"name": turn.call[0] if turn.call else "", "arguments": arguments}
    return {"id": f"call_{turn.job.number}", "type": "function", "function": function}


def _event(body: JsonObject) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode("ascii")
