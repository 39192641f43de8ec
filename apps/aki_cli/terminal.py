"""What `aki` writes to its streams: a hub's text without controls, Rich where it is seen.

Nothing here imports Rich before something is drawn.
"""

import json
import os
import shlex
import sys
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from aki_runtime.terminal import harmless, one_line, readable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH_OF_PIPES = 120
"""Columns of a table that goes to no terminal."""


def say(sentence: str) -> None:
    """Tell a person something on stderr, after the command's name."""
    print(f"aki: {readable(sentence)}", file=sys.stderr, flush=True)


def shell_line(*words: str) -> str:
    """Return words as a line to be copied, where only a shell obeys what a hub has put into them, as one word each."""
    return " ".join(
        shlex.quote(word) if word == one_line(word) else _escaped(word) for word in words
    )


def _escaped(word: str) -> str:
    # Within plain quotes, a control character or a command to a CI runner would still be one.
    in_bytes = quote(word, errors="backslashreplace").replace("%", "\\x")
    return f"$'{in_bytes}'"


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
