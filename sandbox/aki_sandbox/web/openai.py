"""The OpenAI interface of a hub: its models and chat completions, plain and streaming.

Owns the translation between that interface and a hub's chat endpoints. Must not know more of the
hub than its rules offer.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.hub.replies import Reply
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.web.http import json_response, read_payload, wait_for_result

_PREFIXES = ("/v1", "/openai/v1")
_PAUSE_BETWEEN_CHUNKS = 0.01
_RENAMED = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_gen_tokens",
    "max_completion_tokens": "max_gen_tokens",
}


def models(hub: SandboxHub) -> dict[str, str]:
    """Return the model ids and the endpoints behind them: every endpoint with a chat context."""
    return {
        # As on the public server; the ids of a live hub say more, and cannot be derived from names.
        name.replace("_", "-"): name
        for name, endpoint in hub.catalogue.items()
        if "chat_context" in endpoint.inputs
    }


def call_payload(request: JsonObject, key: str) -> JsonObject:
    """Return the hub's own payload for a chat completion request."""
    messages = request.get("messages")
    context = [_message(item) for item in messages] if isinstance(messages, list) else []
    payload: JsonObject = {"key": key, "chat_context": json.dumps(context)}
    for theirs, ours in _RENAMED.items():
        if request.get(theirs) is not None:
            payload[ours] = request[theirs]
    return payload


def completion(job: SandboxJob, model: str, result: JsonObject) -> JsonObject:
    """Return a finished chat completion."""
    details = ("reasoning_tokens", "audio_tokens", "accepted_prediction_tokens")
    usage: JsonObject = {
        "prompt_tokens": result.get("prompt_length"),
        "completion_tokens": result.get("num_generated_tokens"),
        "total_tokens": result.get("current_context_length"),
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": dict.fromkeys((*details, "rejected_prediction_tokens"), 0),
    }
    message: JsonObject = {"content": result.get("text"), "refusal": None, "annotations": []}
    answer = _chosen(job, model, "chat.completion", {"message": {"role": "assistant", **message}})
    return {**answer, "usage": usage, "service_tier": "default"}


def chunk(job: SandboxJob, model: str, content: str, *, last: bool = False) -> JsonObject:
    """Return a piece of a streamed chat completion."""
    delta: JsonObject = {"delta": {"role": "assistant", "content": content}}
    return _chosen(job, model, "chat.completion.chunk", delta, last=last)


def _chosen(
    job: SandboxJob, model: str, kind: str, said: JsonObject, *, last: bool = True
) -> JsonObject:
    reason = "stop" if last else None
    return {
        "id": f"chatcmpl-{job.id}",
        "object": kind,
        "created": int(job.submitted_at),
        "model": model,
        "choices": [{"index": 0, **said, "logprobs": None, "finish_reason": reason}],
    }


class OpenAIRoutes:
    """Handlers of the OpenAI interface, under both prefixes that are documented."""

    def __init__(self, hub: SandboxHub) -> None:
        self._hub = hub

    def all(self) -> list[BaseRoute]:
        """Return the routes."""
        answers = (("models", "GET", self._models), ("chat/completions", "POST", self._chat))
        return [
            Route(f"{prefix}/{path}", answer, methods=[method], name=path.partition("/")[0])
            for prefix in _PREFIXES
            for path, method, answer in answers
        ]

    async def _models(self, request: Request) -> Response:
        if self._key(request) is None:
            return _error(401, "Key not valid", "invalid_api_key")
        data: list[Json] = [
            {"id": model, "object": "model", "created": 0, "owned_by": "sandbox"}
            for model in models(self._hub)
        ]
        return json_response(200, {"object": "list", "data": data})

    async def _chat(self, request: Request) -> Response:
        key = self._key(request)
        if key is None:
            return _error(401, "Key not valid", "invalid_api_key")
        asked = await read_payload(request, self._hub.settings.max_body_bytes)
        model = asked.get("model")
        if not isinstance(model, str) or model not in models(self._hub):
            return _error(404, f"There is no model {model}.", "unknown_model")
        job = self._hub.start(models(self._hub)[model], call_payload(asked, key))
        if isinstance(job, Reply):
            return _error(job.status, _first_sentence(job), "job_refused")
        if asked.get("stream") is True:
            return StreamingResponse(self._events(job, model), media_type="text/event-stream")
        reply = await wait_for_result(self._hub, job)
        if reply is None:
            # The job goes on, is paid, and its result can be had by nobody.
            return _error(503, "The model took too long.", "timeout")
        if "error" in reply.body:
            return _error(500, _first_sentence(reply), "job_failed")
        return json_response(200, completion(job, model, reply.body))

    async def _events(self, job: SandboxJob, model: str) -> AsyncIterator[bytes]:
        sent = ""
        while (reply := self._hub.result(job)) is None:
            if self._hub.is_closing:
                return
            text = self._hub.text_so_far(job)
            # The hub reports the whole text so far, the interface sends what is new.
            if text != sent:
                yield _event(chunk(job, model, text[len(sent) :]))
                sent = text
            await asyncio.sleep(_PAUSE_BETWEEN_CHUNKS)
        if "error" in reply.body:
            yield _event(_error_body(500, _first_sentence(reply), "job_failed"))
        else:
            whole = str(reply.body.get("text", ""))
            yield _event(chunk(job, model, whole[len(sent) :], last=True))
        yield b"data: [DONE]\n\n"

    def _key(self, request: Request) -> str | None:
        """Return the key of a request, or None when it has no valid one."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key if scheme == "Bearer" and self._hub.settings.accepts(key) else None


def _event(body: JsonObject) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode("ascii")


def _error(status: int, message: str, code: str) -> Response:
    return json_response(status, _error_body(status, message, code))


def _error_body(status: int, message: str, code: str) -> JsonObject:
    error: JsonObject = {
        "message": message,
        "type": "invalid_request_error" if status < 500 else "server_error",
        "param": None,
        "code": code,
    }
    return {"error": error}


def _first_sentence(reply: Reply) -> str:
    error = reply.body.get("error")
    return str(error[0] if isinstance(error, list) and error else error)


def _message(message: Json) -> Json:
    """Return a message as the hub wants it: other names of the system role and of parts."""
    if not isinstance(message, dict):
        return message
    role = "system" if message.get("role") == "developer" else message.get("role")
    content = message.get("content")
    if isinstance(content, list):
        content = [_part(part) for part in content]
    return {"role": role, "content": content}


def _part(part: Json) -> Json:
    if not isinstance(part, dict):
        return part
    if part.get("type") == "image_url":
        image = part.get("image_url")
        return {"image": image.get("url") if isinstance(image, dict) else image}
    return {"text": part.get("text")}
