"""What a worker makes of its work: words, pictures, sound, or an error.

Owns the contents of progress and results, which follow from the declared names and types alone, so
that any catalogue will do. Must not know about time: how far a job is comes in as a number of steps.
"""

import json
import math
import zlib

from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.validation.validate import type_word
from aki_sandbox.workers.media import paint, preview_size, speak
from aki_sandbox.workers.work import WORDS, WorkItem

_MEDIA_TYPES = frozenset({"image", "image_list", "audio"})
_MAX_SEQ_LEN = 8192


def progress_figure(work: WorkItem, step: int) -> float:
    """Return the figure that a worker reports after a step: tokens of a chat, else a percentage."""
    if "num_generated_tokens" in work.endpoint.outputs:
        return tokens(work, step)
    return round(100 * step / work.steps)


def progress_data(work: WorkItem, step: int) -> JsonObject:
    """Return what a worker reports after a step, cut to the declared progress outputs."""
    reported: JsonObject = {}
    if step:
        for name, attributes in work.endpoint.progress_outputs.items():
            if type_word(attributes) == "image_list":
                value = _previews(work, step, attributes)
            elif name in {"progress_message", "status"}:
                value = f"step {step}/{work.steps}"
            else:
                value = _output(work, step, name, attributes)
            if value is not None:
                reported[name] = value
    return reported


def outputs(work: WorkItem, step: int) -> JsonObject:
    """Return the declared outputs as far as they exist after a step.

    Media exist after the last one. A failing worker gives its error, and nothing else unless it keeps what it has.
    """
    made: JsonObject = {}
    if work.error is None or work.keeps_outputs:
        for name, attributes in work.endpoint.outputs.items():
            # Pictures and sound exist when all of it is done.
            if step < work.steps and type_word(attributes) in _MEDIA_TYPES:
                continue
            value = _output(work, step, name, attributes)
            if value is not None:
                made[name] = value
    if work.error is not None:
        made["error"] = work.error
    return made


def _output(work: WorkItem, step: int, name: str, attributes: JsonObject) -> Json:
    match type_word(attributes):
        case "image":
            return paint(work.prompt, work.size, _seed(work), attributes)
        case "image_list":
            return [paint(work.prompt, work.size, seed, attributes) for seed in _seeds(work)]
        case "audio":
            return speak(work.prompt)
        case "integer" | "int" | "float":
            return _number(work, step, name)
        case "bool" | "boolean":
            return True
        case "json":
            return json.dumps({"text": work.answer})
        case "string" | "str":
            return _string(work, step, name)
        case _:
            return None


def _number(work: WorkItem, step: int, name: str) -> Json:
    figures: JsonObject = {
        "seed": _seed(work),
        "num_generated_tokens": tokens(work, step),
        "prompt_length": work.prompt_tokens,
        "current_context_length": work.prompt_tokens + tokens(work, step),
        "max_seq_len": _MAX_SEQ_LEN,
    }
    return figures.get(name, work.inputs.get(name, 0))


def _string(work: WorkItem, step: int, name: str) -> Json:
    texts: JsonObject = {
        "error": None,
        "model_name": f"sandbox-{work.endpoint.name}",
        "prompt": work.prompt,
        "tool_calls": json.dumps([work.tool_call]) if work.tool_call else None,
    }
    if name in texts:
        return texts[name]
    return work.inputs[name] if name in work.inputs and name != "text" else _text(work, step)


def _text(work: WorkItem, step: int) -> Json:
    """Return the text so far: cumulative, and an object where the caller asked for JSON."""
    if work.tool_call:
        return ""
    thinking, content = spoken(work, step)
    match work.inputs.get("chat_output_format"):
        case "json":
            return {"thinking": thinking, "content": content}
        case "raw":
            parts = ("<think>", thinking, "</think>", content)
        case _:
            parts = ("<think>\n", thinking, "\n</think>\n\n", content)
    if not thinking:
        return content
    return "".join(parts if content else parts[:2])


def spoken(work: WorkItem, step: int) -> tuple[str, str]:
    """Return a text model's thoughts and its words so far; a call of a tool has no words."""
    count = tokens(work, step)
    thoughts = work.thinking.split()
    words = [] if work.tool_call else WORDS.findall(work.answer)
    return " ".join(thoughts[:count]), "".join(words[: max(0, count - len(thoughts))])


def tokens(work: WorkItem, step: int) -> int:
    """Return how many tokens exist after a step; here a token is a word."""
    words = len(work.thinking.split()) + len(work.written.split())
    return math.ceil(words * step / work.steps)


def _previews(work: WorkItem, step: int, attributes: JsonObject) -> Json:
    """Return small pictures, which get sharper while the job goes on."""
    if work.inputs.get("provide_progress_images") == "none":
        return None
    size, blur = preview_size(work.size), 6 * (1 - step / work.steps)
    return [paint(work.prompt, size, seed, attributes, blur) for seed in _seeds(work)]


def picture_count(work: WorkItem) -> int:
    """Return how many pictures a list of them holds."""
    count = work.inputs.get("num_samples", 1)
    return count if isinstance(count, int) else 1


def _seeds(work: WorkItem) -> range:
    return range(_seed(work), _seed(work) + picture_count(work))


def _seed(work: WorkItem) -> int:
    """Return the seed asked for; -1 and a missing one mean any, so one that the prompt gives."""
    seed = work.inputs.get("seed", -1)
    if isinstance(seed, int) and seed >= 0:
        return seed
    # A lone surrogate, which JSON may hold, has no UTF-8.
    return zlib.crc32(work.prompt.encode("utf-8", "replace"))
