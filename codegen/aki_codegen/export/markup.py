"""The only maker of Markdown and HTML from data: nothing in it can mean anything to a reader of either."""

import re

from ..literals import Code, doc_text

# A letter, a digit, or what has no meaning in any place of a line.
_HARMLESS = re.compile(r"[A-Za-z0-9 ,;%?/()']|(?<=[A-Za-z])[.](?=$|\s)|[^\x00-\x7f]")


def markdown(text: str) -> Code:
    """Return one line of plain text; all punctuation that Markdown or HTML could read is a character reference."""
    shown = doc_text(text)
    return Code(
        "".join(
            char if _HARMLESS.match(shown, place) else f"&#{ord(char)};"
            for place, char in enumerate(shown)
        )
    )


def code(text: str) -> Code:
    """Return a text in the letters of code."""
    return Code(f"<code>{markdown(text)}</code>")
