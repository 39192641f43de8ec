"""What a field takes, in words for people: kind, range, step, choices, limits of media.

Part of them are a hub's: whoever shows them makes those harmless, with `clean`. Must not know where they are shown.
"""

import json
from collections.abc import Callable, Mapping

from ..shapes import range_in_words
from .reading import shown
from .values import FieldMetadata, MediaLimit, MediaLimits

MAX_SHOWN_CHOICES = 20

_KINDS = {
    "text": "Text",
    "prompt": "Raw prompt text, instead of a conversation",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "True or false",
    "choice": "One of",
    "json": "Any JSON value",
    "chat": "Messages of a conversation, the last one the user's",
    "chat text": "Text, with its thinking and content apart",
    "tool calls": "Calls that the model asks for",
    "image": "An image",
    "audio": "Audio",
    "video": "A video",
}
_UNITS = {
    "size": " pixels",
    "sample_rate": " Hz",
    "sample_bit_depth": " bit",
    "audio_bit_rate": " bit/s",
    "duration": " s",
}


def field_in_words(
    field: FieldMetadata,
    clean: Callable[[str], str],
    *,
    kinds: Mapping[str, str] | None = None,
    quoted: bool = False,
) -> str:
    """Say what values a field takes, as in "Whole number, 128 to 2048, in steps of 32".

    Args:
        field: The field.
        clean: Makes text of a hub harmless.
        kinds: Other words for some types.
        quoted: Whether choices that are text stand in quotes.
    """
    words = {**_KINDS, **(kinds or {})}
    if field.medium is not None:
        kind = words[field.medium]
        if field.is_list:
            return f"A list, each item {kind[0].lower()}{kind[1:]}"
        return kind + limits_in_words(field.media, clean)
    if field.type not in words:
        return f"Any JSON value; the hub calls its type {clean(shown(json.loads(field.type)))}"
    if field.type == "choice":
        first = field.choices[:MAX_SHOWN_CHOICES]
        texts = [f'"{c}"' if quoted and isinstance(c, str) else str(c) for c in first]
        more = len(field.choices) - MAX_SHOWN_CHOICES
        listed = ", ".join(clean(text) or '""' for text in texts)
        limits = f" {listed}" + (f" and {more:,} more" if more > 0 else "")
    elif field.type == "chat":
        limits = f"; messages may hold {', '.join(field.support)}" if field.support else ""
    elif field.type == "text" and field.max_length is not None:
        limits = f" of at most {field.max_length:,} characters"
    else:
        range_ = range_in_words(field.minimum, field.maximum, field.step)
        limits = f", {range_}" if range_ else ""
    fits = "; the hub fits other values" if field.converts and limits else ""
    return words[field.type] + limits + fits


def limits_in_words(limits: MediaLimits, clean: Callable[[str], str]) -> str:
    """Say what the figures of a medium may be, each clause behind a semicolon; empty where nothing limits them."""
    clauses: dict[bool, list[str]] = {False: [], True: []}
    for name, limit in limits.items():
        clauses[limit.converts] += filter(None, [_limit(name, limit, clean)])
    fixed, fitted = ", ".join(clauses[False]), ", ".join(clauses[True])
    said = (fixed, f"{fitted} (the hub converts others)" if fitted else "")
    return "".join(f"; {clause}" for clause in said if clause)


def _limit(name: str, limit: MediaLimit, clean: Callable[[str], str]) -> str:
    taken = _either([clean(str(value)) for value in limit.supported])
    between = range_in_words(_figure(limit.minimum), _figure(limit.maximum))
    said = ", ".join(filter(None, (taken, between)))
    return f"{name.replace('_', ' ')} {said}{_UNITS.get(name, '')}" if said else ""


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _figure(values: tuple[float, ...]) -> str | None:
    return " by ".join(f"{value:.10g}" for value in values) or None
