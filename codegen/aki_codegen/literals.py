"""The only makers of source text from data: literals, docstrings, JSON in a shell, and the type that marks code."""

import json
import math
from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

from .naming import ClassName, Identifier

MAX_DOC_TEXT = 600
"""Characters of one text of the hub that a docstring shows."""


# Blank letters, fillers and variation selectors: Python calls them printable, but nobody sees them.
_INVISIBLE = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164),
    *(0xFFA0, 0x16FE4, 0x1D159, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
)
# What Unicode 15 added, first and last of each range: not printable to Python 3.11, printable to later ones.
_NEWER = (
    *((0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE), (0x2FFC, 0x2FFF), (0x31EF, 0x31EF), (0x10EFD, 0x10EFF)),
    *((0x1123F, 0x11241), (0x11B00, 0x11B09), (0x11F00, 0x11F10), (0x11F12, 0x11F3A)),
    *((0x11F3E, 0x11F59), (0x1342F, 0x1342F), (0x13440, 0x13455), (0x1B132, 0x1B132)),
    *((0x1B155, 0x1B155), (0x1D2C0, 0x1D2D3), (0x1DF25, 0x1DF2A), (0x1E030, 0x1E06D)),
    *((0x1E08F, 0x1E08F), (0x1E4D0, 0x1E4F9), (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F776)),
    *((0x1F77B, 0x1F77F), (0x1F7D9, 0x1F7D9), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA88)),
    *((0x1FAAD, 0x1FAAF), (0x1FABB, 0x1FABD), (0x1FABF, 0x1FABF), (0x1FACE, 0x1FACF)),
    *((0x1FADA, 0x1FADB), (0x1FAE8, 0x1FAE8), (0x1FAF7, 0x1FAF8), (0x2B739, 0x2B739)),
    *((0x2EBF0, 0x2EE5D), (0x31350, 0x323AF)),
)
_UNSHOWN = (*_INVISIBLE, *(code for first, last in _NEWER for code in range(first, last + 1)))
_DROP = dict.fromkeys(_UNSHOWN)
_ESCAPE = {code: f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}" for code in _UNSHOWN}


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


def doc_text(text: str, most: int = MAX_DOC_TEXT) -> str:
    """Make a text of the hub fit to be read in a docstring or report: one line, printable, not too long."""
    shown = text[: most * 4].translate(_DROP)
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else " " for char in shown)
    flat = " ".join(shown.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def doc_list(names: Iterable[str], most: int) -> str:
    """Return the first of some names of a hub, sorted, and how many more there are."""
    known = sorted(names)
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return ", ".join(map(doc_text, known[:most])) + more


def docstring(lines: Iterable[str], indent: int = 0) -> Code:
    """Return a docstring of these lines, quotes included; nothing in them can end it early."""
    margin = " " * indent
    escaped = [_escaped(line.rstrip()) for line in lines]
    if len(escaped) == 1:
        return Code(f'"""{escaped[0]}"""')
    body = "\n".join(f"{margin}{line}" if line else "" for line in escaped[1:])
    return Code(f'"""{escaped[0]}\n{body}\n{margin}"""')


def shell_json(value: object) -> str:
    """Return JSON that a here-document leaves as it is: what a shell would read there is an escape of JSON."""
    # ASCII: the snippet is copied through terminals of any encoding.
    text = json.dumps(value, ensure_ascii=True)
    plain = text.replace("\\\\", "\\u005c")
    return plain.replace("$", "\\u0024").replace("`", "\\u0060")


def visible(source: str) -> str:
    """Escape in source text, all of it in string literals, what an editor or the oldest Python does not show."""
    shown = source if source.isascii() else source.translate(_ESCAPE)
    odd = {char for char in set(shown) if not char.isprintable() and char != "\n"}
    return shown.translate({ord(char): repr(char)[1:-1] for char in odd})


@lru_cache(maxsize=4_000)
def _escaped(line: str) -> str:
    # Endpoints, and the forms of one, share most of their lines.
    # A quote at the very end would be taken for the first of those that end the docstring.
    inner, last = (line[:-1], '\\"') if line.endswith('"') else (line, "")
    safe = inner.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') + last
    return visible("".join(char if char.isprintable() else repr(char)[1:-1] for char in safe))


def _quoted(text: str) -> str:
    # repr escapes whatever cannot be printed: controls, bidi marks, lone surrogates.
    plain = repr(text)
    if plain.startswith("'") and '"' not in plain:
        return visible(f'"{plain[1:-1]}"')
    return visible(plain)
