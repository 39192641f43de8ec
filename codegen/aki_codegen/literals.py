"""The only makers of source text from data: literals, docstrings, and the type that marks both as code."""

import math
from collections.abc import Iterable

from markupsafe import Markup

from .naming import ClassName, Identifier

MAX_DOC_TEXT = 600
"""Characters of one text of the hub that a docstring shows."""


# Blank letters, fillers and variation selectors: Python calls them printable, but nobody sees them.
_INVISIBLE = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164),
    *(0xFFA0, 0x16FE4, 0x1D159, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
)
_DROP_INVISIBLE = dict.fromkeys(_INVISIBLE)
_ESCAPE_INVISIBLE = {
    code: f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}" for code in _INVISIBLE
}


class Code(Markup):
    """Source text that was made here; templates refuse to print anything else."""

    __slots__ = ()


def literal(value: object) -> Code:
    """Return the literal of a value: text, number, truth or None.

    Raises:
        TypeError: The value is of another type, or a number that no literal can name.
    """
    if value is None or isinstance(value, bool):
        return Code(repr(value))
    if isinstance(value, str):
        return Code(_quoted(value))
    if isinstance(value, int):
        return Code(int.__repr__(value))
    if isinstance(value, float) and math.isfinite(value):
        return Code(float.__repr__(value))
    raise TypeError(f"no literal can be made of a {type(value).__name__}")


def name(value: Identifier | ClassName, suffix: str = "") -> Code:
    """Return an identifier, or a class name with one of our own suffixes, as code."""
    return Code(str(value) + suffix)


def doc_text(text: str) -> str:
    """Make a text of the hub fit to be read in a docstring or report: one line, printable, not too long."""
    shown = text[: MAX_DOC_TEXT * 4].translate(_DROP_INVISIBLE)
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else " " for char in shown)
    flat = " ".join(shown.split())
    return flat if len(flat) <= MAX_DOC_TEXT else flat[: MAX_DOC_TEXT - 1] + "…"


def docstring(lines: Iterable[str], indent: int = 0) -> Code:
    """Return a docstring of these lines, quotes included; nothing in them can end it early."""
    margin = " " * indent
    escaped = [_escaped(line.rstrip()) for line in lines]
    if len(escaped) == 1:
        return Code(f'"""{escaped[0]}"""')
    body = "\n".join(f"{margin}{line}" if line else "" for line in escaped[1:])
    return Code(f'"""{escaped[0]}\n{body}\n{margin}"""')


def visible(source: str) -> str:
    """Escape in source text, all of it in string literals, what an editor does not show."""
    shown = source.translate(_ESCAPE_INVISIBLE)
    odd = {char for char in set(shown) if not char.isprintable() and char != "\n"}
    return shown.translate({ord(char): repr(char)[1:-1] for char in odd})


def _escaped(line: str) -> str:
    # A quote at the very end would be taken for the first of those that end the docstring.
    inner, last = (line[:-1], '\\"') if line.endswith('"') else (line, "")
    safe = inner.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') + last
    return visible("".join(char if char.isprintable() else repr(char)[1:-1] for char in safe))


def _quoted(text: str) -> str:
    # repr escapes whatever can not be printed: controls, bidi marks, lone surrogates.
    plain = repr(text)
    if plain.startswith("'") and '"' not in plain:
        return visible(f'"{plain[1:-1]}"')
    return visible(plain)
