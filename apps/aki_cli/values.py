"""What people write on a command line or into a file, made into the values that an endpoint takes.

A text that cannot be read as its parameter's type stays a text: the client's own check, or the hub, says what is wrong
with it, together with everything else that is wrong. Must not know options or commands.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aki_runtime.changes.fact_media import MEDIA
from aki_runtime.changes.facts import FieldFacts

from .exits import Exit
from .problems import CommandError

FILE = "@"
"""Before a file's name: its content is the value. Twice for a text that begins with it."""

_TRUTH = {"true": True, "false": False}


def read_value(name: str, text: str, facts: FieldFacts, choices: list[Any]) -> Any:
    """Return the value of a parameter.

    Args:
        name: The parameter, for the sentence where it cannot be read.
        text: What was written.
        facts: What the parameter takes.
        choices: The values of a choice.

    Raises:
        ValueError: A file cannot be read, or there is no JSON where it has to be.
    """
    if facts.type in MEDIA:
        return _medium(text)
    text = _text_of(name, text)
    match facts.type:
        case "integer":
            return _number(int, text)
        case "number":
            return _number(float, text)
        case "choice":
            return next((choice for choice in choices if _spelled(choice) == text), text)
        case "json" | "chat":
            return _json(name, text)
        case "boolean":
            return _TRUTH.get(text.lower(), text)
        case "text" | "prompt":
            return text
        case _:
            # A type that nobody has met: JSON where it is one.
            try:
                return json.loads(text)
            except ValueError:
                return text


def read_whole_input(source: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters in a JSON document.

    Args:
        source: A file, or `-` for stdin.
        names: The parameters' names in Python by those on the hub; either may be used.

    Raises:
        CommandError: It cannot be read, or is no JSON object.
    """
    try:
        document: object = json.loads(_bytes_of(source))
    except OSError as error:
        raise CommandError(f"--json {source}: {error.strerror or error}", Exit.USAGE) from None
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--json {source} is no JSON: {error}", Exit.USAGE) from None
    if not isinstance(document, dict):
        raise CommandError(
            f'--json {source} must hold an object such as {{"prompt": "A lake"}}', Exit.USAGE
        )
    given = cast("dict[str, Any]", document)
    return {names.get(name, name): value for name, value in given.items()}


def _medium(text: str) -> Any:
    if text.startswith(FILE * 2):
        return Path(text.removeprefix(FILE))
    return text if text[:5].lower() == "data:" else Path(text.removeprefix(FILE))


def _text_of(name: str, text: str) -> str:
    if text.startswith(FILE * 2):
        return text.removeprefix(FILE)
    if not text.startswith(FILE) or text == FILE:
        return text
    source = text.removeprefix(FILE)
    try:
        return _bytes_of(source).decode("utf-8-sig")
    except OSError as error:
        reason = f"{error.strerror or error}"
    except UnicodeDecodeError:
        reason = "it is no text in UTF-8"
    raise ValueError(
        f"{name}: the file {source} cannot be read: {reason} (@@ begins a text with an at sign)"
    )


def _bytes_of(source: str) -> bytes:
    # Whatever the encoding of stdin is said to be, JSON is UTF-8, and text of a file is.
    return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} must be JSON: {error}") from None


def _number(kind: type[int] | type[float], text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text


def _spelled(choice: object) -> str:
    return choice if isinstance(choice, str) else json.dumps(choice)
