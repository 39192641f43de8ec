"""The only maker of Markdown and HTML from data: nothing in it can mean anything to a reader of either."""

import re
from functools import lru_cache

from markupsafe import Markup

from .literals import doc_text

# What has a meaning in no place of a line, and punctuation that has none between these neighbours.
_HARMLESS = re.compile(
    r"""[A-Za-z0-9 ,;%?/()'"]
    | (?<=[A-Za-z0-9]) [-_] (?=[A-Za-z0-9])
    | (?<=[ ]) - (?=[0-9])
    | (?<=[A-Za-z0-9"]) [.] (?=[A-Za-z0-9"(])
    | (?:(?<=[A-Za-z])|(?<=[A-Za-z][0-9])) [.] (?=$|\s)
    | (?<=[A-Za-z0-9)'"]) : (?=\s)
    | [^\x00-\x7f]""",
    re.VERBOSE,
)
_ALIVE = re.compile(r"@(?=\w)|#(?=\w)|:(?=//)|(?i:www)(?=\.)|(?i:gh)(?=-)")
"""What a pull request turns into notifications, references and links, escaped or not."""

_NOTHING = "&#8203;"
"""A space that nobody sees, which keeps a pull request from making something of what is around it."""


class Markdown(Markup):
    """Markdown that was made here, or of such; a page refuses to print anything else."""

    __slots__ = ()


@lru_cache(maxsize=4_000)
def markdown(text: str) -> Markdown:
    """Return one line of plain text; punctuation that Markdown or HTML could read is a character reference."""
    # Endpoints share most of what is said of their parameters.
    shown = doc_text(text)
    alive = {found.end() - 1 for found in _ALIVE.finditer(shown)}
    return Markdown(
        "".join(
            (char if _HARMLESS.match(shown, place) else f"&#{ord(char)};")
            + (_NOTHING if place in alive else "")
            for place, char in enumerate(shown)
        )
    )


def row(*cells: str) -> Markdown:
    """Return a row of a table, of plain texts and Markdown."""
    shown = (cell if isinstance(cell, Markdown) else markdown(cell) for cell in cells)
    return Markdown(f"| {' | '.join(shown)} |")


def code(text: str) -> Markdown:
    """Return a text in the letters of code."""
    return Markdown(f"<code>{markdown(text)}</code>")


def code_span(text: str) -> Markdown:
    """Return a text in the letters of code, to be copied from the file as it stands."""
    shown = " ".join(text.splitlines())
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return Markdown(f"{fence}{shown}{fence}" if len(fence) == 1 else f"{fence} {shown} {fence}")


def code_block(language: str, text: str) -> Markdown:
    """Return lines of code in a block that they cannot end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return Markdown(f"{fence}{language}\n{text}\n{fence}")


def without_markup(text: str) -> str:
    """Return a text for readers that show it as Markdown, legible to others; it holds no HTML, link or picture."""
    # A backslash before what it could escape would be read with it.
    return text.translate({ord(char): f"&#{ord(char)};" for char in "&<[\\"})
