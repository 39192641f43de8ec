"""How changes are worded: values of a hub shown harmlessly and not too long.

Owns the wording that several comparisons share. Must not know what is compared.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

MAX_SHOWN = 60
"""Characters of a value that a sentence shows."""

MAX_LISTED = 8
"""Values of a list that a sentence names."""


@dataclass(frozen=True)
class Found:
    """A change without its place.

    Attributes:
        kind: A key of the table of rules.
        message: What changed, one sentence.
    """

    kind: str
    message: str


def shown(value: object) -> str:
    """Show a value as Python writes it, which no terminal obeys, and not too long."""
    text = repr(value[: MAX_SHOWN * 2] if isinstance(value, str) else value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def readable(name: str) -> str:
    """Show a name as it is where that is harmless, else as Python writes it."""
    return name if name.isprintable() and len(name) <= MAX_SHOWN and name.strip() else shown(name)


def listed(values: Iterable[str]) -> str:
    """List values that are given as JSON text."""
    texts = [_decoded(value) for value in values]
    more = len(texts) - MAX_LISTED
    return ", ".join(texts[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def _decoded(value: str) -> str:
    # Long ones may be nested deeper than Python follows.
    return shown(json.loads(value) if len(value) <= MAX_SHOWN * 4 else value)


def span(low: object, high: object) -> str:
    """Say a range in words."""
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"at least {low}"
    return f"at most {high}" if high is not None else "any"
