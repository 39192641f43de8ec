"""The standard streams of a program, and texts of a hub as a terminal and the log of a CI may have them.

Every command line and server of the product begins with the one and shows such texts by the other.
"""

import io
import os
import re
import sys
import unicodedata

_LAYOUT = frozenset("\n\t")
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What reorders the text around it, so that it can read as something else."""

_NO_LETTERS = frozenset({"Cf", "Cn", "Co", "Cs"})

# GitHub and Azure look for ## anywhere in a line, as in ##[error], ##vso[…] and ##teamcity[…].
OBEYED = re.compile(
    r"#(?=#)"
    r"|:(?=:[A-Za-z-]+(?:\s|::|$))|(?:(?<=\s)|^):(?=:)"
    r"|(?:section_(?:start|end)|travis_(?:fold|time))(?=:)"
)
"""How a command to a CI runner begins, whoever wrote it into the log; with a space behind this it is plain text."""


def prepare_streams() -> None:
    """Reopen stdin, stdout and stderr where they are closed, before anything else opens a file.

    A terminal that lacks a letter of what is written shows its number; it does not stop the program.

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
        stream = getattr(sys, name)
        if number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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


def visible(text: str) -> str:
    """Return a text for people and models in which nothing is hidden: models read letters that no screen shows."""
    return "".join(char for char in harmless(text) if char.isspace() or not _is_hidden(char))


def _is_hidden(char: str) -> bool:
    # Tags and variation selectors beyond the first sixteen spell whole sentences; no script needs them.
    return unicodedata.category(char) in _NO_LETTERS or "\U000e0100" <= char <= "\U000e01ef"


def readable(text: str) -> str:
    """Return a text for people, in which neither a terminal nor a CI runner finds anything to obey."""
    return disobeyed(harmless(text))


def one_line(text: str) -> str:
    """Return a text of a hub as one line for people."""
    return " ".join(readable(text).split())
