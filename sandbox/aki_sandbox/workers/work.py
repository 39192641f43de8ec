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
| `[[tool=get_weather]]` | a chat model that was given `tools` calls this one |
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aki_sandbox.catalogue import HubEndpoint
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.validation.media import read_medium
from aki_sandbox.validation.validate import type_word

_DIRECTIVES = re.compile(r"\[\[([^\[\]]*)\]\]")
_WRITTEN_PARAMETERS = ("text_context", "prompt_input", "prompt", "text")


def written_by_caller(inputs: Mapping[str, Json]) -> str:
    """Return the prompt or text in validated inputs; of a chat, the last message."""
    parts = [_last_message(inputs.get("chat_context"))]
    parts += [inputs.get(name) for name in _WRITTEN_PARAMETERS]
    return " ".join(part for part in parts if isinstance(part, str) and part)


def split_directives(written: str) -> tuple[str, dict[str, str]]:
    """Return a text without its directives, and the directives by name."""
    inside = " ".join(match[1] for match in _DIRECTIVES.finditer(written))
    directives = {name: value for name, _, value in (w.partition("=") for w in inside.split())}
    return " ".join(_DIRECTIVES.sub("", written).split()), directives


def _last_message(messages: Json) -> Json:
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(text for text in texts if isinstance(text, str))
    return content


_BULKY_TYPES = frozenset({"image", "audio", "video", "image_list", "chat_context"})
_THINKING_MODELS = ("gpt_oss", "kimi", "minimax", "r1")
_THOUGHTS = "The sandbox has nothing to think about, so it thinks out loud."
_STEPS_OF_MEDIA = 8
_MOST_STEPS = 100_000
_DEFAULT_SIDE = 1024
_LONGEST_SIDE = 4096
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
        tool: The tool that a chat model calls instead of answering, or None.
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
    tool: str | None
    seconds: float
    steps: int
    error: str | None
    keeps_outputs: bool

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


def plan_work(endpoint: HubEndpoint, inputs: JsonObject, job_seconds: float) -> WorkItem:
    """Decide what a worker has to do.

    Args:
        endpoint: The endpoint that was called.
        inputs: What validation made of the payload.
        job_seconds: How long a job takes whose prompt says nothing about it.
    """
    prompt, directives = split_directives(written_by_caller(inputs))
    thinking = _THOUGHTS if "think" in directives or _is_thinking_model(endpoint) else ""
    answer = _answer(endpoint, prompt, _words_left(inputs, thinking))
    words = len(thinking.split()) + len(answer.split())
    steps = _positive(directives.get("steps"), words if _writes(endpoint) else _STEPS_OF_MEDIA)
    error = directives.get("error", directives.get("errkeep"))
    return WorkItem(
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
        tool=directives.get("tool") if inputs.get("tools") else None,
        seconds=math.inf if "hang" in directives else _positive(directives.get("dur"), job_seconds),
        steps=min(max(1, round(steps)), _MOST_STEPS),
        error=None if error is None else error.replace("_", " "),
        keeps_outputs="errkeep" in directives,
    )


def _is_thinking_model(endpoint: HubEndpoint) -> bool:
    return any(model in endpoint.name for model in _THINKING_MODELS)


def _writes(endpoint: HubEndpoint) -> bool:
    return "text" in endpoint.outputs


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


def _positive(written: str | None, default: float) -> float:
    try:
        number = float(written or default)
    except ValueError:
        return default
    # "nan" and "inf" are floats as well.
    return number if 0 < number < math.inf else default


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
