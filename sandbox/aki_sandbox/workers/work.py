"""What a job asks of its worker, decided when it is submitted.

Owns the length of a job, its steps and its fate. Must not know about queues or keys, nor how the outputs are made.
A prompt may hold directives in double square brackets:

| directive | effect |
|---|---|
| `[[dur=2 steps=10]]` | the job takes 2 seconds and reports 10 steps |
| `[[error=out_of_memory]]` | the worker fails with "out of memory" and no outputs |
| `[[errkeep=truncated]]` | the worker fails with "truncated" and gives the outputs it has |
| `[[hang]]` | the worker never reports, so that the job lapses |
| `[[think]]` | a chat model thinks before it answers |
| `[[tool=get_weather]]` | a chat model that was given `tools` calls this one, with arguments that its schema allows |
| `[[tool=get_weather args={"city": "Rome"}]]` | the same, with these arguments |
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from aki_sandbox.catalogue import HubEndpoint
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.validation.media import read_medium
from aki_sandbox.validation.validate import type_word
from aki_sandbox.workers.prompts import (
    BLOCK,
    PrefixCache,
    split_directives,
    tool_call,
    words_read,
    written_by_caller,
)

_BULKY_TYPES = frozenset({"image", "audio", "video", "image_list", "chat_context"})
_THINKING_MODELS = ("gpt_oss", "kimi", "minimax", "r1")
_THOUGHTS = "The sandbox has nothing to think about, so it thinks out loud."
_STEPS_OF_MEDIA = 8
_MOST_STEPS = 100_000
WORDS = re.compile(r"\s*\S+")
"""A token of the sandbox: a word, with the space before it."""
_DEFAULT_SIDE = 1024
_LONGEST_SIDE = 4096
TOOL_CALL_CUT = "Response finished before tool_call was completed! Try to raise max_gen_tokens"  # as on the wire
"""What a model fails with that may not write as many tokens as the call of a tool takes."""

# Lets a step count at its very end, although sums of floats fall short of it.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """One job's worth of work.

    Attributes:
        endpoint: What was called.
        inputs: The validated inputs without the bulky ones: media and chats.
        prompt: What the caller wrote, without directives.
        size: Width and height in pixels of pictures to make.
        thinking: What a text model thinks first; mostly empty.
        answer: What a text model answers.
        tool_call: The call that a chat model asks for instead of answering, `{name, arguments}`, or None.
        prompt_tokens: How many tokens a text model reads.
        cached_tokens: How many of these it need not read again.
        seconds: How long the worker takes; infinite for one that hangs.
        steps: How many steps it makes; it reports each but the last, which is the result.
        error: What the worker fails with, or None.
        keeps_outputs: Whether a failing worker gives the outputs it has.
    """

    endpoint: HubEndpoint
    inputs: JsonObject
    prompt: str
    size: tuple[int, int]
    thinking: str
    answer: str
    tool_call: "JsonObject | None"  # the alias is a string
    prompt_tokens: int
    cached_tokens: int
    seconds: float
    steps: int
    error: str | None
    keeps_outputs: bool

    @property
    def written(self) -> str:
        """What a text model writes after its thoughts: the answer, or the call of a tool."""
        return json.dumps(self.tool_call) if self.tool_call else self.answer

    def calling(self, call: JsonObject) -> "WorkItem":
        """Return the same work with a call of a tool in place of the answer, which fails if it is too long."""
        work = replace(self, tool_call=call)
        limit = self.inputs.get("max_gen_tokens")
        if isinstance(limit, int) and len(f"{self.thinking} {work.written}".split()) > limit:
            return replace(work, error=self.error or TOOL_CALL_CUT)
        return work

    def answering(self, answer: str) -> "WorkItem":
        """Return the same work with another answer, cut to the tokens that may be written."""
        left = _words_left(self.inputs, self.thinking)
        return replace(self, answer="".join(WORDS.findall(answer)[:left]))

    @property
    def seconds_per_step(self) -> float:
        """How long the worker is silent between two reports."""
        return self.seconds / self.steps

    def steps_after(self, seconds: float) -> int:
        """Return how many steps are done so many seconds after the start."""
        if seconds >= self.seconds:
            return self.steps
        return max(0, math.floor(seconds / self.seconds_per_step + _ROUNDING))

    def end_of_step(self, seconds: float) -> float:
        """Return when the step ends that is being made so many seconds after the start."""
        return (self.steps_after(seconds) + 1) * self.seconds_per_step


AlterWork: TypeAlias = Callable[[WorkItem], WorkItem]


def plan_work(
    endpoint: HubEndpoint,
    inputs: JsonObject,
    job_seconds: float,
    cache: PrefixCache | None = None,
) -> WorkItem:
    """Decide what a worker has to do.

    Args:
        endpoint: The endpoint that was called.
        inputs: What validation made of the payload.
        job_seconds: How long a job takes whose prompt says nothing about it.
        cache: What was read before; None for nothing.
    """
    prompt, directives = split_directives(written_by_caller(inputs))
    is_writing = "text" in endpoint.outputs
    thinks = "think" in directives or any(model in endpoint.name for model in _THINKING_MODELS)
    thinking = _THOUGHTS if thinks else ""
    limit = inputs.get("max_gen_tokens")
    if isinstance(limit, int):  # thoughts are tokens too, and one is left for the answer
        thinking = " ".join(thinking.split()[: max(limit - 1, 0)])
    answer = _answer(endpoint, prompt, _words_left(inputs, thinking))
    words = len(thinking.split()) + len(answer.split())
    steps = _not_negative(directives.get("steps"), words if is_writing else _STEPS_OF_MEDIA)
    error = directives.get("error", directives.get("errkeep"))
    seconds = _not_negative(directives.get("dur"), job_seconds)
    read = words_read(inputs) if is_writing else []
    work = WorkItem(
        endpoint=endpoint,
        inputs={
            name: value
            for name, value in inputs.items()
            if type_word(endpoint.inputs.get(name, {})) not in _BULKY_TYPES
        },
        prompt=prompt,
        size=_picture_size(inputs),
        thinking=thinking,
        answer=answer,
        tool_call=None,
        prompt_tokens=BLOCK + len(read),
        cached_tokens=(cache or PrefixCache()).read(endpoint.name, read),
        seconds=math.inf if "hang" in directives else seconds,
        steps=min(max(1, round(steps)), _MOST_STEPS),
        error=None if error is None else error.replace("_", " "),
        keeps_outputs="errkeep" in directives,
    )
    if "tool" not in directives or not inputs.get("tools"):
        return work
    arguments = directives.get("args", "")
    return work.calling(tool_call(inputs.get("tools"), directives["tool"], prompt, arguments))


def _words_left(inputs: Mapping[str, Json], thinking: str) -> int | None:
    limit = inputs.get("max_gen_tokens")
    return max(1, limit - len(thinking.split())) if isinstance(limit, int) else None


def _answer(endpoint: HubEndpoint, prompt: str, most_words: int | None) -> str:
    said = f'You wrote: "{prompt}".' if prompt else "You wrote nothing."
    words = (
        f"Hello from the sandbox, which answers in place of {endpoint.title}. {said} "
        "A real model would now say something clever; these words only arrive one by one."
    ).split()
    return " ".join(words[:most_words])


def _not_negative(written: str | None, default: float) -> float:
    try:
        number = float(written or default)
    except ValueError:
        return default
    # "nan" and "inf" are floats as well.
    return number if 0 <= number < math.inf else default


def _picture_size(inputs: Mapping[str, Json]) -> tuple[int, int]:
    """Return the size asked for, else that of the given picture times its `scale`."""
    width, height = inputs.get("width"), inputs.get("height")
    if isinstance(width, int) and isinstance(height, int):
        return _sane(width), _sane(height)
    medium = read_medium(inputs.get("image"))
    if medium is None or medium.size is None:
        return _DEFAULT_SIDE, _DEFAULT_SIDE
    scale = inputs.get("scale")
    factor = scale if isinstance(scale, int) else 1
    return _sane(medium.size[0] * factor), _sane(medium.size[1] * factor)


def _sane(pixels: int) -> int:
    return min(max(pixels, 1), _LONGEST_SIDE)
