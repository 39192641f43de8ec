"""What a field takes, in words for people: made from facts, harmless on any terminal. It knows no command."""

import json
from collections.abc import Sequence

from aki_runtime.changes.fact_media import MEDIA, MediaLimits
from aki_runtime.changes.facts import FieldFacts
from aki_runtime.changes.words import span

from .terminal import one_line

MAX_CHOICES = 12
_WORDS = {
    "text": "text",
    "prompt": "raw prompt text, instead of a conversation",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "json": "any JSON value",
    "chat": "messages of a conversation",
    "chat text": "text, with its thinking apart",
    "tool calls": "calls that the model asks for",
    "image": "picture",
    "audio": "sound",
    "video": "film",
}
_UNITS = {"size": " pixels", "sample_rate": " Hz", "audio_bit_rate": " bit/s", "duration": " s"}


def takes(facts: FieldFacts, choices: Sequence[object] = ()) -> str:
    """Say what values a field takes: kind, range, step, choices, limits of media."""
    words = [_kind(facts)]
    if facts.type == "choice":
        words = [_listed(choices or [json.loads(choice) for choice in facts.choices])]
    if facts.minimum is not None or facts.maximum is not None:
        words.append(span(facts.minimum, facts.maximum))
    if facts.step is not None:
        words[-1] += f" in steps of {facts.step}"
    if facts.max_length is not None:
        words.append(f"at most {facts.max_length:,} characters")
    if facts.support:
        words.append(f"with {', '.join(kind for kind, _ in facts.support)}")
    words += _limits(facts.media)
    said = ", ".join(words)
    is_limited = len(words) > 1 or facts.type == "choice"
    return f"{said}; the hub fits other values" if facts.converts and is_limited else said


def default_of(facts: FieldFacts) -> str:
    """Say what the hub uses in the absence of a field; empty where it names nothing worth saying."""
    if facts.default is None or facts.default == '""':
        return ""
    value = json.loads(facts.default)
    return one_line(value if isinstance(value, str) else facts.default)


def _kind(facts: FieldFacts) -> str:
    if facts.type.endswith("_list"):
        kind = facts.type.removesuffix("_list")
        return f"list of {_WORDS[kind]}s" if kind in MEDIA else one_line(facts.type)
    return _WORDS.get(facts.type) or f"any value; the hub calls its type {one_line(facts.type)}"


def _listed(choices: Sequence[object]) -> str:
    shown = [one_line(str(choice)) or '""' for choice in choices[:MAX_CHOICES]]
    more = len(choices) - len(shown)
    return f"one of {', '.join(shown)}" + (f" and {more:,} more" if more > 0 else "")


def _limits(limits: MediaLimits) -> list[str]:
    said: list[str] = []
    for name, limit in limits:
        words = [" or ".join(one_line(str(json.loads(value))) for value in limit.supported)]
        low, high = (" by ".join(f"{n:g}" for n in side) for side in (limit.minimum, limit.maximum))
        words.append(span(low or None, high or None) if low or high else "")
        text = ", ".join(word for word in words if word)
        if text:
            said.append(f"{name.replace('_', ' ')} {text}{_UNITS.get(name, '')}")
    return said
