"""What the OpenAI and the Anthropic interface of a hub share: model ids, conversations, and a model's turn.

Owns the translation of a request, as OpenAI words it, into a call of a chat endpoint, which tool has to be called, and
what is an error. Must not know how either interface words answers and errors.
"""

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar, Literal, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.replies import Reply
from aki_sandbox.jsontypes import Json, JsonObject, as_object, objects
from aki_sandbox.web.http import PAUSE, json_response, read_payload, wait_for_result
from aki_sandbox.workers.outputs import tokens
from aki_sandbox.workers.prompts import tool_call
from aki_sandbox.workers.schemas import example
from aki_sandbox.workers.work import TOOL_CALL_CUT, WorkItem

_DOCUMENTED_IDS = {"llama3_chat": "llama3-chat-70b", "gpt_oss_chat": "gpt-oss-120b"}
KEY_NOT_VALID = ("Key not valid", "invalid_api_key")
_RENAMED = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_gen_tokens",
    "max_completion_tokens": "max_gen_tokens",
}
_SIZE = re.compile(r"\d+b\b")


def models(hub: SandboxHub) -> dict[str, str]:
    """Return the model ids and the endpoints behind them: every chat endpoint that is not gated.

    On a live hub, too, an id says a size, and cannot be derived from the endpoint's name.
    """
    return {
        _DOCUMENTED_IDS.get(name, _sized(name.replace("_", "-"))): name
        for name, endpoint in hub.catalogue.items()
        if "chat_context" in endpoint.inputs and name not in hub.settings.gated
    }


def _sized(name: str) -> str:
    return name if _SIZE.search(name) else f"{name}-8b"


