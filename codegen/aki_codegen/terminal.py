"""The only way to a terminal and to the log of a CI: line by line, and nothing in a line is obeyed.

Owns what each stream gets, and how texts of a hub are made harmless there. Must not know what they say.
"""

import json
import sys
import traceback

from aki_runtime.terminal import OBEYED, disobeyed

from .literals import doc_text

MAX_LINE = 100_000
"""Characters of one line that are shown."""


def say(*lines: str) -> None:
    """Show what goes on, on the standard error."""
    for line in lines:
        print(harmless(line), file=sys.stderr, flush=True)


def tell(*lines: str) -> None:
    """Show what came of it, on the standard output."""
    for line in lines:
        print(harmless(line), flush=True)


def say_progress(text: str, *, last: bool) -> None:
    """Show how far it is: over the line before on a terminal, at the end alone elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{harmless(text)}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last:
        say(text)


def hand_out(document: str) -> None:
    """Write a whole document to the standard output: made by `json_text`, or Markdown of a template."""
    print(document, end="", flush=True)


def say_fault(error: BaseException) -> None:
    """Show where a fault of this program struck."""
    say(f"aki-codegen: a fault of its own, please report this: {type(error).__name__}: {error}")
    for part in traceback.format_tb(error.__traceback__):
        say(*part.splitlines())


def harmless(line: str) -> str:
    """Return a line that a terminal shows and does not obey, and in which a CI finds no command."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + disobeyed(doc_text(text, MAX_LINE))


def json_text(document: object, *, allow_nan: bool = True) -> str:
    """Return JSON of ASCII letters, in which a CI finds no command either."""
    # ASCII: half of a surrogate pair in a hub's text has no other form in a file.
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=allow_nan)
    # The sign that ends what a CI obeys stands for itself in JSON, and can be an escape as well.
    return OBEYED.sub(lambda found: f"{found[0][:-1]}\\u{ord(found[0][-1]):04x}", text) + "\n"
