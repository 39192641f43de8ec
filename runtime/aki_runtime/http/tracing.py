"""Spans of OpenTelemetry for the life of each job, for a program that has asked for them by `AkiInstrumentor`.

Flows say what they see of a job, and a `JobSpans` makes of it one span, after the conventions for generative AI, with
children for the submit, the queue and the run. No span holds the key or a job's id, nor text that a caller or a hub
wrote unless that was switched on. OpenTelemetry is imported when it is, and not before.
"""

import importlib
import json
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial, wraps
from hashlib import sha256
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from ..errors import AkiError, ConfigurationError, ConnectionFailedError, JobCanceledError
from ..hub import Address, HubContext
from ..json_value import JsonText
from ..logs import logger
from ..protocol.job import JobState, Reading, text_of
from ..shapes import is_array, is_number, is_object

Method = TypeVar("Method", bound=Callable[..., object])

MOST_LINKS = 10_000
"""Submits of this process that a job which is taken up again by its id may be linked to."""

EVENT_SPACING = 1.25
"""How many times older than at the last event of progress a job is at the next: about 50 events in the first hour."""

_SHORTEST_ID = 16  # of a shorter one, what is shown of an id may be the whole
_CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_PROVIDERS = {"aki": "aki.io", "aime": "aime"}
_PROMPTS = ("prompt_input", "prompt", "text_context", "text")
_SETTINGS = {
    "max_gen_tokens": "max_tokens",
    "seed": "seed",
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
}
_USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cache_read.input_tokens",
}
_OF_CHATS = {"chat_context", "prompt_length", "num_generated_tokens"}

_log = logger("tracing")


class AkiInstrumentor:
    """Switches spans of jobs on and off, for all clients of this process, whenever they were made."""

    def instrument(
        self, *, tracer_provider: Any = None, capture_content: bool | None = None, **others: object
    ) -> None:
        """Make spans from the next job on.

        Args:
            tracer_provider: OpenTelemetry's `TracerProvider`; defaults to the process's own.
            capture_content: Whether spans hold prompts, texts of outputs and the words of errors, never media; defaults
                to OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, and to False without it.
            others: What else instrumentors may be given; nothing of it is used.

        Raises:
            ConfigurationError: The extra `otel` is not installed.
        """
        if capture_content is None:
            said = os.environ.get(_CONTENT_VARIABLE, "").strip().lower()
            capture_content = said in ("true", "span_only", "span_and_event")
        HubContext.trace = _Tracing(tracer_provider, captures=capture_content).begin

    def uninstrument(self, **others: object) -> None:
        """Make no more spans; those of jobs that go on are still ended."""
        HubContext.trace = None


def _harmless(method: Method) -> Method:
    """Let no fault of a tracer cost a job that is paid for."""

    @wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> object:
        try:
            return method(*args, **kwargs)
        except Exception:
            _log.warning("a span could not be written", exc_info=True)
        return None

    return cast("Method", guarded)


class _Tracing:
    """Where spans go, and what was submitted."""

    def __init__(self, provider: Any, *, captures: bool) -> None:
        try:
            self.trace: Any = importlib.import_module("opentelemetry.trace")
        except ImportError:
            raise ConfigurationError(
                "spans need an extra: pip install 'aki-client[otel]'"
            ) from None
        self.context: Any = importlib.import_module("opentelemetry.context")
        self.tracer = self.trace.get_tracer("aki_client", tracer_provider=provider)
        self.captures = captures
        self.submits: OrderedDict[bytes, Any] = OrderedDict()

    @_harmless
    def begin(
        self,
        address: Address,
        reading: Reading[Any, Any],
        inputs: Mapping[str, Any],
        job: JobState | None = None,
    ) -> "JobSpans | None":
        """Return what a flow tells of a job from now on; None where spans are suppressed.

        Args:
            address: The hub.
            reading: How the job is read.
            inputs: What it is made of; empty where that was done before.
            job: One that was submitted before.
        """
        if self.context.get_value("suppress_instrumentation"):
            return None
        return JobSpans(self, address, reading, inputs, job)