class RefusedError(Exception):
    """An answer other than the model's: the HTTP status, a sentence, and a word for programs."""

    def __init__(self, status: int, message: str, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


Piece: TypeAlias = Literal["thinking", "text", "call"]
"""What a piece of a model's turn is of."""

_SAID: tuple[Piece, Piece] = ("thinking", "text")


class ModelTurn:
    """A model's turn: the job behind it, and what it says.

    Attributes:
        model: The id of the model that answers, which may be another one than was asked for.
        stop_sequence: What has ended the answer, or None.
    """

    def __init__(self, hub: SandboxHub, key: str, asked: JsonObject) -> None:
        """Begin a turn.

        Args:
            hub: Whose model it is.
            key: Who asks.
            asked: The request, as OpenAI words it.

        Raises:
            RefusedError: There is no such model, or the hub does not take the call.
        """
        self._hub = hub
        self._schema = _schema(asked.get("response_format"))
        stop = asked.get("stop")
        stops = stop if isinstance(stop, list) else [stop]
        self._stops = [each for each in stops if isinstance(each, str) and each]
        self.stop_sequence: str | None = None
        known, wanted = models(hub), str(asked.get("model"))
        self.model = wanted if wanted in known else hub.settings.replacement_model or ""
        if self.model not in known:
            raise RefusedError(404, f"There is no model {wanted}.", "unknown_model")
        messages, called = _conversation(objects(asked.get("messages")))
        tools, choice = objects(asked.get("tools")), asked.get("tool_choice")
        self._tools: list[Json] = [*tools]
        self._forced = _forced(choice, tools, called)
        payload: JsonObject = {"key": key, "chat_context": json.dumps(messages)}
        if tools and choice != "none":
            payload["tools"] = json.dumps(tools)
        for name, ours in _RENAMED.items():
            if asked.get(name) is not None:
                payload[ours] = asked[name]
        job = hub.start(known[self.model], payload, self._altered)
        if isinstance(job, Reply):
            raise RefusedError(job.status, _first_sentence(job), "job_refused")
        self.job = job

    def _altered(self, work: WorkItem) -> WorkItem:
        if self._schema is not None:
            work = work.answering(json.dumps(example(self._schema, work.prompt)))
        if self._forced is not None and work.tool_call is None:
            work = work.calling(tool_call(self._tools, self._forced, work.prompt))
        found = [(work.answer.find(stop), stop) for stop in self._stops if stop in work.answer]
        if found and work.tool_call is None:
            end, self.stop_sequence = min(found)
            work = replace(work, answer=work.answer[:end])
        return work

    @property
    def said(self) -> tuple[str, str]:
        """The thoughts and the words of the model so far."""
        return self._hub.spoken_so_far(self.job)

    @property
    def call(self) -> tuple[str, str] | None:
        """The tool that the model calls, and its arguments as JSON text."""
        call = self.job.work.tool_call
        return (str(call["name"]), json.dumps(call["arguments"])) if call else None

    @property
    def usage(self) -> tuple[int, int, int]:
        """The tokens that were read, how many of these from the cache, and the tokens that were written."""
        work = self.job.work
        return work.prompt_tokens, work.cached_tokens, tokens(work, work.steps)

    @property
    def is_cut(self) -> bool:
        """Whether the model may not write any more."""
        limit = self.job.work.inputs.get("max_gen_tokens")
        return isinstance(limit, int) and self.usage[2] >= limit and self.call is None

    async def finish(self) -> None:
        """Wait until all is said.

        Raises:
            RefusedError: The model failed, or took too long.
        """
        reply = await wait_for_result(self._hub, self.job)
        if reply is None:
            # The job goes on, is paid, and its result can be had by nobody.
            raise RefusedError(503, "The model took too long.", "timeout")
        _require_success(reply)

    async def pieces(self) -> AsyncIterator[tuple[Piece, str]]:
        """Go through what the model says as it comes, then through the arguments of the tool that it calls, if any.

        A call begins with a piece without text.

        Raises:
            RefusedError: The model failed.
        """
        sent, reply = ("", ""), None
        while reply is None:
            reply = self._hub.result(self.job)
            if reply is not None:
                _require_success(reply)
            elif self._hub.is_closing:
                raise RefusedError(503, "The hub is closing.", "timeout")
            said = self.said
            # The hub reports the whole text so far, the interfaces send what is new.
            for kind, before, now in zip(_SAID, sent, said, strict=True):
                if now != before:
                    yield kind, now[len(before) :]
            sent = said
            if reply is None:
                await asyncio.sleep(PAUSE)
        if self.call:
            arguments = self.call[1]
            middle = len(arguments) // 2
            for part in ("", arguments[:middle], arguments[middle:]):
                yield "call", part


def _schema(response_format: Json) -> Json:
    """Return what an answer has to fit; None for text."""
    wanted = response_format if isinstance(response_format, dict) else {"type": "text"}
    match wanted.get("type"):
        case "text":
            return None
        case "json_schema" if isinstance(described := wanted.get("json_schema"), dict):
            return described.get("schema", {})
        case other:
            raise RefusedError(400, f"response_format {other} is not supported; use json_schema.")


def _forced(choice: Json, tools: list[JsonObject], called: list[str]) -> str | None:
    """Return the tool to call where the user's words name none; of any, the next that was not called yet."""
    names = [str(as_object(tool.get("function")).get("name")) for tool in tools]
    match choice:
        case {"function": {"name": str(name)}}:
            return name
        case "required" if names:
            return next((name for name in names if name not in called), names[-1])
        case _:
            return None


def _conversation(messages: list[JsonObject]) -> tuple[list[Json], list[str]]:
    """Return messages as the hub takes them, and the tools that were called since the user last said something."""
    made: list[Json] = []
    names: dict[str, str] = {}
    called: list[str] = []
    results: list[str] = []
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role in ("tool", "function"):
            # To a hub what tools returned is one thing that the user says.
            if results:
                made.pop()
            tool = names.get(str(message.get("tool_call_id")), "the tool")
            results.append(f"{tool} returned {text_of(content)}")
            made.append({"role": "user", "content": "\n".join(results)})
            continue
        results = []
        if role == "user":
            called = []
        if isinstance(content, list):
            content = [_part(part) for part in content]
        said: JsonObject = {"role": "system" if role == "developer" else role, "content": content}
        calls: list[Json] = []
        for call in objects(message.get("tool_calls")):
            if isinstance(function := call.get("function"), dict):
                name = function.get("name")
                calls.append({"name": name, "arguments": function.get("arguments")})
                names[str(call.get("id"))] = str(name)
                called.append(str(name))
        made.append({**said, "tool_calls": calls} if calls else said)
    return made, called


def _part(part: Json) -> Json:
    if not isinstance(part, dict):
        return part
    if part.get("type") == "image_url":
        image = part.get("image_url")
        return {"image": image.get("url") if isinstance(image, dict) else image}
    return {"text": part.get("text")}


def _require_success(reply: Reply) -> None:
    error = reply.body.get("error")
    if error == TOOL_CALL_CUT:
        # A caller's mistake that looks like an overload, as on the live hub: repeating it is paid, and changes nothing.
        raise RefusedError(529, TOOL_CALL_CUT, "overloaded_error")
    if error:
        raise RefusedError(500, _first_sentence(reply), "job_failed")


def _first_sentence(reply: Reply) -> str:
    error = reply.body.get("error")
    return str(error[0] if isinstance(error, list) and error else error)


class ChatInterface(ABC):
    """An interface: what it makes of requests and turns.

    Attributes:
        status_of_lacking: What it answers to requests that a hub does not know.
    """

    status_of_lacking: ClassVar[int]

    def __init__(self, hub: SandboxHub) -> None:
        self.hub = hub

    async def answer(self, request: Request) -> Response:
        """Answer a request for a model's turn."""
        try:
            key = self.key(request)
            if key is None or not self.hub.settings.accepts(key):
                raise RefusedError(401, *KEY_NOT_VALID)
            asked = await read_payload(request)
            turn = ModelTurn(self.hub, key, self.read(asked))
            if asked.get("stream") is True:
                return StreamingResponse(self.events(turn, asked), media_type="text/event-stream")
            await turn.finish()
            return json_response(200, self.whole(turn, asked))
        except HTTPException as error:  # the body is none that can be read
            return self.refused(RefusedError(error.status_code, error.detail))
        except RefusedError as refusal:
            return self.refused(refusal)

    async def lacking(self, request: Request) -> Response:
        """Answer a request of a kind that a hub does not know."""
        message = f"{request.url.path} is not implemented."
        return self.refused(RefusedError(self.status_of_lacking, message, "not_implemented"))

    def refused(self, refusal: RefusedError) -> Response:
        """Answer with an error."""
        return json_response(refusal.status, self.error(refusal))

    @abstractmethod
    def key(self, request: Request) -> str | None:
        """Return the key of a request."""

    @abstractmethod
    def read(self, asked: JsonObject) -> JsonObject:
        """Return a request as OpenAI words it; raise a RefusedError where it cannot be read."""

    @abstractmethod
    def whole(self, turn: ModelTurn, asked: JsonObject) -> JsonObject:
        """Return the answer after a turn."""

    @abstractmethod
    def events(self, turn: ModelTurn, asked: JsonObject) -> AsyncIterator[bytes]:
        """Go through the events of a stream."""

    @abstractmethod
    def error(self, refusal: RefusedError) -> JsonObject:
        """Return the body of an error."""


def text_of(content: Json) -> str:
    """Return a text that may come in parts, `{"type": "text", "text": …}`."""
    parts = content if isinstance(content, list) else [content]
    found = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "\n".join(text for text in found if isinstance(text, str))
