"""What the hub refuses of a call, in the words of the generated package: its input model checks what is known.

It opens no file and fetches nothing: of media only addresses and data URIs are judged.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aki_runtime.errors import ParameterProblem
from aki_runtime.metadata import MEDIA, shown
from aki_runtime.shapes import is_array, is_object
from aki_runtime.terminal import one_line

from .packages import KnownEndpoint
from .values import UNKNOWN

RULES: dict[str, tuple[str, str]] = {
    "AKI101": ("range", "value out of range"),
    "AKI102": ("step", "value off step"),
    "AKI103": ("length", "text too long"),
    "AKI104": ("choice", "not one of the choices"),
    "AKI105": ("type", "wrong type"),
    "AKI106": ("chat", "wrong conversation"),
    "AKI107": (" ".join(("json", *MEDIA)), "wrong JSON or media"),
    "AKI201": ("unknown", "unknown parameter"),
    "AKI202": ("missing", "missing parameter"),
    "AKI203": ("exclusive", "parameters that exclude each other"),
    "AKI204": ("unnamed", "value without a name"),
    "AKI301": ("removed", "removed endpoint"),
    "AKI302": ("converted", "value that the hub converts"),
}
"""The kinds of problem that each code is for, most of which `ParameterProblem` lists, and what it is called."""
_CODES = {kind: code for code, (kinds, _) in RULES.items() for kind in kinds.split()}

_MAX_SENTENCE = 1_000
_NO_MEDIUM = {
    "image": b"\x89PNG\r\n\x1a\n",
    "audio": b"RIFF\0\0\0\0WAVE",
    "video": b"\0\0\0\x18ftypmp42",
}


def code_of(kind: str) -> str:
    """Return the code for a kind of problem; what has none of its own is about a type."""
    return _CODES.get(kind, _CODES["type"])


def judge(
    endpoint: KnownEndpoint, given: Mapping[str, Any], *, is_whole: bool
) -> Iterator[ParameterProblem]:
    """Return what is wrong with the arguments of a call; the sentences hold words of a hub.

    Args:
        endpoint: What is called.
        given: The values by name; those that are not known, and what in them is not, are `UNKNOWN`.
        is_whole: Whether nothing else is given.
    """
    if endpoint.removed:
        yield ParameterProblem(endpoint.removed, kind="removed")
        return
    from aki_runtime.fields.refusals import problems_of
    from pydantic import ValidationError

    known = dict(_judged(endpoint, given))
    try:
        # With paths not allowed nothing is opened; what could be a path is not among the values.
        endpoint.model.model_validate(known, context={"allow_paths": False})
    except ValidationError as error:
        for problem in problems_of(error, endpoint.model):
            if problem.kind != "missing" or (is_whole and problem.parameter not in given):
                yield problem
    yield from _converted(endpoint, known)


def _judged(endpoint: KnownEndpoint, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        parameter = endpoint.parameters.get(name)
        if parameter is None:
            yield name, None if value is UNKNOWN else value
            continue
        if parameter.type == "chat":
            value = _messages(value, parameter.support)
        elif parameter.type in MEDIA and isinstance(value, str | bytes):
            # A path means something where the program runs, and bytes that are written out stand for others.
            is_uri = isinstance(value, str) and (value[:5] == "data:" or "://" in value[:10])
            value = value if is_uri else UNKNOWN
        if not _holds_unknown(value):
            yield name, value


def _converted(endpoint: KnownEndpoint, known: Mapping[str, Any]) -> Iterator[ParameterProblem]:
    for name, value in known.items():
        parameter = endpoint.parameters.get(name)
        if parameter is None or not parameter.converts or value is None:
            continue
        fitted = parameter.fit(value)
        if fitted != value:
            sentence = f"{name}={shown(value)}: the hub will make it {shown(fitted)}"
            limits = parameter.describe_range()
            sentence += f" ({limits})" if limits else ""
            yield ParameterProblem(sentence, parameter=name, kind="converted", nearest=(fitted,))


def said(sentence: str) -> str:
    """Return a sentence with words of a hub as one line that has an end."""
    line = one_line(sentence)
    return line if len(line) <= _MAX_SENTENCE else f"{line[:_MAX_SENTENCE]}…"


def _holds_unknown(value: Any) -> bool:
    if is_object(value):
        return any(map(_holds_unknown, value.values()))
    return value is UNKNOWN or (is_array(value) and any(map(_holds_unknown, value)))


def _messages(value: Any, support: Mapping[str, Any]) -> Any:
    """Put something that is right where a part of a conversation is not known."""
    if not is_array(value):
        return value
    return [_message(message, support) for message in value]


def _message(message: Any, support: Mapping[str, Any]) -> Any:
    stand_ins: dict[str, Any] = {"role": "user", "content": "…", "tool_calls": [{}]}
    if not is_object(message):
        return message if message is not UNKNOWN else {"role": "user", "content": "…"}
    known: dict[str, Any] = {}
    for name, value in message.items():
        is_content = name == "content"
        is_open = value is UNKNOWN if is_content else _holds_unknown(value)
        known[name] = stand_ins.get(name) if is_open else value
        if is_content and is_array(value):
            known[name] = [_part(part, support) for part in value]
    return known


def _part(part: Any, support: Mapping[str, Any]) -> Any:
    """Return a part of a message as far as it can be judged: of a medium, whether its kind is taken."""
    if is_object(part) and len(part) == 1:
        ((kind, _),) = part.items()
        if kind in MEDIA:
            return {kind: _NO_MEDIUM[kind]} if kind not in support else {"text": "…"}
    return {"text": "…"} if _holds_unknown(part) else part
