"""The standard streams, and what may be written to them: a hub's text without controls, Rich where it is seen.

`aki`, `aki-codegen` and the playground share it. Nothing here imports Rich before something is drawn.
"""

import json
import os
import re
import sys
import unicodedata
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_LAYOUT = frozenset("\n\t")
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What reorders the text around it, so that it can read as something else."""

# GitHub and Azure look for ## anywhere in a line, as in ##[error], ##vso[…] and ##teamcity[…].
OBEYED = re.compile(
    r"#(?=#)"
    r"|:(?=:[A-Za-z-]+(?:\s|::|$))|(?:(?<=\s)|^):(?=:)"
    r"|(?:section_(?:start|end)|travis_(?:fold|time))(?=:)"
)
"""How a command to a CI runner begins, whoever wrote it into the log; with a space behind this it is none."""

WIDTH_OF_PIPES = 120
"""Columns of a table that goes to no terminal."""


def reopen_closed() -> None:
    """Reopen stdin, stdout and stderr where they are closed, before anything else opens a file.

    `>&-` closes them, and some services and schedulers do. What would go to a closed stdout goes to stderr, because a
    result is paid for and comes once; else nowhere.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if not _is_open(number):
            if number == 1 and _is_open(2):
                os.dup2(2, 1)
            else:
                # It gets the lowest free number, which is this one; a file opened later would be printed into.
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def disobeyed(text: str) -> str:
    """Return a text in which no CI runner finds a command."""
    return OBEYED.sub(r"\g<0> ", text)


def harmless(text: str) -> str:
    """Return a text of a hub without what a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        for char in text
        if char in _LAYOUT or not (char in _DIRECTIONS or unicodedata.category(char) == "Cc")
    )


def readable(text: str) -> str:
    """Return a text for people, in which neither a terminal nor a CI runner finds anything to obey."""
    return disobeyed(harmless(text))


def one_line(text: str) -> str:
    """Return a text of a hub as one line for people."""
    return " ".join(readable(text).split())


def say(sentence: str) -> None:
    """Tell a person something on stderr, after the command's name."""
    print(f"aki: {readable(sentence)}", file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Write to stdout at once; untouched into a pipe or a file, harmless on a terminal.

    Where stdout fails, as on a full disk, stderr takes its place: a result is paid for and comes once.
    """
    try:
        sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if sys.stdout is sys.stderr:
            raise
        forget_stdout()
        say(f"stdout cannot be written to ({error.strerror}); the rest goes to stderr")
        sys.stdout = sys.stderr
        write(text)


def forget_stdout() -> None:
    """Let what stdout still holds go nowhere: Python flushes it at the end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def write_json(document: object) -> None:
    """Write a document to stdout as JSON, whose escapes stand for what the encoding there lacks."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("_", "-") in ("utf-8", "utf8")
    write(json.dumps(document, indent=2, ensure_ascii=not is_utf8, default=str) + "\n")


def console(stream: IO[str]) -> "Console":
    """Return a Rich console that knows colours and moving bars only where a terminal is (`NO_COLOR` honoured)."""
    from rich.console import Console

    on_terminal = stream.isatty()
    return Console(
        file=stream,
        force_terminal=on_terminal,
        width=None if on_terminal else WIDTH_OF_PIPES,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def draw(*parts: "RenderableType", style: str = "") -> None:
    """Draw on stdout with Rich; into a pipe without colours and without spaces at the ends of lines."""
    out = console(sys.stdout)
    if sys.stdout.isatty():
        out.print(*parts, style=style, sep="\n")
        return
    with out.capture() as drawn:
        out.print(*parts, sep="\n")
    write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))