class JobSpans:
    """The spans of one job, from its submit, or from its first poll where it was submitted elsewhere."""

    def __init__(
        self,
        tracing: _Tracing,
        address: Address,
        reading: Reading[Any, Any],
        inputs: Mapping[str, Any],
        job: JobState | None,
    ) -> None:
        self._tracing, self._server, self._reading = tracing, address.server, reading
        server = urlsplit(address.server)
        fields = reading.output.model_fields.keys() | inputs.keys()
        operation = "chat" if fields & _OF_CHATS else "generate_content"
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": _PROVIDERS[address.layout],
            "gen_ai.request.model": reading.endpoint,
            "server.address": server.hostname,
            "server.port": server.port or (443 if server.scheme == "https" else 80),
        }
        for ours, theirs in _SETTINGS.items():
            if is_number(inputs.get(ours)):
                attributes[f"gen_ai.request.{theirs}"] = inputs[ours]
        if tracing.captures and (messages := _messages(inputs)):
            attributes["gen_ai.input.messages"] = json.dumps(messages, ensure_ascii=False)
        before = tracing.submits.get(self._digest(job)) if job is not None else None
        self._span: Any = tracing.tracer.start_span(
            f"{operation} {reading.endpoint}",
            kind=tracing.trace.SpanKind.CLIENT,
            attributes=attributes,
            links=[tracing.trace.Link(before)] if before is not None else [],
        )
        self._process = os.getpid()
        self._child: Any = None
        self._phase = ""
        self._is_cancelled = False
        # Moments in nanoseconds: the first, that of the last news, of the last event, and the child's first.
        self._began = self._seen = self._noted = self._entered = time.time_ns()
        if job is None:
            self._enter("submit")
        else:
            self._name(job)
            self._span.set_attribute("aki.job.resumed", True)

    @_harmless
    def enter(self) -> Callable[[], object] | None:
        """Let what is sent now belong to this, as what instruments HTTP libraries sees it; return what ends that."""
        context = self._tracing.context
        span = self._span if self._child is None else self._child
        if span is None:
            return None
        at = self._tracing.trace.set_span_in_context(span)
        return partial(context.detach, context.attach(at))

    @_harmless
    def submitted(self, job: JobState) -> None:
        """Note that the hub has made the job."""
        self._name(job)
        self._seen = time.time_ns()
        self._enter("queue")
        submits = self._tracing.submits
        submits[self._digest(job)] = self._span.get_span_context()
        if len(submits) > MOST_LINKS:
            submits.popitem(last=False)

    @_harmless
    def observed(self, job: JobState) -> None:
        """Note how the job is by the hub's last answer."""
        now, pending = time.time_ns(), job.pending
        self._is_cancelled |= job.cancel_asked or job.abandoned
        if job.ended:
            if job.result is not None or not job.abandoned:  # else whoever has given it up says why
                self.end(job)
        elif self._span is not None and pending is not None:
            phase = "queue" if pending.state == "queued" else "run"
            if phase != self._phase:
                self._seen = now if self._phase else self._began
                self._enter(phase)
            self._seen = now
            if now - self._began >= (self._noted - self._began) * EVENT_SPACING:
                self._noted = now
                figures = {
                    "state": pending.state,
                    "progress": pending.progress,
                    "queue_position": pending.position,
                    "estimate": pending.estimate,
                }
                known = {f"aki.job.{n}": each for n, each in figures.items() if each is not None}
                self._child.add_event("aki.job.progress", known)

    @_harmless
    def end(self, job: JobState | None = None, error: BaseException | None = None) -> None:
        """End the spans, with what is known of the job's end, or of why nobody waits for it any more."""
        self._seen = time.time_ns()
        self._end(job, error)

    def __del__(self) -> None:
        # A handle was dropped. What a fork inherits is its parent's to end.
        is_open = getattr(self, "_span", None) is not None and self._process == os.getpid()
        if is_open and not sys.is_finalizing():
            _harmless(self._end)(None, None)

    def _end(self, job: JobState | None, error: BaseException | None) -> None:
        if self._span is None:
            return
        if job is not None:
            self._span.set_attribute("aki.job.state", job.status)
            is_wanted = self._is_cancelled and isinstance(job.error, JobCanceledError)
            error = error or (None if is_wanted else job.error)
            if job.result is not None:
                error = None
                self._take(job, job.result)
        for each in (self._child, self._span):
            if each is None:
                continue
            if error is not None:
                each.set_attribute("error.type", type(error).__name__)
                each.set_status(self._tracing.trace.StatusCode.ERROR, self._said(error, job))
            each.end(self._seen)
        self._span = self._child = None

    def _said(self, error: BaseException, job: JobState | None) -> str | None:
        if not isinstance(error, AkiError):
            return None
        if self._tracing.captures or isinstance(error, ConnectionFailedError):
            return error.message.replace(job.job_id, job.short_id) if job else error.message
        # Messages of others may quote what a caller or a hub wrote.
        return (type(error).__doc__ or "").partition("\n")[0]

    def _take(self, job: JobState, result: Mapping[str, Any]) -> None:
        """Note what the result says of itself, and of a run that no poll has seen."""
        output, found = self._reading.result(job), dict[str, Any]()
        usage, cost, prices = output.usage, output.cost, self._reading.prices
        for ours, theirs in _USAGE.items():
            found[f"gen_ai.usage.{theirs}"] = getattr(usage, ours)
        if isinstance(model := result.get("model_name"), str):
            found["gen_ai.response.model"] = model[:200]
        if cost is not None and prices is not None:
            found |= {"aki.cost": float(cost), "aki.currency": prices.currency}
        if self._tracing.captures and (text := text_of(result.get("text"))) is not None:
            messages = [{**_message("assistant", text), "finish_reason": "stop"}]
            found["gen_ai.output.messages"] = json.dumps(messages, ensure_ascii=False)
        self._span.set_attributes({n: each for n, each in found.items() if each is not None})
        if self._phase != "run" and usage.compute_seconds is not None:
            ended, seconds = self._seen, usage.compute_seconds
            self._seen = max(ended - int(seconds * 1e9), self._entered)
            self._enter("run")
            self._seen = ended

    def _enter(self, phase: str) -> None:
        """Begin a child at the moment of the last news, which is where the one before ends."""
        if self._child is not None:
            self._child.end(self._seen)
        context = self._tracing.trace.set_span_in_context(self._span)
        self._child = self._tracing.tracer.start_span(phase, context, start_time=self._seen)
        self._phase, self._entered = phase, self._seen

    def _name(self, job: JobState) -> None:
        if len(job.job_id) >= _SHORTEST_ID:
            self._span.set_attribute("aki.job.id", job.short_id)

    def _digest(self, job: JobState) -> bytes:
        return sha256(f"{self._server} {job.endpoint} {job.job_id}".encode()).digest()


def _messages(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a model is asked, in the words of the conventions; of media only that they are there."""
    chat = inputs.get("chat_context")
    if chat is None:
        given = (inputs.get(name) for name in _PROMPTS)
        return [_message("user", text) for text in given if isinstance(text, str)]
    messages = chat.value if isinstance(chat, JsonText) else json.loads(chat)
    return [_message(str(each.get("role")), each.get("content")) for each in messages]


def _message(role: str, content: Any) -> dict[str, Any]:
    parts: list[Any] = content if is_array(content) else [{"text": content}]
    named = [next(iter(part.items())) for part in parts if is_object(part) and part]
    shown = [{"type": k, "content": v} if k == "text" else {"type": k} for k, v in named]
    return {"role": role, "parts": shown}
