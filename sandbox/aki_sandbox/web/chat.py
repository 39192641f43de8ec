"""What the OpenAI and the Anthropic interface of a hub share: model ids, conversations, and a model's turn.

Owns the translation into a call of a chat endpoint, which tool has to be called, and what is an error. Must not know
how either interface words requests, answers and errors.
"""

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.hub.replies import Reply
from aki_sandbox.jsontypes import Json, JsonObject, as_object
from aki_sandbox.web.http import PAUSE, json_response, read_payload, wait_for_result
from aki_sandbox.workers.outputs import tokens
from aki_sandbox.workers.prompts import tool_call
from aki_sandbox.workers.schemas import example
from aki_sandbox.workers.work import TOOL_CALL_CUT, WorkItem

_DOCUMENTED_IDS = {"llama3_chat": "llama3-chat-70b", "gpt_oss_chat": "gpt-oss-120b"}
KEY_NOT_VALID = ("Key not valid", "invalid_api_key")
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


class ChatMessages:
    """The messages of a chat, as the hub takes them.

    Attributes:
        messages: The hub's messages.
        called: The tools that were called since the user last said something.
    """

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self.called: list[str] = []
        self._names: dict[str, str] = {}
        self._results: list[str] = []

    def say(self, role: Json, content: Json, calls: Sequence[tuple[Json, Json, Json]] = ()) -> None:
        """Add a message, with the calls of tools beside it: the id, name and arguments of each."""
        message: JsonObject = {"role": role, "content": content}
        if role == "user":
            self.called = []
        self.called += [str(name) for _, name, _ in calls]
        self._names |= {str(call_id): str(name) for call_id, name, _ in calls}
        if calls:
            message["tool_calls"] = [{"name": name, "arguments": args} for _, name, args in calls]
        self._results = []
        self.messages.append(message)

    def give_back(self, call_id: Json, content: Json) -> None:
        """Add what a tool returned: to a hub it is something that the user says."""
        if self._results:
            self.messages.pop()
        name = self._names.get(str(call_id), "the tool")
        self._results.append(f"{name} returned {text_of(content)}")
        self.messages.append({"role": "user", "content": "\n".join(self._results)})


Choice: TypeAlias = Literal["auto", "none", "any"] | tuple[str]
"""Which tool has to be called: the one named in a tuple, or any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A request, freed from how an interface words it.

    Attributes:
        model: The id of the model.
        conversation: What was said.
        parameters: Further inputs of the hub's chat endpoints.
        tools: The tools, as OpenAI words them.
        choice: Which of these has to be called.
        schema: What the answer has to fit; None for text.
        stop: What ends the answer as soon as it is written.
        streams: Whether the answer is wanted in pieces.
    """

    model: str
    conversation: ChatMessages
    parameters: JsonObject
    tools: list[JsonObject] = field(default_factory=list[JsonObject])
    choice: Choice = "auto"
    schema: Json = None
    stop: list[str] = field(default_factory=list[str])
    streams: bool = False

    @property
    def forced(self) -> str | None:
        """The tool that has to be called, if the user's words name none; of any, the next that was not called yet."""
        names = [str(as_object(tool.get("function")).get("name")) for tool in self.tools]
        if isinstance(self.choice, tuple):
            return self.choice[0]
        if self.choice != "any" or not names:
            return None
        return next((name for name in names if name not in self.conversation.called), names[-1])


Piece: TypeAlias = Literal["thinking", "text", "call"]
"""What a piece of a model's turn is of."""

_SAID: tuple[Piece, Piece] = ("thinking", "text")


class ModelTurn:
    """A model's turn: the job behind it, and what it says.

    Attributes:
        model: The id of the model that answers, which may be another one than was asked for.
        stop_sequence: What has ended the answer, or None.
    """

    def __init__(self, hub: SandboxHub, key: str, call: ChatCall) -> None:
        """Begin a turn.

        Raises:
            RefusedError: There is no such model, or the hub does not take the call.
        """
        self._hub = hub
        self._call = call
        self.stop_sequence: str | None = None
        known = models(hub)
        self.model = call.model if call.model in known else hub.settings.replacement_model or ""
        if self.model not in known:
            raise RefusedError(404, f"There is no model {call.model}.", "unknown_model")
        payload = {"key": key, "chat_context": json.dumps(call.conversation.messages)}
        if call.tools and call.choice != "none":
            payload["tools"] = json.dumps(call.tools)
        job = hub.start(known[self.model], {**payload, **call.parameters}, self._altered)
        if isinstance(job, Reply):
            raise RefusedError(job.status, _first_sentence(job), "job_refused")
        self.job = job

    def _altered(self, work: WorkItem) -> WorkItem:
        call = self._call
        if call.schema is not None:
            work = work.answering(json.dumps(example(call.schema, work.prompt)))
        if call.forced is not None and work.tool_call is None:
            work = work.calling(tool_call([*call.tools], call.forced, work.prompt))
        found = [(work.answer.find(stop), stop) for stop in call.stop if stop in work.answer]
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
    """An interface: what it makes of requests and turns."""

    def __init__(self, hub: SandboxHub) -> None:
        self.hub = hub

    async def answer(self, request: Request) -> Response:
        """Answer a request for a model's turn."""
        try:
            key = self.key(request)
            if key is None or not self.hub.settings.accepts(key):
                raise RefusedError(401, *KEY_NOT_VALID)
            asked = await read_payload(request, self.hub.settings.max_body_bytes)
            call = self.read(asked)
            turn = ModelTurn(self.hub, key, call)
            if call.streams:
                return StreamingResponse(self.events(turn, asked), media_type="text/event-stream")
            await turn.finish()
            return json_response(200, self.whole(turn, asked))
        except HTTPException as error:  # the body is none that can be read
            return self.refused(RefusedError(error.status_code, error.detail))
        except RefusedError as refusal:
            return self.refused(refusal)

    def refused(self, refusal: RefusedError) -> Response:
        """Answer with an error."""
        return json_response(refusal.status, self.error(refusal))

    @abstractmethod
    def key(self, request: Request) -> str | None:
        """Return the key of a request."""

    @abstractmethod
    def read(self, asked: JsonObject) -> ChatCall:
        """Return what a request asks for; raise a RefusedError where it cannot be read."""

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


def texts(value: Json) -> list[str]:
    """Return the texts of a list, or a text that stands for a list of one."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def renamed(asked: JsonObject, names: dict[str, str]) -> JsonObject:
    """Return the parameters of a request by the hub's names; those that are null are left out."""
    return {ours: asked[name] for name, ours in names.items() if asked.get(name) is not None}
