"""What people read about an endpoint: the lines of its docstring, made from the IR. Plain text, no code."""

import json
import textwrap
from functools import lru_cache
from itertools import chain

from aki_runtime.metadata import MediaLimit, MediaLimits, shown
from aki_runtime.shapes import range_in_words

from .. import ir
from ..literals import doc_text, visible

MAX_SHOWN_CHOICES = 20
LINE_WIDTH = 96
"""Characters of a docstring's line, which stands four characters in."""


def endpoint_count(number: int) -> str:
    """Say how many endpoints there are."""
    return "1 endpoint" if number == 1 else f"{number} endpoints"


def endpoint_summary(endpoint: ir.Endpoint) -> str:
    """Say in one line what an endpoint is."""
    title, description = doc_text(endpoint.title), doc_text(endpoint.description)
    text = f"{title}: {description}" if description else title
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def endpoint_doc(endpoint: ir.Endpoint) -> list[str]:
    """Return the lines of an endpoint's docstring."""
    lines = [*wrapped(endpoint_summary(endpoint)), ""]
    if endpoint.inputs:
        described = (wrapped(f"{p.name}: {parameter_line(p)}", 1) for p in endpoint.inputs)
        lines += ["Args:", *chain.from_iterable(described), ""]
    lines += ["Returns:", *_paragraph(f"{_names(endpoint.outputs)}.")]
    if endpoint.progress:
        lines += _paragraph(f"While it runs, progress tells {_names(endpoint.progress)}.")
    lines += [
        "",
        "Raises:",
        "    InvalidParametersError: A parameter was refused; nothing was sent or paid.",
        "    JobError: The job ended without a result.",
        "    AkiError: Anything else that went wrong.",
    ]
    return lines


@lru_cache(maxsize=2_000)
def wrapped(text: str, depth: int = 0) -> tuple[str, ...]:
    """Break a text into the lines of a docstring."""
    # Endpoints share most of their parameters' texts, and breaking one takes as long as making it.
    return tuple(
        textwrap.wrap(
            text,
            LINE_WIDTH,
            initial_indent="    " * depth,
            subsequent_indent="    " * 2 * depth,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def _paragraph(text: str) -> list[str]:
    return [f"    {line}" for line in textwrap.wrap(text, LINE_WIDTH - 4, break_long_words=False)]


def parameter_line(parameter: ir.Field) -> str:
    """Say in one line what a parameter takes: kind, range, step, choices, default."""
    said = doc_text(parameter.description).rstrip(".")
    sentences = [*([said] if said else []), type_phrase(parameter)]
    if parameter.required:
        why = ": the hub refuses its own default" if parameter.default_refused else ""
        sentences.append(f"Required{why}")
    elif parameter.default is not None:
        sentences.append(f"Default {default_text(parameter)}")
    return ". ".join(sentences) + "."


def default_text(parameter: ir.Field) -> str:
    """Say what a default is; that of a JSON value is written on the wire as a text."""
    value = parameter.default
    is_plain = isinstance(value, str) and parameter.type == "json"
    return doc_text(value) if is_plain else _value(value)


def type_phrase(field: ir.Field) -> str:
    """Say what a value of a field is, with its limits."""
    if field.medium is not None:
        phrase = _MEDIA[field.medium]
        if field.is_list:
            return f"A list, each item {phrase[0].lower()}{phrase[1:]}"
        return phrase + limits_phrase(field.media)
    if field.is_tools:
        return "Tools that the model may call, as OpenAI words them"
    said = _PHRASES.get(field.type)
    if said is None:
        word = doc_text(visible(shown(json.loads(field.type))))
        return f"Any JSON value; the hub calls its type {word}"
    if field.type == "choice":
        first = ", ".join(_value(choice) for choice in field.choices[:MAX_SHOWN_CHOICES])
        more = len(field.choices) - MAX_SHOWN_CHOICES
        limits = f" {first}" + (f" and {more:,} more" if more > 0 else "")
    elif field.type == "chat":
        limits = f"; messages may hold {', '.join(field.support)}" if field.support else ""
    elif field.type == "text" and field.max_length is not None:
        limits = f" of at most {field.max_length:,} characters"
    else:
        words = range_in_words(field.minimum, field.maximum, field.step)
        limits = f", {words}" if words else ""
    return said + limits + ("; the hub fits other values" if field.converts and limits else "")


_PHRASES = {
    "text": "Text",
    "prompt": "Raw prompt text, instead of a conversation",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "True or False",
    "choice": "One of",
    "json": "Any JSON value",
    "chat": "Messages of a conversation, the last one the user's",
    "chat text": "Text, with its thinking and content apart",
    "tool calls": "Calls that the model asks for",
}
_MEDIA = {
    "image": "A picture as bytes, path, file, Pillow image, data URI or another call's output",
    "audio": "A sound as bytes, path, file, data URI or another call's output",
    "video": "A film as bytes, path, file, data URI or another call's output",
}


def _names(outputs: tuple[ir.Field, ...]) -> str:
    # A non-empty `error` is an exception, so no caller reads it from a result.
    named = ", ".join(f"`{output.name}`" for output in outputs if output.wire_name != "error")
    return named or "nothing"


def limits_phrase(limits: MediaLimits) -> str:
    """Say what the figures of a medium may be, each clause behind a semicolon; empty where nothing limits them."""
    said: dict[bool, list[str]] = {False: [], True: []}
    for name, limit in limits.items():
        said[limit.converts] += filter(None, [_limit_phrase(name, limit)])
    clauses = [", ".join(said[False]), ", ".join(said[True])]
    if clauses[1]:
        clauses[1] += " (the hub converts others)"
    return "".join(f"; {clause}" for clause in clauses if clause)


def _limit_phrase(name: str, limit: MediaLimit) -> str:
    taken = _either([doc_text(str(value)) for value in limit.supported])
    between = range_in_words(_figure(limit.minimum), _figure(limit.maximum))
    said = ", ".join(filter(None, (taken, between)))
    return f"{name.replace('_', ' ')} {said}{_UNITS.get(name, '')}" if said else ""


_UNITS = {
    "size": " pixels",
    "sample_rate": " Hz",
    "sample_bit_depth": " bit",
    "audio_bit_rate": " bit/s",
    "duration": " s",
}


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _figure(values: tuple[float, ...]) -> str | None:
    return " by ".join(f"{value:.10g}" for value in values) or None


def _value(value: object) -> str:
    return doc_text(f'"{value}"' if isinstance(value, str) else visible(repr(value)))
