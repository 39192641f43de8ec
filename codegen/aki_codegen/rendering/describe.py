"""What people read about an endpoint: the lines of its docstring, made from the IR. Plain text, no code."""

import textwrap
from functools import lru_cache
from itertools import chain

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


def parameter_line(parameter: ir.Parameter) -> str:
    """Say in one line what a parameter takes: kind, range, step, choices, default."""
    said = doc_text(parameter.description).rstrip(".")
    sentences = [*([said] if said else []), type_phrase(parameter.type)]
    if parameter.required:
        why = ": the hub refuses its own default" if parameter.default_refused else ""
        sentences.append(f"Required{why}")
    elif parameter.default is not None:
        sentences.append(f"Default {default_text(parameter.default.value, parameter.type)}")
    return ". ".join(sentences) + "."


def default_text(value: object, kind: ir.FieldType) -> str:
    """Say what a default is; that of a JSON value is written on the wire as a text."""
    return (
        doc_text(value)
        if isinstance(value, str) and isinstance(kind, ir.JsonType)
        else _value(value)
    )


def type_phrase(kind: ir.FieldType) -> str:
    """Say what a value of a type is, with its limits."""
    match kind:
        case ir.TextType(max_length, enforced) if max_length is not None:
            return f"Text of at most {max_length:,} characters" + ("" if enforced else _CONVERTED)
        case ir.IntegerType(limits):
            return _numbers("Whole number", limits)
        case ir.FloatType(limits):
            return _numbers("Number", limits)
        case ir.ChoiceType(choices, enforced):
            shown = ", ".join(_value(choice) for choice in choices[:MAX_SHOWN_CHOICES])
            more = len(choices) - MAX_SHOWN_CHOICES
            rest = f" and {more:,} more" if more > 0 else ""
            return f"One of {shown}{rest}" + ("" if enforced else _CONVERTED)
        case ir.ChatType(media):
            kinds = ", ".join(medium.kind for medium in media)
            with_media = f"; messages may hold {kinds}" if media else ""
            return f"{_PHRASES[ir.ChatType]}{with_media}"
        case ir.MediaType(medium):
            return _MEDIA[medium] + limits_phrase(kind)
        case ir.MediaListType(medium):
            return f"A list, each item {_MEDIA[medium][0].lower()}{_MEDIA[medium][1:]}"
        case ir.UnknownType(word):
            return f"Any JSON value; the hub calls its type {doc_text(word)}"
        case _:
            return _PHRASES[type(kind)]


_PHRASES: dict[type[ir.FieldType], str] = {
    ir.TextType: "Text",
    ir.BooleanType: "True or False",
    ir.JsonType: "Any JSON value",
    ir.ToolsType: "Tools that the model may call, as OpenAI words them",
    ir.ToolCallsType: "Calls that the model asks for",
    ir.ChatTextType: "Text, with its thinking and content apart",
    ir.ChatType: "Messages of a conversation, the last one the user's",
    ir.PromptType: "Raw prompt text, instead of a conversation",
}
_CONVERTED = "; the hub fits other values"
_MEDIA = {
    "image": "A picture as bytes, path, file, Pillow image, data URI or another call's output",
    "audio": "A sound as bytes, path, file, data URI or another call's output",
    "video": "A film as bytes, path, file, data URI or another call's output",
}


def _names(outputs: tuple[ir.Output, ...]) -> str:
    # A non-empty `error` is an exception, so no caller reads it from a result.
    shown = ", ".join(f"`{output.name}`" for output in outputs if output.wire_name != "error")
    return shown or "nothing"


def _numbers(what: str, limits: ir.Range) -> str:
    low, high, step = limits.minimum, limits.maximum, limits.step
    if low is not None and high is not None:
        what += f", {low} to {high}"
    elif low is not None:
        what += f", at least {low}"
    elif high is not None:
        what += f", at most {high}"
    if step is not None and step != 1:
        what += f", in steps of {step}"
    bounded = not (low is None and high is None and step is None)
    return what + ("" if limits.enforced or not bounded else _CONVERTED)


def limits_phrase(kind: ir.MediaType) -> str:
    """Say what the figures of a medium may be, each clause behind a semicolon; empty where nothing limits them."""
    enforced = [_limit_phrase(*named) for named in kind.limits if named[1].enforced]
    converted = [_limit_phrase(*named) for named in kind.limits if not named[1].enforced]
    phrases = [
        ", ".join(phrase for phrase in phrases if phrase) for phrases in (enforced, converted)
    ]
    if phrases[1]:
        phrases[1] += " (the hub converts others)"
    return "".join(f"; {phrase}" for phrase in phrases if phrase)


def _limit_phrase(name: str, limit: ir.Limit) -> str:
    low, high = _figure(limit.minimum), _figure(limit.maximum)
    words = [_either([doc_text(str(value)) for value in limit.supported])]
    if low and high:
        words.append(f"{low} to {high}")
    else:
        words += [f"at least {low}" if low else "", f"at most {high}" if high else ""]
    said = ", ".join(word for word in words if word)
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


def _figure(values: tuple[float, ...]) -> str:
    return " by ".join(f"{value:.10g}" for value in values)


def _value(value: object) -> str:
    return doc_text(f'"{value}"' if isinstance(value, str) else visible(repr(value)))
