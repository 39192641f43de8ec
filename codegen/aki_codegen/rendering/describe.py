"""What people read about an endpoint: the lines of its docstring, made from the IR. Plain text, no code."""

import textwrap
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from aki_runtime.metadata import MediaLimits, field_in_words, limits_in_words

from .. import ir
from ..literals import doc_text, visible
from .glossary import meaning_of

LINE_WIDTH = 88
"""Characters of a docstring's line, which stands up to twelve characters in."""


def endpoint_count(number: int) -> str:
    """Say how many endpoints there are."""
    return "1 endpoint" if number == 1 else f"{number} endpoints"


def endpoint_summary(endpoint: ir.NamedEndpoint) -> str:
    """Say in one line what an endpoint is."""
    title, description = doc_text(endpoint.title), doc_text(endpoint.description)
    text = f"{title}: {description}" if description else title
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def endpoint_docs(endpoint: ir.NamedEndpoint, removed: str = "") -> dict[str, list[str]]:
    """Return the lines of the docstring of each way to use an endpoint, "call", "stream" and "submit".

    Args:
        endpoint: The endpoint.
        removed: What to say where the hub has removed it; empty where it is there.
    """
    summary = [*wrapped(endpoint_summary(endpoint)), *(["", *wrapped(removed)] if removed else [])]
    arguments: list[str] = []
    if endpoint.inputs:
        described = (wrapped(f"{p.name}: {parameter_line(p)}", 1) for p in endpoint.inputs)
        arguments = ["Args:", *chain.from_iterable(described), ""]
    outputs = _names(endpoint.outputs)
    progress = (
        _paragraph(f"While it runs, progress tells {_names(endpoint.progress)}.")
        if endpoint.progress
        else []
    )
    return {
        way: [
            *summary,
            "",
            *([does, ""] if does else []),
            *arguments,
            "Returns:",
            *_paragraph(f"{gives}{outputs}."),
            *progress,
            *_RAISES,
        ]
        for way, (does, gives) in _WAYS.items()
    }


_WAYS = {
    "call": ("", ""),
    "stream": (
        "Submits a job and watches it; used in a `with` block.",
        "The stream of its events; its result has ",
    ),
    "submit": (
        "Submits a job, which goes on whatever becomes of its handle.",
        "The handle of the job; its result has ",
    ),
}
"""What each way to use an endpoint does, and what it returns, apart from the outputs."""

_RAISES = (
    "",
    "Raises:",
    "    InvalidParametersError: A parameter was refused; nothing was sent or paid.",
    "    JobError: The job ended without a result.",
    "    AkiError: Anything else that went wrong.",
)


def removal(alternatives: Iterable[str]) -> str:
    """Say that the hub has removed an endpoint, and which can stand in for it."""
    instead = ", ".join(alternatives)
    return f"The hub has removed it{f'; {instead} can stand in for it' if instead else ''}."


def field_doc(field: ir.Field, section: ir.Section) -> tuple[str, ...]:
    """Return the lines of the docstring of a field: what it means, its type, limits and default."""
    return wrapped(parameter_line(field) if section == "input" else _output_line(field, section))


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
    sentences = [*meaning(parameter, "input"), type_phrase(parameter)]
    if parameter.required:
        why = ": the hub refuses its own default" if parameter.default_refused else ""
        sentences.append(f"Required{why}")
    elif parameter.default is not None:
        sentences.append(f"Default {default_text(parameter)}")
    return ". ".join(sentences) + "."


def _output_line(output: ir.Field, section: ir.Section) -> str:
    phrase = field_in_words(output, doc_text, quoted=True)
    coded = [output.encoding[name] for name in ("format", "color_space") if name in output.encoding]
    phrase += f", {' '.join(map(doc_text, coded))}" if coded else ""
    return ". ".join([*meaning(output, section), phrase]) + "."


def meaning(field: ir.Field, section: ir.Section) -> list[str]:
    """Return what the hub says of a field, or else what fields of its name mean; nothing where neither is known."""
    said = doc_text(field.description).rstrip(".") or meaning_of(field.wire_name, section)
    return [said] if said else []


def default_text(parameter: ir.Field) -> str:
    """Say what a default is; that of a JSON value is written on the wire as a text."""
    value = parameter.default
    is_plain = isinstance(value, str) and parameter.type == "json"
    return doc_text(value) if is_plain else _value(value)


def type_phrase(field: ir.Field) -> str:
    """Say what a value of a field is, with its limits."""
    if field.is_tools:
        return "Tools that the model may call, as OpenAI words them"
    return field_in_words(field, doc_text, kinds=_IN_PYTHON, quoted=True)


def limits_phrase(limits: MediaLimits) -> str:
    """Say what the figures of a medium may be, each clause behind a semicolon; empty where nothing limits them."""
    return limits_in_words(limits, doc_text)


_IN_PYTHON = {
    "boolean": "True or False",
    "image": "An image as bytes, path, file, Pillow image, data URI or another call's output",
    "audio": "Audio as bytes, path, file, data URI or another call's output",
    "video": "A video as bytes, path, file, data URI or another call's output",
}


def _names(outputs: tuple[ir.Field, ...]) -> str:
    # A non-empty `error` is an exception, so no caller reads it from a result.
    named = ", ".join(f"`{output.name}`" for output in outputs if output.wire_name != "error")
    return named or "nothing"


def _value(value: object) -> str:
    return doc_text(f'"{value}"' if isinstance(value, str) else visible(repr(value)))
